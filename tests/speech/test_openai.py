"""Services with OpenAI's speech interface, against one on loopback that follows it as published."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

import pytest

from daemon.narration import SAMPLE_RATE
from daemon.speech.openai import OpenAI
from tests.rig.ear import Ear, error_rate
from tests.rig.google import Body, Fault, HangUp, Hold, Status, Trickle
from tests.rig.openai_speech import OpenAISpeech
from tts_plugin.errors import EngineFailed, EngineUnavailable
from tts_plugin.settings import Settings

SENTENCE = "テストが全て成功しました。次に、設定ファイルを更新します。"
KEY = "sk-test-4f1c2b9d8e7a6503"


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAISpeech]:
    monkeypatch.setenv("SPEECH_KEY", KEY)
    with OpenAISpeech(KEY) as service:
        yield service


def voice_at(service: OpenAISpeech, seconds: float = 10, model: str = "tts-1") -> OpenAI:
    return OpenAI(
        Settings(openai_url=service.url, openai_model=model, openai_key_variable="SPEECH_KEY", openai_timeout=seconds)
    )


def test_a_sentence_is_understood(service: OpenAISpeech, ear: Ear) -> None:
    clip = voice_at(service).synthesize(SENTENCE)
    assert error_rate(ear.transcribe(clip.samples, SAMPLE_RATE), SENTENCE) < 0.2


def test_the_request_holds_what_the_settings_say(service: OpenAISpeech) -> None:
    voice_at(service).synthesize(SENTENCE)
    [request] = service.requests
    assert request.body == {"model": "tts-1", "voice": "alloy", "response_format": "wav", "input": SENTENCE}
    assert request.headers["authorization"] == f"Bearer {KEY}"


def test_the_users_netrc_does_not_replace_the_key(
    service: OpenAISpeech, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path_factory.mktemp("netrc") / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password mine\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    voice_at(service).synthesize("はい。")
    assert service.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_sentences_share_one_connection(service: OpenAISpeech) -> None:
    voice = voice_at(service)
    for _ in range(3):
        voice.synthesize("はい。")
    assert [request.connection for request in service.requests] == [1, 1, 1]


def test_the_rate_is_the_models_own_where_it_has_one(service: OpenAISpeech) -> None:
    voice = voice_at(service)
    assert voice.rates == (0.5, 3.0)
    plain, quick = voice.synthesize(SENTENCE), voice.synthesize(SENTENCE, 2.0)
    assert service.requests[-1].body["speed"] == 2.0
    assert plain.seconds / quick.seconds == pytest.approx(2, rel=0.1)


def test_a_model_that_does_not_follow_a_rate_is_not_asked_for_one(service: OpenAISpeech) -> None:
    assert voice_at(service, model="gpt-4o-mini-tts").rates == (1.0, 1.0)


def test_a_service_on_this_machine_needs_no_key() -> None:
    with OpenAISpeech() as service:
        settings = Settings(openai_url=service.url, openai_key_variable="NO_SUCH_KEY")
        OpenAI.check(settings)
        assert OpenAI(settings).synthesize("はい。").seconds > 0.2
        assert "authorization" not in service.requests[0].headers


@pytest.mark.parametrize(
    ("url", "key", "told"),
    [
        ("https://api.openai.com", None, "no SPEECH_KEY"),
        ("https://api.openai.com", "two\nlines", "no SPEECH_KEY"),
        ("http://speech.example", KEY, "unencrypted"),
    ],
)
def test_check_names_the_cure(url: str, key: str | None, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPEECH_KEY", raising=False)
    if key is not None:
        monkeypatch.setenv("SPEECH_KEY", key)
    with pytest.raises(EngineUnavailable, match=told):
        OpenAI.check(Settings(openai_url=url, openai_key_variable="SPEECH_KEY"))


def test_a_wrong_key_is_told_and_the_service_left_alone(service: OpenAISpeech, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEECH_KEY", "wrong")
    voice = voice_at(service)
    for _ in range(2):
        with pytest.raises(EngineFailed, match="401"):
            voice.synthesize(SENTENCE)
    assert len(service.requests) == 1


@pytest.mark.parametrize("fault", [Status(429, retry_after="60"), Status(500), Status(302, "/x"), HangUp()], ids=str)
def test_a_service_that_fails_is_left_alone_for_a_while(service: OpenAISpeech, fault: Fault) -> None:
    service.fault = fault
    voice = voice_at(service)
    with pytest.raises(EngineFailed):
        voice.synthesize(SENTENCE)
    asked = len(service.requests)
    with pytest.raises(EngineFailed, match="Next attempt in"):
        voice.synthesize(SENTENCE)
    assert len(service.requests) == asked


@pytest.mark.parametrize("fault", [Status(400), Body(b""), Body(b'{"error": 1}'), Body(b"ID3\x04 an MP3")], ids=str)
def test_an_answer_without_speech_fails_that_sentence_alone(service: OpenAISpeech, fault: Fault) -> None:
    service.faults.append(fault)
    voice = voice_at(service)
    with pytest.raises(EngineFailed):
        voice.synthesize(SENTENCE)
    assert voice.synthesize(SENTENCE).seconds > 3


@pytest.mark.parametrize("fault", [Hold(), Trickle()], ids=["hold", "trickle"])
def test_a_slow_service_is_given_up_in_time(service: OpenAISpeech, fault: Fault) -> None:
    service.fault = fault
    started = time.monotonic()
    with pytest.raises(EngineFailed, match=r"within 0\.5 s"):
        voice_at(service, 0.5).synthesize(SENTENCE)
    assert time.monotonic() - started < 1.5


def test_neither_the_key_nor_the_sentence_is_ever_logged(
    service: OpenAISpeech, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    voice = voice_at(service)
    voice.synthesize(SENTENCE)
    service.fault = Status(500)
    with pytest.raises(EngineFailed) as caught:
        voice.synthesize(SENTENCE)
    for said in (caplog.text, str(caught.value)):
        assert KEY not in said
        assert "設定" not in said
