"""Long sentences in pieces that an engine takes."""

from __future__ import annotations

import logging
import re

log = logging.getLogger(__name__)

LONGEST_TEXT = 800
"""Characters of one sentence that are spoken: two or three minutes. No engine holds the next sentence up for longer."""

_UNSPEAKABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]+")
_CLAUSE = re.compile(r"[^。！？!?]*[。！？!?]+|[^。！？!?]+")
_PHRASE = re.compile(r"[^、，・\s]*[、，・\s]+|[^、，・\s]+")


def parts(text: str, longest: int) -> list[str]:
    """The text in pieces of at most so many characters, without control characters.

    It is cut after 。 where possible, else after 、, else anywhere. Pieces with nothing to speak are left out:
    the list is empty where nothing can be spoken. What lies beyond LONGEST_TEXT is left out as well.
    """
    if len(text) > LONGEST_TEXT:
        log.warning("a sentence of %d characters is cut after %d", len(text), LONGEST_TEXT)
    text = _UNSPEAKABLE.sub(" ", text[:LONGEST_TEXT])
    pieces = [""]
    for clause in _CLAUSE.findall(text):
        for phrase in [clause] if len(clause) <= longest else _PHRASE.findall(clause):
            for start in range(0, len(phrase), longest):
                piece = phrase[start : start + longest]
                if len(pieces[-1]) + len(piece) <= longest:
                    pieces[-1] += piece
                else:
                    pieces.append(piece)
    return [piece for piece in pieces if any(map(str.isalnum, piece))]
