"""How far a narration has been heard."""

from __future__ import annotations

from collections import deque

from daemon.narration import SAMPLE_RATE

BUFFERED = 2 * SAMPLE_RATE
"""More samples than an output keeps ahead of the ear."""


class Progress:
    """Which sentences of a narration have been heard, as far as what was handed over tells."""

    def __init__(self) -> None:
        self._written = 0
        self._ends: deque[tuple[int, int]] = deque()

    @property
    def began(self) -> bool:
        return self._written > 0

    def add(self, samples: int) -> None:
        self._written += samples

    def end_of_sentence(self, index: int) -> None:
        self._ends.append((index, self._written))

    def heard(self) -> int | None:
        """The last sentence whose end has surely left the output's buffer."""
        found = None
        while self._ends and self._written - self._ends[0][1] >= BUFFERED:
            found = self._ends.popleft()[0]
        return found
