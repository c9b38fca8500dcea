"""The llm engine against a server of its protocol on loopback."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from daemon.translation.llm import EXAMPLE, LARGEST_REPLY, PROMPT, Llm
from tests.rig import llm as rig
from tests.rig.llm import LanguageModel
from tts_plugin.errors import EngineFailed, EngineUnavailable
from tts_plugin.settings import Settings

SOURCE = "I fixed the bug in src/parser.py and added 3 tests."
JAPANESE = "src/parser.py のバグを修正し、テストを3つ追加しました。"


@pytest.fixture
def server() -> Iterator[LanguageModel]:
    with LanguageModel() as server:
        server.answers[SOURCE] = JAPANESE
        yield server


def engine(server: LanguageModel, **settings: Any) -> Llm:
    return Llm(Settings(**{"llm_url": server.url, "llm_model": "tiny:1b", "llm_timeout": 10.0, **settings}))


def test_a_sentence_is_translated(server: LanguageModel) -> None:
    assert engine(server).translate(SOURCE, "en") == JAPANESE
    [request] = server.requests
    assert (request["model"], request["temperature"], request["stream"]) == ("tiny:1b", 0, False)
    assert [m["content"] for m in request["messages"]] == [PROMPT, *EXAMPLE, SOURCE]
    assert request["max_tokens"] < 1000


def test_identifiers_alone_are_not_sent(server: LanguageModel) -> None:
    assert engine(server).translate("src/app.py", "en") == "src/app.py"
    assert server.requests == []


@pytest.mark.parametrize(
    "answer",
    [
        f"<think>\nThe user wants…\n</think>\n\n{JAPANESE}",
        f"The template opened this thought.</think>{JAPANESE}",
        f"<|channel|>analysis<|message|>Easy.<|end|><|channel|>final<|message|>{JAPANESE}<|return|>",
        f"「{JAPANESE}」",
        f'"{JAPANESE}"',
        f"翻訳：{JAPANESE}",
        f"Translation: “{JAPANESE}”",
        f"```\n{JAPANESE}\n```",
        f"Here is the translation:\n\n{JAPANESE}\n\n(Note: the path was kept.)",
        f"  {JAPANESE}\n※ パスはそのままにしました。",
        JAPANESE.replace("。", "."),
    ],
)
def test_what_stands_around_the_translation_goes(server: LanguageModel, answer: str) -> None:
    server.answers[SOURCE] = answer
    assert engine(server).translate(SOURCE, "en") == JAPANESE


def test_quotes_within_a_translation_stay(server: LanguageModel) -> None:
    server.answers["It says yes and no."] = "「はい」と「いいえ」"
    assert engine(server).translate("It says yes and no.", "en") == "「はい」と「いいえ」"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("", "it is empty"),
        ("<think>It never ends", "it is empty"),
        ("I cannot help with that request.", "it is not Japanese"),
        ("我修复了错误并添加了三个测试用例。", "it is not Japanese"),
        ("申し訳ありませんが、そのご要望にはお応えできません。", "it is a refusal"),
        ("翻訳する文章を入力してください。", "it is a refusal"),
        ("AIアシスタントとして、ファイルを変更することはできません。", "it is a refusal"),
        ("Sure! I fixed everything that was broken in the parser です", "most of it is not Japanese"),
        ("このバグは、" * 40, "it repeats"),
        ("".join(chr(0x3042 + n % 80) + chr(0x4E00 + n) for n in range(200)), "400 characters long"),
    ],
)
def test_bad_answers_are_refused(server: LanguageModel, answer: str, why: str) -> None:
    server.otherwise = lambda text: answer
    with pytest.raises(EngineFailed, match=why):
        engine(server).translate(SOURCE.replace("bug", "fault"), "en")


def test_a_source_that_regrets_may_be_translated(server: LanguageModel) -> None:
    source, japanese = "Sorry, I can't open that file.", "申し訳ありませんが、そのファイルを開くことができません。"
    server.answers[source] = japanese
    assert engine(server).translate(source, "en") == japanese


@pytest.mark.parametrize("fault", [rig.Hang(), rig.Trickle()], ids=["silence", "a byte now and then"])
def test_a_slow_server_is_given_up(server: LanguageModel, fault: rig.Fault) -> None:
    server.fault = fault
    with pytest.raises(EngineFailed, match=r"did not answer within 0.3 s \(setting llm_timeout\)"):
        engine(server, llm_timeout=0.3).translate(SOURCE, "en")


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (rig.Status(500, "out of\nmemory"), r"answered 500 \(out of memory\)"),
        (rig.Status(404, 'model "tiny:1b" not found'), r'answered 404 \(model "tiny:1b" not found\)'),
        (rig.HangUp(), "cannot be reached"),
        (rig.CutOff(), "did not end within its length"),
        (rig.Body(b"<html>"), "malformed"),
        (rig.Body(b"[" * 100_000), "malformed"),
        (rig.Body(b"{}"), "malformed"),
        (rig.Body(b'{"choices": []}'), "malformed"),
        (rig.Body(b'{"choices": [{"message": {"content": null}}]}'), "holds no text"),
        (rig.Body(b'{"choices": [{"message": {"content": ["a"]}}]}'), "holds no text"),
        (rig.Body(b" " * (LARGEST_REPLY + 1)), f"more than {LARGEST_REPLY} bytes"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value[:20],
)
def test_a_broken_server_is_told(server: LanguageModel, fault: rig.Fault, why: str) -> None:
    server.fault = fault
    with pytest.raises(EngineFailed, match=why):
        engine(server).translate(SOURCE, "en")


def test_the_text_does_not_follow_a_redirection(server: LanguageModel) -> None:
    with LanguageModel() as elsewhere:
        server.fault = rig.Status(307, "moved", location=elsewhere.url + "/chat/completions")
        with pytest.raises(EngineFailed, match="answered 307"):
            engine(server).translate(SOURCE, "en")
        assert elsewhere.requests == []


def test_no_proxy_gets_the_text(server: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    with LanguageModel() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert engine(server).translate(SOURCE, "en") == JAPANESE
        assert proxy.requests == []


def test_a_server_that_cannot_think_less_is_asked_without_it(server: LanguageModel) -> None:
    server.knows_reasoning = False
    llm = engine(server)
    assert [llm.translate(SOURCE, "en") for _ in range(2)] == [JAPANESE] * 2
    assert ["reasoning_effort" in request for request in server.requests] == [True, False, False]


@pytest.mark.parametrize("host", ["192.168.1.7", "example.com", "localhost.example.com", "127.evil.example"])
def test_another_machine_needs_a_permission(host: str) -> None:
    with pytest.raises(EngineUnavailable, match="llm_allow_remote"):
        Llm.check(Settings(llm_url=f"http://{host}:11434/v1", llm_model="m"))


def test_loopback_has_several_names(server: LanguageModel) -> None:
    for host in ("localhost", "127.0.0.1"):
        Llm.check(Settings(llm_url=server.url.replace("127.0.0.1", host), llm_model="m"))


def test_the_permission_is_all_that_another_machine_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[tuple[str, int]] = []

    def connect(place: tuple[str, int], timeout: float) -> socket.socket:
        called.append(place)
        return socket.socket()

    monkeypatch.setattr(socket, "create_connection", connect)
    Llm.check(Settings(llm_url="https://example.com/v1", llm_model="m", llm_allow_remote=True))
    assert called == [("example.com", 443)]


def test_a_missing_server_and_a_missing_model_name_their_cures() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers here
        with pytest.raises(EngineUnavailable, match="ollama serve"):
            Llm(Settings(llm_url=f"http://127.0.0.1:{taken.getsockname()[1]}/v1", llm_model="m"))
    with pytest.raises(EngineUnavailable, match="llm_model is empty"):
        Llm(Settings())


def test_the_example_is_what_the_engine_would_let_through(server: LanguageModel) -> None:
    server.answers[EXAMPLE[0]] = EXAMPLE[1]
    assert engine(server).translate(EXAMPLE[0], "en") == EXAMPLE[1]
