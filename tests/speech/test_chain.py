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
from daemon.speech.engine import NO_RATE
from daemon.speech.shaping import TARGET
from tests.rig.google import Google, Status
from tts_plugin import paths
from tts_plugin.errors import EngineFailed, EngineUnavailable
from tts_plugin.settings import VOICES, Settings


class FakeVoice:
    """A sound for each sentence. Class levers, for the chain makes the instances."""

    reads_latin: ClassVar[bool] = False
    SETTINGS: ClassVar[tuple[str, ...]] = ()
    rates = NO_RATE
    made: ClassVar[int] = 0
    spoken: ClassVar[list[str]]
    asked_rates: ClassVar[list[float]]
    missing: ClassVar[bool]
    raises: ClassVar[Exception | None]
    seconds: ClassVar[float]
    hold: ClassVar[threading.Event | None]

    def __init__(self, settings: Settings) -> None:
        type(self).made += 1

    @classmethod
    def reset(cls) -> None:
        cls.made, cls.asked_rates = 0, []
        cls.spoken, cls.missing, cls.raises, cls.seconds, cls.hold = [], False, None, 1.0, None

    @classmethod
    def check(cls, settings: Settings) -> None:
        if cls.missing:
            raise EngineUnavailable("not here; run install.sh")

    def synthesize(self, text: str, rate: float = 1.0) -> AudioClip:
        self.spoken.append(text)
        self.asked_rates.append(rate)
        if self.hold:
            self.hold.wait(10)
        if self.raises:
            raise self.raises
        return AudioClip(np.full(int(self.seconds * SAMPLE_RATE), 10_000, np.int16))


class First(FakeVoice):
    reads_latin = True


class Second(FakeVoice):
    SETTINGS: ClassVar[tuple[str, ...]] = ("openjtalk_pitch",)
    rates = (0.5, 2.0)


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
    for name in Settings().voices:
        registry.engine_class(name).check(Settings())


def test_a_setting_that_changes_a_sound_makes_another_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    for name in VOICES:
        assert set(registry.engine_class(name).SETTINGS) <= set(VoiceChain.SETTINGS)


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


def test_every_clip_has_the_same_loudness_and_then_the_volume() -> None:
    plain, _ = VoiceChain(Settings()).synthesize("テストです。")
    assert set(plain.samples) == {round(TARGET)}
    louder, _ = VoiceChain(Settings(volume=2)).synthesize("テストです。")
    assert set(louder.samples) == {2 * round(TARGET)}


def test_an_edit_of_rate_and_volume_counts_from_the_next_sentence_on() -> None:
    chain = VoiceChain(Settings())
    chain.synthesize("テストです。")
    chain.apply(Settings(rate=2, volume=0.5))
    clip, _ = chain.synthesize("テストです。")
    assert clip.seconds == pytest.approx(0.5, rel=0.05)
    assert np.abs(clip.samples.astype(int)).max() < TARGET
    assert First.made == 1


@pytest.mark.parametrize(("rate", "own", "seconds"), [(1, 1, 1), (1.5, 1.5, 1), (3, 2, 2 / 3), (0.5, 0.5, 1)])
def test_a_voices_own_rate_is_used_as_far_as_it_goes(rate: float, own: float, seconds: float) -> None:
    clip, _ = VoiceChain(Settings(voices=("openjtalk",), rate=rate)).synthesize("テストです。")
    assert Second.asked_rates == [own]
    assert clip.seconds == pytest.approx(seconds, rel=0.05)


def test_quick_speech_is_not_taken_for_speech_that_broke_off() -> None:
    Second.seconds = 0.2
    chain = VoiceChain(Settings(voices=("openjtalk",), rate=2))
    assert chain.synthesize("テストが完了です。")[1] == "openjtalk"


def test_a_short_sentence_is_kept_and_needs_no_voice_the_next_time() -> None:
    first, name = VoiceChain(Settings()).synthesize("許可が必要です。")
    again = VoiceChain(Settings())
    clip, kept_name = again.synthesize("許可が必要です。")
    assert np.array_equal(clip.samples, first.samples)
    assert (name, kept_name) == ("gtts", "gtts")
    assert (First.made, First.spoken) == (1, ["許可が必要です。"])
    assert again.health()["gtts"]["state"] == "idle"


def test_a_long_sentence_is_not_kept() -> None:
    First.seconds = 20
    for _ in range(2):
        VoiceChain(Settings()).synthesize("長い文です、" * 20)
    assert len(First.spoken) == 2


