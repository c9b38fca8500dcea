"""The loudspeaker, heard at a real sound server."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from daemon.narration import SAMPLE_RATE, AudioClip
from daemon.playback import deck
from daemon.playback.miniaudio import MiniaudioOutput
from daemon.playback.registry import open_output
from tests.playback.conftest import sweep
from tests.rig.sound import Recorder, SoundServer, similarity
from tts_plugin.errors import EngineFailed, EngineUnavailable
from tts_plugin.settings import Settings


@pytest.fixture
def output(sound: SoundServer) -> Iterator[MiniaudioOutput]:
    output = MiniaudioOutput(Settings())
    yield output
    output.close()


@contextmanager
def busy_interpreter(threads: int) -> Iterator[None]:
    """Threads that want the interpreter all the time, as models at work do."""
    done = threading.Event()

    def spin() -> None:
        while not done.is_set():
            sum(range(1000))

    spinning = [threading.Thread(target=spin) for _ in range(threads)]
    for thread in spinning:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in spinning:
            thread.join()


@contextmanager
def in_background(work: threading.Thread) -> Iterator[None]:
    work.start()
    try:
        yield
    finally:
        work.join(30)


def test_clip_is_heard_entire(output: MiniaudioOutput, recorder: Recorder, going: threading.Event) -> None:
    clip = sweep(1.234)
    assert output.write(clip, going)
    assert output.drain(going)
    recorder.wait_for_silence(0.2, 5)
    assert similarity(recorder.samples(), clip.samples) > 0.999, recorder.holes(1)


def test_clips_follow_without_a_gap(output: MiniaudioOutput, recorder: Recorder, going: threading.Event) -> None:
    whole = sweep(1.5)
    third = len(whole.samples) // 3 + 7
    for start in range(0, len(whole.samples), third):
        assert output.write(AudioClip(whole.samples[start : start + third]), going)
    output.drain(going)
    recorder.wait_for_silence(0.2, 5)
    assert similarity(recorder.samples(), whole.samples) > 0.999, recorder.holes(1)


def test_write_returns_in_time_for_the_next_clip(output: MiniaudioOutput, going: threading.Event) -> None:
    began = time.monotonic()
    output.write(sweep(1.0), going)
    handed_over = time.monotonic() - began
    output.drain(going)
    assert handed_over < 0.9
    assert 1.0 < time.monotonic() - began < 1.6


def test_stop_silences_at_once(output: MiniaudioOutput, recorder: Recorder) -> None:
    took = []
    for _ in range(5):
        cancelled = threading.Event()
        began = time.monotonic()
        with in_background(threading.Thread(target=output.write, args=(sweep(5.0), cancelled))):
            recorder.wait_for_sound(5, since=began)
            cancelled.set()
            cut = time.monotonic()
            output.stop()
            took.append(recorder.wait_for_silence(0.3, 5, since=cut) - cut)
    # The longest is the machine's affair, when it runs other tests beside this one.
    assert sorted(took)[2] <= 0.03, took
    assert sorted(took)[3] <= 0.05, took


def test_what_is_written_after_a_stop_is_heard(
    output: MiniaudioOutput, recorder: Recorder, going: threading.Event
) -> None:
    output.write(sweep(1.0), going)
    output.stop()
    clip = sweep(0.4, 3000, 500)
    output.write(clip, going)
    output.drain(going)
    recorder.wait_for_silence(0.2, 5)
    assert similarity(recorder.samples(), clip.samples) > 0.999, recorder.holes(1)


def test_cut_write_says_so(output: MiniaudioOutput, recorder: Recorder) -> None:
    cancelled = threading.Event()
    told: list[bool] = []
    with in_background(threading.Thread(target=lambda: told.append(output.write(sweep(9.0), cancelled)))):
        recorder.wait_for_sound(5)
        cancelled.set()
    output.stop()
    assert told == [False]
    assert not output.write(sweep(0.2), cancelled)
    assert not output.drain(cancelled)


def test_busy_interpreter_makes_no_holes(output: MiniaudioOutput, recorder: Recorder, going: threading.Event) -> None:
    clips = [sweep(0.7) for _ in range(4)]
    with busy_interpreter(2):
        for clip in clips:
            assert output.write(clip, going)
        assert output.drain(going)
    recorder.wait_for_silence(0.2, 5)
    assert recorder.holes(longer_than_ms=30) == []


def test_empty_clip_is_fine(output: MiniaudioOutput, recorder: Recorder, going: threading.Event) -> None:
    assert output.write(AudioClip(np.zeros(0, dtype=np.int16)), going)
    assert output.drain(going)
    assert output.write(sweep(0.2), going)
    recorder.wait_for_sound(5)


def test_any_integers_are_played(output: MiniaudioOutput, recorder: Recorder, going: threading.Event) -> None:
    """Every second sample, big-endian: numpy hands over what others made of it."""
    samples = np.repeat(sweep(0.3).samples, 2).astype(">i2")[::2]
    output.write(AudioClip(samples), going)
    output.drain(going)
    recorder.wait_for_silence(0.2, 5)
    assert similarity(recorder.samples(), sweep(0.3).samples) > 0.999


def test_sound_server_that_dies_is_reported_and_its_successor_is_used(
    output: MiniaudioOutput, sound: SoundServer, going: threading.Event
) -> None:
    with sound.recording() as recorder:
        lost: list[EngineFailed] = []

        def write() -> None:
            try:
                output.write(sweep(20.0), going)
            except EngineFailed as error:
                lost.append(error)

        with in_background(threading.Thread(target=write)):
            recorder.wait_for_sound(5)
            killed = time.monotonic()
            sound.kill()
    assert time.monotonic() - killed < 8
    assert "lost" in str(lost[0])
    with pytest.raises(EngineFailed, match="no sound output"):
        output.write(sweep(0.2), going)
    sound.start()
    with sound.recording() as recorder:
        output.write(sweep(0.5), going)
        output.drain(going)
        recorder.wait_for_silence(0.2, 5)
        assert similarity(recorder.samples(), sweep(0.5).samples) > 0.999, recorder.holes(1)


def test_sound_server_restarted_in_silence_goes_unnoticed(
    output: MiniaudioOutput, sound: SoundServer, going: threading.Event
) -> None:
    output.write(sweep(0.2), going)
    output.drain(going)
    sound.kill()
    sound.start()
    with sound.recording() as recorder:
        assert output.write(sweep(0.3), going)
        recorder.wait_for_sound(5)


def test_hanging_player_is_given_up(output: MiniaudioOutput, going: threading.Event) -> None:
    assert output._device is not None
    process = output._device._process
    os.kill(process.pid, signal.SIGSTOP)
    began = time.monotonic()
    try:
        with pytest.raises(EngineFailed, match="took no sound"):
            output.write(sweep(5.0), going)
    finally:
        output.stop()
        output.close()
    assert time.monotonic() - began < 8
    assert process.poll() is not None
    assert output.write(sweep(0.2), going), "a new player takes over"


def test_silent_stream_is_given_back(output: MiniaudioOutput, sound: SoundServer, going: threading.Event) -> None:
    """So that the sound card can sleep; and no connection stays behind."""
    clients = sound.clients()
    for _ in range(3):
        output.write(sweep(0.1), going)
        output.drain(going)
        assert sound.streams() == 0
    assert sound.clients() <= clients + 1
    output.close()
    assert output.write(sweep(0.1), going), "a closed output opens again"
    assert output.drain(going)


def test_player_ends_with_the_daemon(sound: SoundServer) -> None:
    output = MiniaudioOutput(Settings())
    assert output._device is not None
    process = output._device._process
    assert process.stdin is not None
    process.stdin.close()  # what the kernel does for a daemon that is killed
    assert process.wait(5) == 0


def test_no_sound_server_names_the_cure(home: object) -> None:
    with pytest.raises(EngineUnavailable, match='"output": "wav"'):
        open_output(Settings())


def test_auto_is_the_loudspeaker(sound: SoundServer) -> None:
    output = open_output(Settings())
    assert isinstance(output, MiniaudioOutput)
    output.close()


def test_rate_is_everybodys_rate() -> None:
    assert deck.RATE == SAMPLE_RATE
