"""Which of the model's 256,000 pieces Japanese narration needs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from daemon.translation.tokens import END, UNKNOWN

ROWS = 32_768
"""Rows of the output head, unless the Japanese pieces alone are more. Each thousand costs half a percent of speed."""

_SPACE = "▁"
# Kana, Han, CJK punctuation and full-width forms, also together with ASCII digits and signs.
_JAPANESE = re.compile(
    r"[\u3000-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
    r"!-@\[-`{-~]+"
)


def kept_pieces(pieces: Mapping[str, int], japanese: int, rows: int = ROWS) -> npt.NDArray[np.int64]:
    """Ids that the output head can say, ascending.

    All that Japanese is written with, then ASCII in the order of the ids, which is that of frequency. The names in
    a sentence need no place here: whatever its words can be spelt with is weighed beside the head (Pieces.spellings).
    """
    keep = {END, UNKNOWN, japanese}
    ascii_pieces = []
    for piece, number in pieces.items():
        text = piece.replace(_SPACE, "")
        if not text or _JAPANESE.fullmatch(text) or _is_sign(text):
            keep.add(number)
        elif text.isascii() and number > UNKNOWN:
            ascii_pieces.append((len(text) > 1, number))
    room = max(0, rows - len(keep))
    keep.update(number for _, number in sorted(ascii_pieces)[:room])
    assert {END, japanese} <= keep
    return np.array(sorted(keep), np.int64)


def _is_sign(text: str) -> bool:
    """One character that is no letter and no mark on one: an arrow, a currency, a degree."""
    return len(text) == 1 and unicodedata.category(text)[0] not in "LM"
