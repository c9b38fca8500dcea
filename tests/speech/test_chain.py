"""Which voice speaks, and what it is given."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import pytest

from daemon.narration import SAMPLE_RATE, AudioClip
from daemon.speech import registry
from daemon.speech.chain import VoiceChain
from tests.rig.google import Google, Status
from tts_plugin import paths
from tts_plugin.errors import EngineFailed, EngineUnavailable
from tts_plugin.settings import VOICES, Settings


class FakeVoice:
    """A tone for each sentence. Class levers, for the chain makes the instances."""

    reads_latin: ClassVar[bool] = False
    spoken: ClassVar[list[str]]
    missing: ClassVar[bool]
    raises: ClassVar[Exception | None]
    seconds: ClassVar[float]
    hold: ClassVar[threading.Event | None]

    def __init__(self, settings: Settings) -> None:
        pass

    @classmethod
    def reset(cls) -> None:
        cls.spoken, cls.missing, cls.raises, cls.seconds, cls.hold = [], False, None, 1.0, None

    @classmethod
    def check(cls, settings: Settings) -> None:
        if cls.missing:
            raise EngineUnavailable("not here; run install.sh")

    def synthesize(self, text: str) -> AudioClip:
        self.spoken.append(text)
        if self.hold:
            self.hold.wait(10)
        if self.raises:
            raise self.raises
        return AudioClip(np.full(int(self.seconds * SAMPLE_RATE), 10_000, np.int16))


class First(FakeVoice):
    reads_latin = True


class Second(FakeVoice):
    pass


@pytest.fixture(autouse=True)
def fakes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(registry.ENGINES, "gtts", f"{__name__}:First")
    monkeypatch.setitem(registry.ENGINES, "openjtalk", f"{__name__}:Second")
    monkeypatch.setattr(registry, "engine_class", {"gtts": First, "openjtalk": Second}.__getitem__)
    First.reset()
    Second.reset()
    yield


def test_every_voice_of_the_settings_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert tuple(registry.ENGINES) == VOICES
    for name in VOICES:
        registry.engine_class(name).check(Settings())


def test_the_first_voice_of_the_settings_speaks() -> None:
    clip, name = VoiceChain(Settings()).synthesize("テストです。")
    assert (clip.seconds, name) == (1, "gtts")
    assert (First.spoken, Second.spoken) == (["テストです。"], [])


def test_the_next_voice_speaks_where_one_fails_and_health_says_why() -> None:
    First.raises = EngineFailed("offline")
    chain = VoiceChain(Settings())
    assert chain.synthesize("テストです。")[1] == "openjtalk"
    assert chain.health() == {
        "gtts": {"state": "failed", "reason": "offline"},
        "openjtalk": {"state": "ready", "reason": None},
    }


def test_a_narration_keeps_its_voice_when_the_first_one_is_back() -> None:
    chain = VoiceChain(Settings())
    assert chain.synthesize("一つ目。", None)[1] == "gtts"
    First.raises = EngineFailed("offline")
    assert chain.synthesize("二つ目。", "gtts")[1] == "openjtalk"
    First.raises = None
    assert chain.synthesize("三つ目。", "openjtalk")[1] == "openjtalk"
    assert chain.synthesize("次の返事。", None)[1] == "gtts"


def test_where_no_voice_can_speak_every_reason_is_told() -> None:
    First.raises = EngineFailed("offline")
    Second.missing = True
    with pytest.raises(EngineFailed, match=r"gtts: offline.*openjtalk: not here; run install\.sh"):
        VoiceChain(Settings()).synthesize("テストです。")


def test_a_voice_that_reads_no_latin_is_given_kana() -> None:
    VoiceChain(Settings(voices=("openjtalk",))).synthesize("Dockerを200msで起動。")
    assert Second.spoken == ["ドッカーを200ミリ秒で起動。"]


def test_a_voice_that_reads_latin_is_given_the_sentence() -> None:
    VoiceChain(Settings()).synthesize("Dockerを200msで起動。")
    assert First.spoken == ["Dockerを200msで起動。"]


def test_the_users_dictionary_counts_for_every_voice() -> None:
    file = paths.config_dir() / "dictionary.tsv"
    file.parent.mkdir(parents=True)
    file.write_text("Docker\tドカ\n", encoding="utf-8")
    chain = VoiceChain(Settings())
    chain.synthesize("Dockerを起動。")
    chain.synthesize("Dockerを起動。", "openjtalk")
    assert (First.spoken, Second.spoken) == (["ドカを起動。"], ["ドカを起動。"])


@pytest.mark.parametrize("seconds", [0, 0.1, 600], ids=["silence", "broken off", "ten minutes"])
def test_a_clip_that_cannot_be_the_sentence_is_passed_over(seconds: float) -> None:
    First.seconds = seconds
    assert VoiceChain(Settings()).synthesize("テストが全て成功しました。")[1] == "openjtalk"


def test_an_empty_clip_for_nothing_to_speak_is_right() -> None:
    First.seconds = 0
    clip, name = VoiceChain(Settings()).synthesize("……。")
    assert (len(clip.samples), name) == (0, "gtts")


def test_the_volume_is_applied() -> None:
    clip, _ = VoiceChain(Settings(volume=0.5)).synthesize("テストです。")
    assert set(clip.samples) == {5_000}


def test_warming_loads_every_voice_and_a_missing_one_is_told() -> None:
    First.missing = True
    chain = VoiceChain(Settings())
    assert {state["state"] for state in chain.health().values()} == {"idle"}
    chain.warm()
    assert [state["state"] for state in chain.health().values()] == ["unavailable", "ready"]


def test_health_answers_while_a_voice_is_at_work() -> None:
    First.hold = threading.Event()
    chain = VoiceChain(Settings())
    thread = threading.Thread(target=chain.synthesize, args=("テストです。",))
    thread.start()
    try:
        assert chain.health()["openjtalk"]["state"] == "idle"
    finally:
        First.hold.set()
        thread.join(10)


def test_the_real_voices_hand_over_when_the_network_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with Google() as google:
        chain = VoiceChain(Settings(gtts_url=google.url))
        assert chain.synthesize("テストです。")[1] == "gtts"
        google.fault = Status(500)
        clip, name = chain.synthesize("テストです。", "gtts")
        assert name == "openjtalk"
        assert clip.seconds > 0.5
        assert chain.health()["gtts"]["state"] == "failed"
        chain.synthesize("テストです。", None)
        assert len(google.requests) == 2
