"""The process that holds the loudspeaker: plays what comes on standard input, says on standard output how far it is.

A process of its own because a sound card cannot wait, and the daemon's interpreter lock can be held by models at
work: with two busy threads beside it, a callback in the daemon left holes of up to 130 ms. It also keeps a sound
library that hangs or crashes from taking the daemon along. `device` runs it as a script, so it imports nothing of ours.

In: 5-byte headers (PLAY or STOP, an unsigned integer), each PLAY followed by so many bytes of samples (s16le, mono).
Out: lines. "ready DEVICE" once; "at EPOCH TAKEN HEARD", in samples, as it goes; "failed REASON" before it exits.
A STOP starts a new epoch, whose number is its integer. End of input: silence, and exit.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import struct
import time
from collections import deque
from collections.abc import Generator
from typing import Any

RATE = 48_000
HEADER = struct.Struct("<cI")
PLAY, STOP = b"P", b"S"
BLOCK_MS = 200
"""So late may the system's scheduler let us be: shorter blocks had holes where more programs ran than cores."""
LEAD_MS = 10
"""Silence before the first sample: a stream's first 5 ms were lost in PulseAudio, and sound cards wake with a click."""
STALL_SECONDS = 2.0
"""A device that took no block for so long is lost."""
_TICK_SECONDS = 0.02
_PERIODS = 2
_IN_FLIGHT_SECONDS = BLOCK_MS / 1000 + 0.05
"""A block begins to be heard so long after the device took it, at the most."""


class Deck:
    """What waits to be played. `put` is the main thread's, `take` is the sound device's.

    No locks: the device's thread must never wait. Each attribute is written by one of the two alone.
    """

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque()
        self._put = 0
        self._rest = b""
        self._blocks: deque[tuple[float, int]] = deque()
        """When each block is over, and the bytes taken until its end."""
        self._heard = 0
        self.taken = 0
        """How many bytes the device has taken."""
        self.called = 0.0
        """When the device last asked for a block."""

    def put(self, samples: bytes) -> None:
        self._put += len(samples)
        self._waiting.append(samples)

    def take(self, size: int) -> bytes:
        """The next bytes; fewer than `size` where there are no more."""
        self.called = time.monotonic()
        while len(self._rest) < size and self._waiting:
            self._rest += self._waiting.popleft()
        block, self._rest = self._rest[:size], self._rest[size:]
        self.taken += len(block)
        self._blocks.append((self.called + _IN_FLIGHT_SECONDS + len(block) / 2 / RATE, self.taken))
        return block

    def heard(self, now: float) -> int:
        """How many of them a listener has heard."""
        while self._blocks and self._blocks[0][0] <= now:
            self._heard = self._blocks.popleft()[1]
        return self._heard

    def finished(self, now: float) -> bool:
        """Whether all that was put has been heard."""
        return self.heard(now) == self._put


class Stream:
    """One opening of the system's default device: from the first sample to the last one, or to a stop.

    Closing is what silences it at once, however much the sound server has been given. And as opening takes
    a few ms, nothing is gained by keeping a silent stream: what came next would wait behind its silence, and the
    sound card could not sleep.
    """

    def __init__(self) -> None:
        self.deck = Deck()
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

    def open(self) -> None:
        if self._device is not None:
            return
        import miniaudio

        self._device = miniaudio.PlaybackDevice(
            miniaudio.SampleFormat.SIGNED16, 1, RATE, BLOCK_MS, callback_periods=_PERIODS, app_name="Yomiage"
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


def default_device() -> str:
    """The name of a device that can be heard. MiniaudioError or OSError, saying why, where there is none."""
    import miniaudio

    devices = miniaudio.Devices()
    if devices.backend == "Null":
        raise OSError("neither a sound server nor a sound card answers")
    names = [device["name"] for device in devices.get_playbacks()]
    # What PulseAudio and PipeWire show where they have no sound card.
    real = [name for name in names if name not in ("Dummy Output", "auto_null")]
    if not real:
        raise OSError("the sound server has no loudspeaker to play to")
    return f"{real[0]} ({devices.backend})"


def _say(line: str) -> None:
    os.write(1, line.replace("\n", " ").encode() + b"\n")


def play() -> None:
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
                stream = stream or Stream()
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
            elif now - stream.deck.called > STALL_SECONDS:
                raise OSError(f"the sound device took no sound for {STALL_SECONDS:.0f} s")
        if told != (epoch, taken, heard):
            told = (epoch, taken, heard)
            _say(f"at {epoch} {taken} {heard}")


def main() -> None:
    # Ctrl-C is for the daemon, which then closes our input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import miniaudio

    with contextlib.suppress(BrokenPipeError):
        try:
            _say(f"ready {default_device()}")
            play()
        except (miniaudio.MiniaudioError, OSError) as error:
            _say(f"failed {error.args[0] if error.args else error}")
    # Not by way of the interpreter's end: giving a lost device back can hang for ever.
    os._exit(0)


if __name__ == "__main__":
    main()