def test_nothing_is_kept_where_the_settings_say_so() -> None:
    for _ in range(2):
        VoiceChain(Settings(speech_cache=False)).synthesize("許可が必要です。")
    assert len(First.spoken) == 2
    assert not list((paths.cache_dir() / "speech").glob("*"))


def test_switching_the_cache_off_deletes_what_was_kept() -> None:
    chain = VoiceChain(Settings())
    chain.synthesize("許可が必要です。")
    assert list((paths.cache_dir() / "speech").iterdir())
    chain.apply(Settings(speech_cache=False))
    assert not list((paths.cache_dir() / "speech").iterdir())


def test_another_setting_of_the_voice_is_another_clip() -> None:
    for pitch in (0, 3):
        VoiceChain(Settings(voices=("openjtalk",), openjtalk_pitch=pitch)).synthesize("許可が必要です。")
    assert len(Second.spoken) == 2


def test_a_kept_clip_of_a_voice_that_fails_now_is_not_used() -> None:
    chain = VoiceChain(Settings())
    chain.synthesize("許可が必要です。")
    First.raises = EngineFailed("offline")
    chain.synthesize("別の文です。")
    assert chain.synthesize("許可が必要です。")[1] == "openjtalk"


def test_one_voice_can_be_asked_for_by_name() -> None:
    chain = VoiceChain(Settings(voices=("gtts",)))
    assert chain.synthesize("一つ目。", only="openjtalk")[1] == "openjtalk"
    Second.raises = EngineFailed("broken")
    with pytest.raises(EngineFailed, match="openjtalk: broken"):
        chain.synthesize("二つ目。", only="openjtalk")
    assert chain.health() == {
        "gtts": {"state": "idle", "reason": None},
        "openjtalk": {"state": "failed", "reason": "broken"},
    }


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
        clip, name = chain.synthesize("次のテストです。", "gtts")
        assert name == "openjtalk"
        assert clip.seconds > 0.5
        assert chain.health()["gtts"]["state"] == "failed"
        chain.synthesize("最後のテストです。", None)
        assert len(google.requests) == 2


class Streaming(Second):
    """Speaks in three pieces of a second each; `breaks` after so many."""

    breaks: ClassVar[int]

    def stream(self, text: str, rate: float = 1.0) -> Iterator[AudioClip]:
        self.spoken.append(text)
        for number in range(3):
            if number == self.breaks:
                raise EngineFailed("broke off")
            yield AudioClip(np.full(SAMPLE_RATE, (1 + number) * 1_000, np.int16))


@pytest.fixture
def streaming(monkeypatch: pytest.MonkeyPatch) -> type[Streaming]:
    monkeypatch.setattr(registry, "engine_class", {"gtts": First, "openjtalk": Streaming}.__getitem__)
    Streaming.reset()
    Streaming.breaks = 3
    return Streaming


def test_a_voice_that_can_is_heard_piece_by_piece_at_one_gain(streaming: type[Streaming]) -> None:
    chain = VoiceChain(Settings(voices=("openjtalk",)))
    pieces = list(chain.stream("テストです。"))
    assert [(clip.seconds, name) for clip, name in pieces] == [(1, "openjtalk")] * 3
    loudness = [float(clip.samples.astype(float).mean()) for clip, _ in pieces]
    assert loudness[0] == pytest.approx(TARGET, rel=0.01)
    assert loudness[1] == pytest.approx(2 * TARGET, rel=0.01)
    kept, _ = chain.synthesize("テストです。")
    assert (kept.seconds, len(streaming.spoken)) == (3, 1)
    assert [clip.seconds for clip, _ in chain.stream("テストです。")] == [3]


def test_the_next_voice_begins_anew_where_one_breaks_off(streaming: type[Streaming]) -> None:
    streaming.breaks = 2
    pieces = list(VoiceChain(Settings(voices=("openjtalk", "gtts"))).stream("テストです。"))
    assert [name for _, name in pieces] == ["openjtalk", "openjtalk", "gtts"]
    with pytest.raises(EngineFailed, match="broke off"):
        list(VoiceChain(Settings(voices=("openjtalk",))).stream("テストです。"))


def test_a_voice_that_cannot_stream_gives_one_piece() -> None:
    assert [(clip.seconds, name) for clip, name in VoiceChain(Settings()).stream("テストです。")] == [(1, "gtts")]
