"""What waits to be played, and how much of it has been heard."""

from __future__ import annotations

import time
from collections import deque

RATE = 48_000
BLOCK_MS = 200
"""So late may the system's scheduler let us be: shorter blocks had holes where more programs ran than cores."""
PERIODS = 3
"""Blocks that the sound server is given ahead. With two, ten minutes at load 6 had four holes, of up to 130 ms."""
_IN_FLIGHT_SECONDS = (PERIODS - 1) * BLOCK_MS / 1000 + 0.05
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
