"""Where the labels of a sentence may be cut, so that its beginning is heard before its end is made."""

from __future__ import annotations

import re

FIRST = (5, 11)
"""The fewest and the most phonemes of the first piece: half a second to a second of speech."""
GROWTH = 2
"""So many times as long may each piece be as the one before it, during which it is made."""
SHORTEST_REST = 6
"""Phonemes; a rest as short as that stays with the piece before it."""
AROUND = 2
"""Labels that a piece is given beyond either of its cuts and that are not heard: sounds depend on their neighbours."""

_LABEL = re.compile(r"-(?P<phoneme>\w+)\+.*(?P<phrase>/F:[^/]*)")
_QUIET = {
    **dict.fromkeys(("cl", "k", "ky", "kw", "t", "ty", "ts", "ch", "p", "py", "s", "sh", "h", "hy", "f", "pau"), 4),
    **dict.fromkeys(("b", "by", "d", "dy", "g", "gy", "gw", "j", "z", "v"), 2),
}
"""How little a joint is heard before a phoneme: those without voice are the best, then those with little of it."""


def cuts(labels: list[str]) -> list[int]:
    """The label that begins each piece but the first: where an accent phrase begins without voice, if possible."""
    phonemes, phrases = zip(*(_parsed(label) for label in labels), strict=True) if labels else ((), ())
    found: list[int] = []
    begin, (fewest, most) = 0, FIRST
    while len(labels) - begin > most + SHORTEST_REST:
        found.append(
            max(
                range(begin + fewest + 1, begin + most + 2),
                key=lambda at: (_QUIET.get(phonemes[at], 0) + (phrases[at] != phrases[at - 1]), at),
            )
        )
        begin, fewest, most = found[-1], GROWTH * fewest, GROWTH * most
    return found


def _parsed(label: str) -> tuple[str, str]:
    parsed = _LABEL.search(label)
    return (parsed["phoneme"], parsed["phrase"]) if parsed else ("", "")
