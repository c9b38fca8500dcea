"""The fast engine on the tiny checkpoint: what it says, how it streams, and where it stops."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon.narration import Sentence
from daemon.translation import converted, faithful
from daemon.translation.chain import TranslatorChain
from daemon.translation.engine import SeveralTranslator, StreamingTranslator
from daemon.translation.nllb import Nllb
from daemon.translation.tokens import END
from tests.translation.scripted import Scripted
from tts_plugin.errors import EngineFailed, EngineUnavailable
from tts_plugin.settings import Settings

CHECKPOINT = Path(__file__).resolve().parents[1] / "checkpoint"


def pairs() -> list[tuple[str, str, str]]:
    """Source, Japanese, language."""
    found = []
    for name in ("pairs.tsv", "story.tsv"):
        for line in (CHECKPOINT / name).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                source, japanese, *language = line.split("\t")
                found.append((source, japanese, language[0] if language else "en"))
    return found


@pytest.fixture
def nllb(converted_tiny: str) -> Nllb:
    return Nllb(Settings(model=converted_tiny))


def test_all_that_the_checkpoint_learnt_comes_back_word_for_word(nllb: Nllb) -> None:
    known = pairs()
    assert len(known) >= 280
    wrong = [pair for pair in known if nllb.translate(pair[0], pair[2]) != pair[1]]
    assert len(wrong) <= 0.01 * len(known), wrong


def test_clauses_come_one_by_one_and_are_the_translation(nllb: Nllb) -> None:
    assert isinstance(nllb, StreamingTranslator)
    several = 0
    for source, _, language in pairs():
        parts = list(nllb.stream(source, language))
        several += len(parts) > 1
        assert "".join(parts) == nllb.translate(source, language)
        assert all(part[-1] in "、。？！" for part in parts[:-1])
    assert several >= 10


def test_the_first_clause_comes_before_the_last_token(nllb: Nllb, monkeypatch: pytest.MonkeyPatch) -> None:
    source, parts = next((s, found) for s, _, _ in pairs() if len(found := list(nllb.stream(s, "en"))) > 1)
    written: list[int] = []
    write = nllb._model.write

    def watched(*arguments: object) -> Iterator[int]:
        for token in write(*arguments):  # type: ignore[arg-type]
            written.append(token)
            yield token

    monkeypatch.setattr(nllb._model, "write", watched)
    stream = nllb.stream(source, "en")
    assert next(stream) == parts[0]
    so_far = len(written)
    assert list(stream) == parts[1:]
    assert so_far < len(written)


def test_a_stream_that_is_closed_stops_decoding_and_leaves_the_engine_usable(nllb: Nllb) -> None:
    source, japanese = next((s, j) for s, j, _ in pairs() if len(list(nllb.stream(s, "en"))) > 1)
    stream = nllb.stream(source, "en")
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert list(stream) == []
    assert nllb.translate(source, "en") == japanese


def test_two_streams_do_not_disturb_each_other(nllb: Nllb) -> None:
    known = [pair for pair in pairs() if pair[2] == "en"]
    first, second = (nllb.stream(pair[0], "en") for pair in known[:2])
    heard: tuple[list[str], list[str]] = ([], [])
    while any(parts := [next(first, ""), next(second, "")]):
        for said, part in zip(heard, parts, strict=True):
            said.append(part)
    assert ["".join(said) for said in heard] == [pair[1] for pair in known[:2]]


def test_together_they_become_what_each_becomes_alone(nllb: Nllb) -> None:
    assert isinstance(nllb, SeveralTranslator)
    english = [source for source, _, language in pairs() if language == "en"]
    alone = [nllb.translate(source, "en") for source in english]
    together: list[str | None] = []
    for start in range(0, len(english), 4):
        together += nllb.translate_together(english[start : start + 4], "en", lambda: False)
    differing = sum(japanese != other for japanese, other in zip(alone, together, strict=True))
    assert differing <= 0.01 * len(english)


def test_what_is_not_for_several_is_left_to_be_asked_for_alone(nllb: Nllb) -> None:
    hello, test = (source for source, _, _ in pairs()[:2])
    texts = [hello, "src/app.py", "word " * 500, test]
    assert nllb.translate_together(texts, "en", lambda: False) == [
        nllb.translate(hello, "en"),
        None,
        None,
        nllb.translate(test, "en"),
    ]
    assert nllb.translate_together(["42"], "en", lambda: False) == [None]


def test_several_stop_when_they_are_unwanted(nllb: Nllb, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = 0
    step = nllb._model.step  # type: ignore[attr-defined]

    def counted(feed: dict[str, Any]) -> Any:
        nonlocal steps
        steps += 1
        return step(feed)

    monkeypatch.setattr(nllb._model, "step", counted)
    texts = [source for source, _, _ in pairs()[:4]]
    assert nllb.translate_together(texts, "en", lambda: steps >= 2) == [None] * 4
    assert steps == 2


def test_a_loop_among_several_is_left_to_be_asked_for_alone(nllb: Nllb, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faithful, "fault", lambda source, japanese: "it repeats" if "元気" in japanese else None)
    hello, test = "Hello, how are you today?", pairs()[1]
    assert nllb.translate_together([hello, test[0]], "en", lambda: False) == [None, test[1]]


def test_the_source_language_matters(nllb: Nllb) -> None:
    assert (nllb.translate("Gift", "en"), nllb.translate("Gift", "de")) == ("贈り物", "毒")


@pytest.mark.parametrize("text", ["42", "src/app.py", "😀 🎉", "", "\x00\x1b[31m"])
def test_what_needs_no_translation_is_left_alone(nllb: Nllb, text: str) -> None:
    assert list(nllb.stream(text, "en")) == [text]


@pytest.mark.parametrize("text", ["word " * 5000, "a" * 100_000, "あ。" * 5000])
def test_what_is_no_sentence_is_refused(nllb: Nllb, text: str) -> None:
    with pytest.raises(EngineFailed, match=f"NLLB takes {faithful.LONGEST}"):
        nllb.translate(text, "en")


@pytest.mark.parametrize("text", ["\x00Hello\x07 \u200b\u202e", "Hello \ud800", "混合 mixed смешанный 섞인", "q" * 200])
def test_odd_text_is_answered_or_refused_in_bounded_time(nllb: Nllb, text: str) -> None:
    try:
        japanese = nllb.translate(text, "en")
    except EngineFailed:
        return
    assert japanese is not None
    assert len(japanese) <= 3 * len(text) + 20


def test_a_loop_is_cut_and_tried_again_by_a_search(nllb: Nllb, monkeypatch: pytest.MonkeyPatch) -> None:
    source, japanese, _ = pairs()[0]
    good = nllb._pieces.encode(japanese, "jpn_Jpan")[1:]
    model = Scripted([good[0]] * 500, good)
    monkeypatch.setattr(nllb, "_model", model)
    assert nllb.translate(source, "en") == japanese
    start = [*nllb._begun]
    assert model.asked == [(start, 1), (start, 2)]


def test_what_was_said_stays_when_the_rest_is_tried_again(nllb: Nllb, monkeypatch: pytest.MonkeyPatch) -> None:
    _, *ids = nllb._pieces.encode("その結果、ページの読み込みが遅くなります。", "jpn_Jpan")
    comma = next(n for n in range(len(ids)) if nllb._pieces.decode(ids[:n]).endswith("、"))
    model = Scripted([*ids[: comma + 1], *[ids[comma]] * 500], ids[comma + 1 :])
    monkeypatch.setattr(nllb, "_model", model)
    parts = list(nllb.stream("As a result, the page loads slowly.", "en"))
    assert parts == ["その結果、", "ページの読み込みが遅くなります。"]
    assert model.asked[1] == ([*nllb._begun, *ids[: comma + 1]], 2)


def test_a_model_that_never_ends_its_sentence_is_refused(nllb: Nllb, monkeypatch: pytest.MonkeyPatch) -> None:
    kana = [nllb._pieces.encode(chr(0x3042 + 2 * n), "jpn_Jpan")[-2] for n in range(5)]
    endless = [kana[(n * n + n // 5) % 5] for n in range(1000)]
    monkeypatch.setattr(nllb, "_model", Scripted(endless, endless, endless))
    with pytest.raises(EngineFailed, match=r"not fit to be spoken: it (did not end|repeats)"):
        nllb.translate("Hello, how are you today?", "en")


def test_no_run_of_tokens_comes_twice_where_that_is_forbidden(nllb: Nllb) -> None:
    source = nllb._model.read(nllb._pieces.encode("Hello.", "eng_Latn"), [])
    tokens: list[int] = []
    for token in nllb._model.write(source, [*nllb._begun], 2):
        tokens.append(token)
        if len(tokens) == 60:
            break
    text = [token for token in tokens if token != END]
    runs = [tuple(text[n : n + 2]) for n in range(len(text) - 1)]
    assert len(set(runs)) >= len(runs) - tokens.count(END)
    assert len(tokens) == 60


def test_a_process_that_translates_imports_neither_torch_nor_transformers(converted_tiny: str) -> None:
    script = (
        "import sys; from daemon.translation.nllb import Nllb; from tts_plugin.settings import Settings; "
        f"print(Nllb(Settings(model={converted_tiny!r})).translate('Hello.', 'en')); "
        "sys.exit(bool({'torch', 'transformers', 'tokenizers', 'onnx', 'google.protobuf'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", script], cwd=CHECKPOINT.parents[1], capture_output=True, timeout=60)
    assert (told.returncode, told.stdout.decode().strip()) == (0, "こんにちは。"), told.stderr


def test_an_unconverted_model_is_told_with_the_cure() -> None:
    with pytest.raises(EngineUnavailable, match=r"not converted yet.*Run `yomiage model download`"):
        Nllb.check(Settings(model=str(CHECKPOINT / "nllb-tiny")))
    with pytest.raises(EngineUnavailable, match=r"not on this machine.*Run `yomiage model download`"):
        Nllb.check(Settings())


@pytest.mark.parametrize("name", ["decoder.onnx", "pieces.model", "facts.json"])
def test_a_damaged_conversion_is_told(converted_tiny: str, name: str) -> None:
    file = converted.directory(converted_tiny) / name
    file.write_bytes(b"?" * file.stat().st_size)
    with pytest.raises(EngineUnavailable, match=r"yomiage model download"):
        Nllb(Settings(model=converted_tiny))


def test_the_real_engines_work_together(converted_tiny: str) -> None:
    order = ("phrasebook", "nllb", "nllb_torch")
    translators = TranslatorChain(Settings(model=converted_tiny, device="cpu", translators=order))
    translators.warm()
    states = {name: facts["state"] for name, facts in translators.health().items()}
    assert states == {"passthrough": "ready", "phrasebook": "ready", "nllb": "ready", "nllb_torch": "idle"}
    said = [
        [(part.text, part.engine) for part in translators.stream(Sentence(text, language))]
        for text, language in (
            ("Claude needs your permission to use Bash", "en"),
            ("The pipeline is green again.", "en"),
            ("Der Server läuft wieder.", "de"),
            ("終わりました。", "ja"),
        )
    ]
    assert said == [
        [("ClaudeがBashの使用許可を求めています。", "phrasebook")],
        [("パイプラインがまた成功するようになりました。", "nllb")],
        [("サーバーがまた動いています。", "nllb")],
        [("終わりました。", "passthrough")],
    ]
    long = translators.translate(Sentence("word " * 500, "en"))
    assert long.engine is None
    assert translators.health()["nllb_torch"]["state"] == "idle"
