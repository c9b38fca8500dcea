"""The process that holds the loudspeaker: plays what comes on standard input, says on standard output how far it is.

A process of its own because a sound card wants its next block within 20 ms, and the daemon's interpreter lock
can be held longer than that by a model at work (the figures: docs/architecture.md). It also keeps a sound
library that hangs or crashes from taking the daemon along. `device` runs it as a script, so it imports nothing of ours.

In: 5-byte headers (PLAY or STOP, an unsigned integer), each PLAY followed by so many bytes of samples (s16le, mono).
Out: lines. "ready DEVICE" once; "heard EPOCH SAMPLES" as it goes; "failed REASON" before it gives up and exits.
A STOP starts a new epoch, whose number is its integer. End of input: silence, and exit.
"""

from __future__ import annotations

import array
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
BLOCK_MS = 20
IDLE_SECONDS = 10.0
"""A sound card may sleep when nothing was played for so long."""
STALL_SECONDS = 2.0
"""A device that took no block for so long is lost."""
_FADE = RATE // 200
"""5 ms: a wave that is cut without a fade ends in a click."""
_IN_FLIGHT = 2
"""Blocks between the callback and the ear."""


class Deck:
    """What waits to be played. `put` and `stop` are the main thread's, `take` is the sound device's.

    No locks: the device's thread must never wait. Each attribute is written by one of the two only.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[int, bytes]] = deque()
        self._epoch = 0
        self._rest = b""
        self._taken: deque[tuple[int, int]] = deque([(0, 0)] * (_IN_FLIGHT + 1), maxlen=_IN_FLIGHT + 1)
        self.called = 0.0
        """When the device last asked for a block."""

    def put(self, samples: bytes) -> None:
        self._waiting.append((self._epoch, samples))

    def stop(self, epoch: int) -> None:
        self._epoch = epoch

    def empty(self) -> bool:
        return not self._waiting and not self._rest

    def heard(self) -> tuple[int, int]:
        """The epoch, and how many of its samples a listener has heard."""
        return self._taken[0]

    def take(self, size: int) -> bytes:
        """The next bytes; fewer than `size` where there are no more."""
        self.called = time.monotonic()
        epoch, taken = self._taken[-1]
        now = self._epoch
        out = b""
        if epoch != now:
            left = self._drop(epoch)
            out = _faded(left) if taken else b""
            taken = 0
        while len(self._rest) < size and self._waiting:
            put_in, samples = self._waiting.popleft()
            if put_in == now:
                self._rest += samples
        block, self._rest = self._rest[: size - len(out)], self._rest[size - len(out) :]
        self._taken.append((now, taken + len(block) // 2))
        return out + block

    def _drop(self, epoch: int) -> bytes:
        """Forgets what is left of an epoch; the first 5 ms of it."""
        left, self._rest = self._rest, b""
        while self._waiting and self._waiting[0][0] == epoch:
            left += self._waiting.popleft()[1]
        return left[: 2 * _FADE]


def _faded(samples: bytes) -> bytes:
    wave = array.array("h", samples)
    return array.array("h", (value * (len(wave) - i) // len(wave) for i, value in enumerate(wave))).tobytes()


class Card:
    """The sound device, open or not. The system's default at the time of opening."""

    def __init__(self, deck: Deck) -> None:
        self._deck = deck
        self._device: Any = None

    @property
    def is_open(self) -> bool:
        return self._device is not None

    def open(self) -> None:
        import miniaudio

        self._device = miniaudio.PlaybackDevice(
            miniaudio.SampleFormat.SIGNED16, 1, RATE, BLOCK_MS, callback_periods=3, app_name="Yomiage"
        )
        blocks = self._blocks()
        next(blocks)
        self._deck.called = time.monotonic()
        self._device.start(blocks)

    def close(self) -> None:
        if self._device is not None:
            import miniaudio

            context = self._device._context
            self._device.close()
            # miniaudio's own close leaves this open: one more connection to the sound server each time.
            miniaudio.lib.ma_context_uninit(context)
            self._device = None

    def _blocks(self) -> Generator[bytes, int, None]:
        frames = yield b""
        # A block of silence first: a stream's first 5 ms were lost in PulseAudio, and sound cards wake with a click.
        frames = yield b""
        while True:
            frames = yield self._deck.take(2 * frames)


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
    deck = Deck()
    card = Card(deck)
    pending = b""
    told = (0, 0)
    last_used = 0.0
    while True:
        # Open, the device is looked after with every block; closed, there is nothing to do but wait.
        readable, _, _ = select.select([0], [], [], BLOCK_MS / 1000 if card.is_open else None)
        now = time.monotonic()
        if readable:
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
                deck.put(pending[HEADER.size : end])
                last_used = now
            else:
                deck.stop(number)
            pending = pending[end:]
        if not deck.empty():
            last_used = now
            if not card.is_open:
                card.open()
        if card.is_open:
            if now - deck.called > STALL_SECONDS:
                raise OSError(f"the sound device took no sound for {STALL_SECONDS:.0f} s")
            if now - last_used > IDLE_SECONDS:
                card.close()
        heard = deck.heard()
        if heard != told:
            told = heard
            _say(f"heard {heard[0]} {heard[1]}")


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
