"""The process that holds the loudspeaker: plays what comes on standard input, says on standard output how far it is.

A process of its own because a sound card cannot wait, and the daemon's interpreter lock can be held by models at
work: with two busy threads beside it, a callback in the daemon left holes of up to 130 ms. It also keeps a sound
library that hangs or crashes from taking the daemon along. `device` runs it.

Arguments: none, or "play NAME" for the device of that name, or "list", which prints the devices as JSON and exits.
In: 5-byte headers (PLAY or STOP, an unsigned integer), each PLAY followed by so many bytes of samples (s16le, mono).
Out: lines. "found" or "missing" where a device was named, before "ready" and with each stream; "ready" once; "at EPOCH
TAKEN HEARD", in samples, as it goes; "failed REASON" before it exits.
A STOP starts a new epoch, whose number is its integer. End of input: silence, and exit.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import struct
import sys
import time
from collections.abc import Generator
from typing import Any

from daemon.playback import hardware
from daemon.playback.deck import BLOCK_MS, PERIODS, RATE, Deck

HEADER = struct.Struct("<cI")
PLAY, STOP = b"P", b"S"
LEAD_MS = 10
"""Silence before the first sample: a stream's first 5 ms were lost in PulseAudio, and sound cards wake with a click."""
STALL_SECONDS = 1.0
"""A device that took no block for so long is lost; it wants one every 0.2 s. miniaudio tells of no server's death."""
WAKING_SECONDS = 2.0
"""Likewise for one that has not yet asked for more than it is given ahead: some have to wake up first."""
_TICK_SECONDS = 0.02


class Stream:
    """One opening of the device: from the first sample to the last one, or to a stop.

    Closing is what silences it at once, however much the sound server has been given. And as opening takes
    a few ms, nothing is gained by keeping a silent stream: what came next would wait behind its silence, and the
    sound card could not sleep.
    """

    def __init__(self, wanted: str | None) -> None:
        """`wanted` names a device; None for the system's default one."""
        self.deck = Deck()
        self._wanted = wanted
        self._lead = bytes(2 * RATE * LEAD_MS // 1000)
        self.deck.put(self._lead)
        self._device: Any = None
        self.stopped = False
        """True once the sound system has ended it."""

    def progress(self, now: float) -> tuple[int, int]:
        """How many samples of what was put the device has taken, and a listener has heard."""
        lead = len(self._lead)
        heard = self.deck.heard(self._surely(now))
        return max(0, self.deck.taken - lead) // 2, max(0, heard - lead) // 2

    def finished(self, now: float) -> bool:
        """Whether all that was put has been heard."""
        return self.deck.finished(self._surely(now))

    def _surely(self, now: float) -> float:
        """Until when the device has surely played: one that hangs asks for no more, and is not heard either."""
        return min(now, self.deck.called + BLOCK_MS / 1000)

    def stalled(self, now: float) -> float | None:
        """For how many seconds it took no sound, where that is too long."""
        waking = self.deck.taken <= PERIODS * 2 * RATE * BLOCK_MS // 1000
        limit = WAKING_SECONDS if waking else STALL_SECONDS
        return limit if now - self.deck.called > limit else None

    def open(self) -> None:
        if self._device is not None:
            return
        import miniaudio

        self._device = miniaudio.PlaybackDevice(
            miniaudio.SampleFormat.SIGNED16,
            1,
            RATE,
            BLOCK_MS,
            # Looked for anew each time: it may have been unplugged, or plugged in again.
            device_id=_look_for(self._wanted) if self._wanted else None,
            callback_periods=PERIODS,
            app_name="Yomiage",
        )
        blocks = self._blocks()
        next(blocks)
        self.deck.called = time.monotonic()
        self._device.stop_callback = self._note_stop
        self._device.start(blocks)

    def close(self) -> None:
        if self._device is not None:
            import miniaudio

            context = self._device._context
            self._device.close()
            # miniaudio's own close leaves this open: one more connection to the sound server each time.
            miniaudio.lib.ma_context_uninit(context)
            self._device = None

    def _note_stop(self) -> None:
        self.stopped = True

    def _blocks(self) -> Generator[bytes, int, None]:
        frames = yield b""
        while True:
            frames = yield self.deck.take(2 * frames)


def _look_for(wanted: str) -> Any:
    """What miniaudio wants to open the device of that name; None, which is the default one, where there is none."""
    devices = hardware.find_devices()
    number = hardware.choose(wanted, [device.name for device in devices])
    _say("missing" if number is None else "found")
    return None if number is None else devices[number].id


def _say(line: str) -> None:
    os.write(1, line.replace("\n", " ").encode() + b"\n")


def play(wanted: str | None) -> None:
    """Until the end of input."""
    stream: Stream | None = None
    epoch = 0
    before = 0  # samples of this epoch that were heard from streams now closed
    told = (0, 0, 0)
    pending = b""
    while True:
        # A stream is looked after with every tick; without one there is nothing to do but wait.
        if select.select([0], [], [], None if stream is None else _TICK_SECONDS)[0]:
            read = os.read(0, 65_536)
            if not read:
                return
            pending += read
        while len(pending) >= HEADER.size:
            kind, number = HEADER.unpack_from(pending)
            end = HEADER.size + (number if kind == PLAY else 0)
            if len(pending) < end:
                break
            if kind == PLAY:
                stream = stream or Stream(wanted)
                stream.deck.put(pending[HEADER.size : end])
            else:
                if stream is not None:
                    stream.close()
                stream, epoch, before = None, number, 0
            pending = pending[end:]
        taken = heard = before
        if stream is not None:
            stream.open()
            now = time.monotonic()
            taken, heard = (before + samples for samples in stream.progress(now))
            if stream.finished(now):
                stream.close()
                stream, before = None, heard
            elif stream.stopped:
                raise OSError("the sound device or the sound server is gone")
            elif (seconds := stream.stalled(now)) is not None:
                raise OSError(f"the sound device took no sound for {seconds:.0f} s")
        if told != (epoch, taken, heard):
            told = (epoch, taken, heard)
            _say(f"at {epoch} {taken} {heard}")


def main() -> None:
    # Ctrl-C is for the daemon, which then closes our input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import miniaudio

    order, wanted = sys.argv[1] if len(sys.argv) > 1 else "play", sys.argv[2] if len(sys.argv) > 2 else None
    with contextlib.suppress(BrokenPipeError):
        try:
            devices = hardware.find_devices()
            if order == "list":
                _say(json.dumps({"devices": [{"name": d.name, "default": d.is_default} for d in devices]}))
            else:
                if wanted:
                    _look_for(wanted)
                _say("ready")
                play(wanted)
        except (miniaudio.MiniaudioError, OSError) as error:
            reason = str(error.args[0] if error.args else error)
            _say(json.dumps({"failed": reason}) if order == "list" else f"failed {reason}")
    # Not by way of the interpreter's end: giving a lost device back can hang for ever.
    os._exit(0)


if __name__ == "__main__":
    main()
