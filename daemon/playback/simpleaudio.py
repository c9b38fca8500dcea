"""The loudspeaker, through simpleaudio: selectable where its package is installed.

It opens the device anew for each clip, so small gaps between sentences are heard; and its native code takes
the whole process along on Python 3.12 and later (hamiltron/py-simple-audio#72). Hence not the default.
"""

from __future__ import annotations

import platform
import sys
import threading
import time
from typing import Any

import numpy as np

from daemon.narration import SAMPLE_RATE, AudioClip
from tts_plugin.errors import EngineFailed, EngineUnavailable
from tts_plugin.settings import Settings

_POLL_SECONDS = 0.005
"""simpleaudio can only be asked whether it still plays."""
_GRACE_SECONDS = 3.0


class SimpleaudioOutput:
    """See Output."""

    note = None

    def __init__(self, settings: Settings) -> None:
        self.check(settings)
        import simpleaudio

        self._play = simpleaudio.play_buffer
        self._lock = threading.Lock()
        self._playing: Any = None
        self._ends = 0.0

    @classmethod
    def check(cls, settings: Settings) -> None:
        instead = 'Set "output": "auto" in settings.json.'
        if sys.version_info >= (3, 12):
            raise EngineUnavailable(
                f"simpleaudio crashes on Python 3.12 and later, and this is {platform.python_version()}. {instead}"
            )
        try:
            import simpleaudio  # noqa: F401
        except ImportError as error:
            raise EngineUnavailable(
                f"The simpleaudio package is not installed ({error}). Run install.sh with a compiler "
                f"and ALSA's headers (libasound2-dev) at hand; or: {instead}"
            ) from error

    def write(self, clip: AudioClip, cancelled: threading.Event) -> bool:
        if not self.drain(cancelled):
            return False
        with self._lock:
            if cancelled.is_set():
                return False
            # An empty buffer crashes simpleaudio (py-simple-audio#79).
            if len(clip.samples):
                try:
                    samples = np.ascontiguousarray(clip.samples, dtype="<i2")
                    self._playing = self._play(samples, num_channels=1, bytes_per_sample=2, sample_rate=SAMPLE_RATE)
                except Exception as error:
                    raise EngineFailed(f"simpleaudio could not play: {error}. Is there a sound device?") from error
                self._ends = time.monotonic() + clip.seconds
            return True

    def drain(self, cancelled: threading.Event) -> bool:
        while (playing := self._playing) is not None and playing.is_playing():
            if time.monotonic() > self._ends + _GRACE_SECONDS:
                self.stop()
                raise EngineFailed("simpleaudio did not come to an end of the sentence; the sound device may be lost.")
            if cancelled.wait(_POLL_SECONDS):
                return False
        return not cancelled.is_set()

    def stop(self) -> None:
        with self._lock:
            if self._playing is not None:
                self._playing.stop()
                self._playing = None

    def close(self) -> None:
        self.stop()
