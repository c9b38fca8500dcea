"""Which narration is next: priorities, sessions, barge-in."""

from __future__ import annotations

import dataclasses
import logging
import threading
from collections.abc import Callable

from daemon.narration import Narration, Priority, Stage

log = logging.getLogger(__name__)

MAX_WAITING = 64


class Schedule:
    """A queue of narrations of which one at a time is current.

    The rules are speech-dispatcher's, with sessions:
    - a newer TEXT replaces the older ones of its session, and what else of that session gives way;
    - IMPORTANT interrupts TEXT and MESSAGE, which go on afterwards from the sentence that was cut;
    - NOTIFICATION and PROGRESS are dropped where anything else is current or waits, and cut by whatever comes.
    """

    def __init__(self, on_cut: Callable[[], None]) -> None:
        """`on_cut` silences the output. It is called with the schedule locked, so that no sound of a later
        narration can be silenced in its place: it must be quick and must not call back."""
        self._on_cut = on_cut
        self._condition = threading.Condition()
        self._waiting: list[Narration] = []
        self._current: Narration | None = None
        self._position = 0
        self._closed = False

    def add(self, narration: Narration) -> bool:
        """Queues a narration; False where it gave way at once."""
        with self._condition:
            if self._closed or (narration.priority >= Priority.NOTIFICATION and self._busy_beside(narration)):
                self._drop(narration)
                return False
            if narration.priority is Priority.TEXT:
                self._cut_where(lambda other: other.session == narration.session and other.priority >= Priority.TEXT)
            self._cut_where(lambda other: other.priority >= Priority.NOTIFICATION)
            if narration.priority is Priority.IMPORTANT:
                self._interrupt()
            self._insert(narration)
            if len(self._waiting) > MAX_WAITING:
                dropped = self._waiting.pop()
                log.warning("dropped narration %d: %d are waiting already", dropped.id, MAX_WAITING)
                self._drop(dropped)
            self._condition.notify_all()
            return True

    def next(self) -> Narration | None:
        """Waits until there is a narration and none is current, and makes it current. None when closed."""
        with self._condition:
            self._condition.wait_for(lambda: self._closed or (self._current is None and bool(self._waiting)))
            if self._closed:
                return None
            self._current = self._waiting.pop(0)
            self._position = self._current.first_sentence
            return self._current

    def heard(self, narration: Narration, sentence: int) -> None:
        """Notes that all up to the sentence of this index has been heard."""
        with self._condition:
            if narration is self._current:
                self._position = max(self._position, sentence + 1)

    def done(self, narration: Narration) -> None:
        """The current narration has left the pipeline: heard, or cut."""
        with self._condition:
            if narration is self._current:
                self._current = None
            if all(other.id != narration.id for other in self._waiting):
                self._finish(narration)
            self._condition.notify_all()

    def cut(self, session: str | None = None) -> int:
        """Drops all narrations, or one session's, in mid-word. Returns how many there were."""
        with self._condition:
            return self._cut_where(lambda other: session is None or other.session == session)

    def close(self) -> None:
        with self._condition:
            self._closed = True
            self._cut_where(lambda _: True)
            self._condition.notify_all()

    def waiting(self) -> list[Narration]:
        with self._condition:
            return list(self._waiting)

    def current(self) -> Narration | None:
        with self._condition:
            return self._current

    def _busy_beside(self, narration: Narration) -> bool:
        others = [*self._waiting, *([self._current] if self._current else [])]
        return any(other.priority < narration.priority for other in others if not other.cancelled.is_set())

    def _insert(self, narration: Narration) -> None:
        place = next((i for i, o in enumerate(self._waiting) if o.priority > narration.priority), None)
        self._waiting.insert(len(self._waiting) if place is None else place, narration)

    def _interrupt(self) -> None:
        """Cuts the current narration and queues its rest."""
        cut = self._current
        if cut is None or cut.cancelled.is_set() or cut.priority is Priority.IMPORTANT:
            return
        rest = dataclasses.replace(cut, first_sentence=self._position, cancelled=threading.Event())
        place = next((i for i, other in enumerate(self._waiting) if other.priority >= rest.priority), None)
        self._waiting.insert(len(self._waiting) if place is None else place, rest)
        self._silence(cut)

    def _cut_where(self, matches: Callable[[Narration], bool]) -> int:
        kept: list[Narration] = []
        cut: list[Narration] = []
        for other in self._waiting:
            (cut if matches(other) else kept).append(other)
        self._waiting = kept
        for other in cut:
            self._drop(other)
        current = self._current
        if current is not None and not current.cancelled.is_set() and matches(current):
            current.timeline.was_cut = True
            self._silence(current)
            return len(cut) + 1
        return len(cut)

    def _silence(self, narration: Narration) -> None:
        narration.cancelled.set()
        self._on_cut()

    def _drop(self, narration: Narration) -> None:
        narration.timeline.was_cut = True
        narration.cancelled.set()
        self._finish(narration)

    def _finish(self, narration: Narration) -> None:
        narration.timeline.mark(Stage.DONE)
        narration.finished.set()
