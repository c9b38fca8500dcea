"""A circuit breaker: leaves a service alone for a while after it failed."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Callable

from tts_plugin.errors import EngineFailed

log = logging.getLogger(__name__)

FIRST_PAUSE = 30.0
LONGEST_PAUSE = 300.0
LONGEST_REQUESTED_PAUSE = 3600.0
"""A server may ask for a longer pause than ours (Retry-After), within reason."""


class Breaker:
    """Closed: calls pass. Open after a failure: none does. After the pause it is tried whether they would.

    Without a probe, the next call is what tries. With one, no call is risked: the probe runs on a thread of its own,
    and only its success closes the circuit. `probe` is a method; it raises EngineFailed, and is not called any more
    once its object is gone.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, probe: Callable[[], None] | None = None, name: str = "probe"
    ) -> None:
        self._clock = clock
        self._name = name
        self._probe = weakref.WeakMethod(probe) if probe is not None else None
        self._lock = threading.Lock()
        self._pause = FIRST_PAUSE
        self._open_until = 0.0
        self._open = False
        self._reason = ""

    def check(self) -> None:
        """EngineFailed, at once, while the circuit is open."""
        with self._lock:
            left = self._open_until - self._clock()
            if self._open and (left > 0 or self._probe is not None):
                raise EngineFailed(f"{self._reason} Next attempt in {max(0.0, left):.0f} s.")

    def failed(self, reason: str, requested_pause: float = 0.0) -> None:
        """Opens the circuit: for 30 s, and twice as long after each further failure, up to five minutes."""
        with self._lock:
            pause = max(self._pause, min(requested_pause, LONGEST_REQUESTED_PAUSE))
            self._open, self._open_until = True, self._clock() + pause
            self._reason = reason
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
        if self._probe is not None:
            # It holds neither this nor the engine, which may leave memory meanwhile.
            timer = threading.Timer(pause, _probe, (weakref.ref(self), self._probe))
            timer.daemon, timer.name = True, self._name
            timer.start()

    def succeeded(self) -> None:
        with self._lock:
            self._pause, self._open = FIRST_PAUSE, False


def _probe(breaker: weakref.ref[Breaker], probe: weakref.WeakMethod[Callable[[], None]]) -> None:
    call, circuit = probe(), breaker()
    if call is None or circuit is None:
        return
    try:
        call()
    except EngineFailed as error:
        circuit.failed(str(error), getattr(error, "requested_pause", 0.0))
    except Exception:
        log.exception("%s failed in a way that it does not announce", circuit._name)
        circuit.failed("The last attempt failed; the log has the details.")
    else:
        circuit.succeeded()
