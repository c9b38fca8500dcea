"""What every chain of engines shares: loading late, deadlines, states, and patience after a failure."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, Literal, TypeVar

from daemon.deadline import Worker
from tts_plugin.errors import EngineFailed, EngineUnavailable, YomiageError

log = logging.getLogger(__name__)

E = TypeVar("E")
T = TypeVar("T")

State = Literal["idle", "loading", "ready", "unavailable", "failed"]

FIRST_REST = 30.0
LONGEST_REST = 300.0
"""Seconds for which an engine that did not load, or hung, is left alone: doubling from the first to the longest."""


class Slot(Generic[E]):
    """An engine's place in a chain. The engine is loaded at its first use, or by `warm`.

    One thread at a time calls the engine; any thread may ask for `health`, which waits for nothing.
    """

    def __init__(
        self,
        name: str,
        load: Callable[[], E],
        *,
        load_seconds: float,
        call_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._load = load
        self._load_seconds = load_seconds
        self._call_seconds = call_seconds
        self._clock = clock
        self._turn = threading.Lock()
        self._worker = Worker(name)
        self._engine: E | None = None
        self._health: tuple[State, str | None] = ("idle", None)
        self._rest = FIRST_REST
        self._resting_until = 0.0

    def health(self) -> dict[str, str | None]:
        """`state`, and for a bad one its `reason`."""
        state, reason = self._health
        return {"state": state, "reason": reason}

    @property
    def loaded(self) -> bool:
        """Whether the engine is in memory, whatever became of its last call."""
        return self._engine is not None

    def use(self, function: Callable[[E], T]) -> T:
        """The function's result on the engine; EngineUnavailable or EngineFailed where there is none in time."""
        with self._turn:
            engine = self._loaded()
            overrun = True

            def call() -> T:
                nonlocal overrun
                try:
                    return function(engine)
                finally:
                    overrun = False

            try:
                result = self._worker.call(self._call_seconds, call)
            except YomiageError as error:
                if overrun:
                    # Whatever it hangs on, the next call on the same object would hang as well.
                    self._engine = None
                    self._leave_alone("failed", error)
                else:
                    self._health = ("failed", str(error))
                raise
            except Exception as error:
                log.exception("%s failed in a way that it does not announce", self.name)
                self._health = ("failed", f"{type(error).__name__}: {error}")
                raise EngineFailed(f"{self.name} failed ({type(error).__name__}); the log has the details.") from error
            if self._health[0] != "ready":
                self._health = ("ready", None)
            # Not before: an engine may load well each time and yet hang in each call.
            self._rest = FIRST_REST
            return result

    def warm(self) -> None:
        """Loads the engine now. What hinders it is told by `health`."""
        try:
            with self._turn:
                self._loaded()
        except YomiageError as error:
            log.info("%s: %s", self.name, error)

    def unload(self) -> None:
        """Lets the engine leave memory, after the call that it is in. Does not wait for that."""
        threading.Thread(target=self._unload, name=f"unload {self.name}", daemon=True).start()

    def _unload(self) -> None:
        with self._turn:
            self._engine = None
            self._worker.close()
            if self._health[0] == "ready":
                self._health = ("idle", None)

    def _loaded(self) -> E:
        if self._engine is not None:
            return self._engine
        if self._clock() < self._resting_until:
            raise EngineFailed(self._health[1] or f"{self.name} rests after a failure")
        self._health = ("loading", None)
        try:
            engine = self._worker.call(self._load_seconds, self._load)
        except EngineUnavailable as error:
            self._leave_alone("unavailable", error)
            raise
        except YomiageError as error:
            self._leave_alone("failed", error)
            raise
        except Exception as error:
            log.exception("%s could not be loaded", self.name)
            self._leave_alone("failed", error)
            raise EngineFailed(f"{self.name} could not be loaded ({type(error).__name__}: {error}).") from error
        self._engine, self._health = engine, ("ready", None)
        return engine

    def _leave_alone(self, state: State, error: Exception) -> None:
        self._health = (state, str(error) if isinstance(error, YomiageError) else f"{type(error).__name__}: {error}")
        self._resting_until = self._clock() + self._rest
        self._rest = min(2 * self._rest, LONGEST_REST)
