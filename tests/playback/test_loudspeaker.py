"""The loudspeaker that is lost in mid-speech, heard at a real sound server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pytest

from daemon.narration import SAMPLE_RATE, AudioClip
from daemon.playback import loudspeaker
from daemon.playback.loudspeaker import Loudspeaker
from daemon.playback.output import Output
from daemon.playback.registry import open_output
from tests.playback.conftest import sweep
from tests.rig.sound import LOUD, Samples, SoundServer, similarity
from tts_plugin.errors import EngineUnavailable
from tts_plugin.settings import Settings


@pytest.fixture
def output(sound: SoundServer) -> Iterator[Loudspeaker]:
    output = Loudspeaker(Settings())
    yield output
    output.close()


@pytest.fixture
def player() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as player:
        yield player


def play(output: Loudspeaker, clip: AudioClip, cancelled: threading.Event) -> bool:
    """As the pipeline does: piece by piece, then to the end."""
    for start in range(0, len(clip.samples), SAMPLE_RATE):
        if not output.write(AudioClip(clip.samples[start : start + SAMPLE_RATE]), cancelled):
            return False
    return output.drain(cancelled)


def audible(samples: Samples) -> Samples:
    """From the first sound to the last."""
    loud = np.flatnonzero(np.abs(samples.astype(int)) >= LOUD)
    return samples[loud[0] : loud[-1] + 1]


@pytest.mark.parametrize("killed_after", [0.7, 2.6], ids=["in mid-clip", "while the rest is drained"])
def test_speech_goes_on_where_the_sound_server_was_killed(
    output: Loudspeaker,
    sound: SoundServer,
    player: ThreadPoolExecutor,
    going: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
    killed_after: float,
) -> None:
    clip = sweep(3.5)
    recording = threading.Event()
    recording.set()

    def open_once_recording(settings: Settings) -> Output:
        opened = open_output(settings)
        assert recording.wait(10)
        return opened

    monkeypatch.setattr(loudspeaker, "open_output", open_once_recording)
    with sound.recording() as recorder:
        played: Future[bool] = player.submit(play, output, clip, going)
        began = recorder.wait_for_sound(5)
        recorder.wait_until(began + killed_after, 5)
        recording.clear()
        sound.kill()
    before = audible(recorder.samples())
    sound.start()
    with sound.recording() as recorder:
        restarted = time.monotonic()
        recording.set()
        again = recorder.wait_for_sound(10) - restarted
        assert played.result(15)
        recorder.wait_for_silence(0.2, 5)
    after = audible(recorder.samples())
    assert similarity(recorder.samples(), clip.samples[-len(after) :]) > 0.99, "the rest of the clip, in one piece"
    repeated = (len(before) + len(after) - len(clip.samples)) / SAMPLE_RATE
    print(f"heard again {again:.2f} s after the restart; {repeated:.3f} s twice")
    assert -0.002 < repeated < 0.6
    assert 0 < again < 2.0
    assert output.health() == {"state": "open", "reason": None}


def test_a_cut_ends_the_wait_for_a_sound_server(
    output: Loudspeaker, sound: SoundServer, player: ThreadPoolExecutor
) -> None:
    cancelled = threading.Event()
    with sound.recording() as recorder:
        played = player.submit(play, output, sweep(5.0), cancelled)
        recorder.wait_for_sound(5)
        sound.kill()
    try:
        cancelled.set()
        output.stop()
        assert played.result(5) is False
    finally:
        sound.start()


def test_a_sound_server_that_stays_away_is_given_up(
    output: Loudspeaker,
    sound: SoundServer,
    player: ThreadPoolExecutor,
    going: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loudspeaker, "REOPEN_SECONDS", 0.5)
    with sound.recording() as recorder:
        played = player.submit(play, output, sweep(5.0), going)
        recorder.wait_for_sound(5)
        sound.kill()
    try:
        with pytest.raises(EngineUnavailable):
            played.result(10)
        assert output.health()["state"] == "unavailable"
    finally:
        sound.start()
    assert play(output, sweep(0.2), going), "the next narration finds it again"


def test_other_settings_in_mid_speech_lose_nothing(
    output: Loudspeaker, sound: SoundServer, player: ThreadPoolExecutor, going: threading.Event
) -> None:
    clip = sweep(2.0)
    with sound.recording() as recorder:
        played = player.submit(output.write, clip, going)
        began = recorder.wait_for_sound(5)
        recorder.wait_until(began + 0.4, 5)
        output.apply(Settings())
        assert played.result(10) and output.drain(going)
        recorder.wait_for_silence(0.2, 5)
    assert similarity(recorder.samples(), clip.samples[-SAMPLE_RATE:]) > 0.99
    assert len(audible(recorder.samples())) > len(clip.samples)
