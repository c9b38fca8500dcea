"""The loudspeaker, through miniaudio: the default output.

The sentences of a narration are one stream of the sound system, held by a process of its own (`player` says why).

Measured at PulseAudio on two cores that others used too (load about 8): first sample 12 to 31 ms after `write`, silence
0 to 13 ms after `stop`, no hole in eight runs of 5 s, beside threads busy in this interpreter, Open JTalk at work, or
programs that want the cores. In the daemon's own process with 20 ms blocks and two busy threads,
miniaudio had dozens of holes, up to 130 ms, and silence after 18 to 65 ms; sounddevice 0.5.6 had five, up to 43 ms,
and silence after 43 to 58 ms, and it wants PortAudio and an ALSA plug-in installed.
"""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt

from daemon.narration import SAMPLE_RATE, AudioClip
from daemon.playback.device import Device, DeviceLost
from daemon.playback.devices import missing
from daemon.playback.output import OutputLost
from tts_plugin.errors import EngineUnavailable
from tts_plugin.settings import Settings

_PIECE = SAMPLE_RATE // 2
"""Large, because between two pieces a busy interpreter can keep this thread waiting for more than 100 ms."""
_AHEAD = SAMPLE_RATE * 3 // 4
"""The next piece is sent when no more than this waits for the device."""
_NOTHING: npt.NDArray[np.int16] = np.zeros(0, np.int16)


class MiniaudioOutput:
    """See Output. The player process starts here, so that the first sentence does not wait for it."""

    def __init__(self, settings: Settings) -> None:
        self._lock = threading.Lock()
        self._wanted = settings.output_device
        self._device: Device | None = _open(self._wanted)

    @classmethod
    def check(cls, settings: Settings) -> None:
        _open().close()

    @property
    def note(self) -> str | None:
        device = self._device
        return missing(self._wanted) if self._wanted and device is not None and device.missing else None

    def write(self, clip: AudioClip, cancelled: threading.Event) -> bool:
        rest = np.ascontiguousarray(clip.samples, dtype="<i2")
        try:
            device = self._usable()
        except EngineUnavailable as error:
            # It was there when this output was made.
            raise OutputLost(str(error), clip) from error
        try:
            while len(rest):
                if not device.wait_for_room(_AHEAD, cancelled):
                    return False
                piece, rest = rest[:_PIECE], rest[_PIECE:]
                if not device.send(piece.tobytes(), cancelled):
                    return False
            return not cancelled.is_set()
        except DeviceLost as error:
            raise self._lost(device, error, rest) from error

    def drain(self, cancelled: threading.Event) -> bool:
        device = self._device
        if device is None:
            return not cancelled.is_set()
        try:
            return device.wait_until_heard(cancelled)
        except DeviceLost as error:
            raise self._lost(device, error) from error

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
        """The player, made anew where it was closed."""
        with self._lock:
            if self._device is None:
                self._device = _open(self._wanted)
            return self._device

    def _lost(self, device: Device, error: DeviceLost, unsent: npt.NDArray[np.int16] = _NOTHING) -> OutputLost:
        self.close()
        device.close()  # again, where another thread has closed it: nothing is heard of it from here on
        unheard = np.concatenate([np.frombuffer(device.unheard(), dtype="<i2"), unsent])
        return OutputLost(f"The sound output was lost: {error}.", AudioClip(unheard))


def _open(wanted: str | None = None) -> Device:
    try:
        return Device(wanted)
    except DeviceLost as error:
        raise EngineUnavailable(
            f"There is no sound output here: {error}. Connect a loudspeaker or start the sound server; "
            'or set "output": "wav" in settings.json, and narrations become WAV files.'
        ) from error
