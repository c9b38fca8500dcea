"""VOICEVOX and its kin, against an engine on loopback that follows the published interface."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from daemon.narration import SAMPLE_RATE
from daemon.speech.voicevox import Voicevox
from tests.rig.ear import Ear, error_rate
from tests.rig.google import Body, Fault, HangUp, Hold, Status, Trickle
from tests.rig.speech_service import wav
from tests.rig.voicevox import VoicevoxEngine
from tts_plugin.errors import EngineFailed, EngineUnavailable
from tts_plugin.settings import Settings

SENTENCE = "テストが全て成功しました。次に、設定ファイルを更新します。"


@pytest.fixture
def engine() -> Iterator[VoicevoxEngine]:
    with VoicevoxEngine() as engine:
        yield engine


def voice_at(engine: VoicevoxEngine, seconds: float = 10, speaker: int | None = None) -> Voicevox:
    return Voicevox(Settings(voicevox_url=engine.url, voicevox_timeout=seconds, voicevox_speaker=speaker))


def test_a_sentence_is_understood(engine: VoicevoxEngine, ear: Ear) -> None:
    clip = voice_at(engine).synthesize(SENTENCE)
    assert error_rate(ear.transcribe(clip.samples, SAMPLE_RATE), SENTENCE) < 0.2


def test_our_own_sampling_rate_is_asked_for(engine: VoicevoxEngine) -> None:
    voice_at(engine).synthesize(SENTENCE)
    [request] = engine.asked("/synthesis")
    assert (request.body["outputSamplingRate"], request.body["outputStereo"]) == (SAMPLE_RATE, False)


def test_requests_share_one_connection(engine: VoicevoxEngine) -> None:
    voice = voice_at(engine)
    voice.synthesize(SENTENCE)
    voice.synthesize(SENTENCE)
    assert {request.connection for request in engine.requests} == {1}


@pytest.mark.parametrize(("wanted", "used"), [(None, "2"), (3, "3")])
def test_the_speaker_is_the_settings_or_the_first(engine: VoicevoxEngine, wanted: int | None, used: str) -> None:
    voice_at(engine, speaker=wanted).synthesize("はい。")
    assert {request.query["speaker"] for request in engine.requests if request.query} == {used}


@pytest.mark.parametrize("number", [99, 3003], ids=["none such", "a singer"])
def test_a_speaker_that_the_engine_has_not_is_told_with_those_it_has(engine: VoicevoxEngine, number: int) -> None:
    with pytest.raises(EngineUnavailable, match="2 四国めたん ノーマル, 3 ずんだもん ノーマル"):
        voice_at(engine, speaker=number)


def test_the_speaker_is_loaded_before_the_first_sentence(engine: VoicevoxEngine) -> None:
    voice_at(engine)
    assert [request.path for request in engine.requests] == ["/speakers", "/initialize_speaker"]


def test_an_engine_that_cannot_load_ahead_is_warmed_by_a_word() -> None:
    with VoicevoxEngine(initializes=False) as engine:
        voice_at(engine)
        assert [request.query.get("text") for request in engine.asked("/audio_query")] == ["はい。"]


def test_the_rate_is_the_engines_own(engine: VoicevoxEngine) -> None:
    voice = voice_at(engine)
    plain, quick = voice.synthesize(SENTENCE), voice.synthesize(SENTENCE, 2.0)
    assert engine.asked("/synthesis")[-1].body["speedScale"] == 2.0
    assert plain.seconds / quick.seconds == pytest.approx(2, rel=0.1)


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    engine: VoicevoxEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    assert voice_at(engine).synthesize("はい。").seconds > 0.2


@pytest.mark.parametrize("url", ["http://192.0.2.1:50021", "http://voicevox.example:50021"])
def test_another_machine_is_asked_only_where_that_is_allowed(url: str) -> None:
    with pytest.raises(EngineUnavailable, match="voicevox_remote"):
        Voicevox.check(Settings(voicevox_url=url))


def test_an_engine_that_does_not_run_is_told_with_the_cure() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        started = time.monotonic()
        with pytest.raises(EngineUnavailable, match="Start VOICEVOX"):
            Voicevox.check(Settings(voicevox_url=f"http://127.0.0.1:{unused.getsockname()[1]}"))
        assert time.monotonic() - started < 1


def test_check_passes_where_an_engine_runs(engine: VoicevoxEngine) -> None:
    Voicevox.check(Settings(voicevox_url=engine.url))
    assert [request.path for request in engine.requests] == ["/speakers"]


@pytest.mark.parametrize("fault", [Status(500), Status(302, location="/x"), HangUp()], ids=str)
def test_an_engine_that_fails_is_left_alone_for_a_while(engine: VoicevoxEngine, fault: Fault) -> None:
    voice = voice_at(engine)
    engine.fault = fault
    with pytest.raises(EngineFailed):
        voice.synthesize(SENTENCE)
    asked = len(engine.requests)
    with pytest.raises(EngineFailed, match="Next attempt in"):
        voice.synthesize(SENTENCE)
    assert len(engine.requests) == asked


@pytest.mark.parametrize(
    "fault",
    [
        Status(422),
        Body(b""),
        Body(b"<html>"),
        Body(b"RIFF\x00\x00\x00\x00WAVE"),
        Body(wav("はい。")[:-100]),
        Body(wav("はい。")[:30]),
        Body(b"RIFF\x24\x00\x00\x00WAVEdata\x04\x00\x00\x00abcd"),
    ],
    ids=["unprocessable", "empty", "html", "headless", "cut", "cut in the header", "no format"],
)
def test_an_answer_without_whole_speech_fails_that_sentence_alone(engine: VoicevoxEngine, fault: Fault) -> None:
    voice = voice_at(engine)
    engine.faults.append(fault)
    with pytest.raises(EngineFailed):
        voice.synthesize(SENTENCE)
    assert voice.synthesize(SENTENCE).seconds > 3


def test_a_kept_connection_that_was_closed_is_replaced(engine: VoicevoxEngine) -> None:
    voice = voice_at(engine)
    engine.faults.append(HangUp())
    assert voice.synthesize(SENTENCE).seconds > 3
    assert engine.requests[-1].connection == 2


@pytest.mark.parametrize("fault", [Hold(), Trickle()], ids=["hold", "trickle"])
def test_a_slow_engine_is_given_up_in_time(engine: VoicevoxEngine, fault: Fault) -> None:
    voice = voice_at(engine, 0.5)
    engine.fault = fault
    started = time.monotonic()
    with pytest.raises(EngineFailed, match=r"within 0\.5 s"):
        voice.synthesize(SENTENCE)
    assert time.monotonic() - started < 1.5


@pytest.mark.parametrize("text", ["", "。、…", " \x00\n"])
def test_nothing_to_speak_asks_nobody(engine: VoicevoxEngine, text: str) -> None:
    voice = voice_at(engine)
    assert voice.synthesize(text).seconds == 0
    assert engine.asked("/audio_query") == []
