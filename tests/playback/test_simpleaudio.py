"""simpleaudio: played where it is installed, explained where it is not."""

from __future__ import annotations

import importlib.util
import sys
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from daemon.narration import AudioClip
from daemon.playback.output import Output
from daemon.playback.registry import open_output
from tests.playback.conftest import sweep
from tests.rig.sound import Recorder, SoundServer
from tts_plugin.errors import EngineUnavailable
from tts_plugin.settings import Settings

USABLE = importlib.util.find_spec("simpleaudio") is not None and sys.version_info < (3, 12)
needs_simpleaudio = pytest.mark.skipif(not USABLE, reason="simpleaudio is not installed, or crashes on this Python")


@pytest.fixture
def output(sound: SoundServer) -> Iterator[Output]:
    output = open_output(Settings(output="simpleaudio"))
    yield output
    output.close()


@pytest.mark.skipif(USABLE, reason="simpleaudio can be used here")
def test_absent_package_names_the_cure() -> None:
    with pytest.raises(EngineUnavailable, match=r'simpleaudio.*"output": "auto"'):
        open_output(Settings(output="simpleaudio"))


@needs_simpleaudio
def test_clips_are_heard(output: Output, recorder: Recorder, going: threading.Event) -> None:
    assert output.write(sweep(0.3), going)
    assert output.write(AudioClip(np.zeros(0, dtype=np.int16)), going)
    assert output.write(sweep(0.3), going)
    assert output.drain(going)
    recorder.wait_for_sound(5)


@needs_simpleaudio
def test_stop_silences(output: Output, recorder: Recorder) -> None:
    cancelled = threading.Event()
    output.write(sweep(3.0), cancelled)
    recorder.wait_for_sound(5)
    cancelled.set()
    cut = time.monotonic()
    output.stop()
    assert recorder.wait_for_silence(0.5, 5, since=cut) - cut < 1
    assert not output.write(sweep(0.1), cancelled)
