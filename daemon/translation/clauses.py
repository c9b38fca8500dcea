"""What of a growing translation can be spoken already."""

from __future__ import annotations

import itertools
import re

# A mark and the next character, which shows that no other mark and no closing quote belongs to it.
_END = re.compile(r"[、。？！]+(?=[^、。？！」』）)])")
SHORTEST = 5
"""Characters of a clause worth a breath of its own; "はい、" goes with what follows."""


class Clauses:
    """Hands out each clause once, when the text shows that it has ended."""

    def __init__(self) -> None:
        self._said = ""

    def next(self, text: str) -> str | None:
        """What became sayable, given the whole text so far. Nothing inside quotes, and nothing that repeats:
        a model that is caught in a loop must not be heard."""
        ends = [0, *(found.end() for found in _END.finditer(text))]
        ended = [text[start:end] for start, end in itertools.pairwise(ends)]
        sayable = text[: ends[-1]]
        new = sayable[len(self._said) :]
        if len(new) < SHORTEST or len(set(ended)) < len(ended) or sayable.count("「") != sayable.count("」"):
            return None
        self._said = sayable
        return new

    def rest(self, text: str) -> str:
        """What is left of the complete text."""
        return text.removeprefix(self._said)
