"""A circuit breaker: leaves a service alone for a while after it failed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from tts_plugin.errors import EngineFailed

FIRST_PAUSE = 30.0
LONGEST_PAUSE = 300.0
LONGEST_REQUESTED_PAUSE = 3600.0
"""A server may ask for a longer pause than ours (Retry-After), within reason."""


class Breaker:
    """Closed: calls pass. Open after a failure: none does. After the pause one may try, and decides."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._pause = FIRST_PAUSE
        self._open_until = 0.0
        self._reason = ""

    def check(self) -> None:
        """EngineFailed, at once, while the circuit is open."""
        with self._lock:
            left = self._open_until - self._clock()
            if left > 0:
                raise EngineFailed(f"{self._reason} Next attempt in {left:.0f} s.")

    def failed(self, reason: str, requested_pause: float = 0.0) -> None:
        """Opens the circuit: for 30 s, and twice as long after each further failure, up to five minutes."""
        with self._lock:
            pause = max(self._pause, min(requested_pause, LONGEST_REQUESTED_PAUSE))
            self._open_until = self._clock() + pause
            self._reason = reason
            self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def succeeded(self) -> None:
        with self._lock:
            self._pause, self._open_until = FIRST_PAUSE, 0.0
