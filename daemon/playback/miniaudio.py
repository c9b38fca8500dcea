"""The loudspeaker, through miniaudio: the default output.

One persistent stream of 20 ms blocks, in a process of its own (`player` says why). The figures behind the
choice of miniaudio and of its buffers are in docs/architecture.md.
"""

from __future__ import annotations

import logging
import threading

import numpy as np

from daemon.narration import SAMPLE_RATE, AudioClip
from daemon.playback.device import Device, DeviceLost
from tts_plugin.errors import EngineFailed, EngineUnavailable
from tts_plugin.settings import Settings

log = logging.getLogger(__name__)

_PIECE = SAMPLE_RATE // 10
_AHEAD = SAMPLE_RATE // 2
"""So far the player is kept ahead of the ear: longer than any model keeps the interpreter from this thread."""


class MiniaudioOutput:
    """See Output. The player process starts here, so that the first sentence does not wait for it."""

    def __init__(self, settings: Settings) -> None:
        self._lock = threading.Lock()
        self._device: Device | None = _open()

    @classmethod
    def check(cls, settings: Settings) -> None:
        _open().close()

    def write(self, clip: AudioClip, cancelled: threading.Event) -> bool:
        samples = np.ascontiguousarray(clip.samples, dtype="<i2")
        try:
            device = self._usable()
            for start in range(0, len(samples), _PIECE):
                piece = samples[start : start + _PIECE]
                if not device.wait_below(_AHEAD - len(piece), cancelled):
                    return False
                if not device.send(piece.tobytes(), cancelled):
                    return False
            return not cancelled.is_set()
        except DeviceLost as error:
            raise _failed(error) from error
        except EngineUnavailable as error:
            # It was there when this output was made.
            raise EngineFailed(str(error)) from error

    def drain(self, cancelled: threading.Event) -> bool:
        device = self._device
        if device is None:
            return not cancelled.is_set()
        try:
            return device.wait_below(0, cancelled)
        except DeviceLost as error:
            raise _failed(error) from error

    def stop(self) -> None:
        device = self._device
        if device is not None:
            device.stop()

    def close(self) -> None:
        with self._lock:
            device, self._device = self._device, None
        if device is not None:
            device.close()

    def _usable(self) -> Device:
        """The player, made anew where it was closed or has ended since the last clip."""
        with self._lock:
            if self._device is not None and self._device.lost is not None:
                log.info("the sound device was lost (%s); opening it again", self._device.lost)
                self._device.close()
                self._device = None
            if self._device is None:
                self._device = _open()
            return self._device


def _open() -> Device:
    try:
        return Device()
    except DeviceLost as error:
        raise EngineUnavailable(
            f"There is no sound output here: {error}. Connect a loudspeaker or start the sound server; "
            'or set "output": "wav" in settings.json, and narrations become WAV files.'
        ) from error


def _failed(error: DeviceLost) -> EngineFailed:
    return EngineFailed(f"The sound output was lost: {error}. It is opened again with the next sentence.")
