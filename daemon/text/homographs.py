"""Japanese words of two readings, given the one that a developer means."""

from __future__ import annotations

import functools
import re
from importlib import resources


@functools.cache
def rows() -> tuple[tuple[re.Pattern[str], str, str, str], ...]:
    """Pattern, reading in hiragana, an example, and the katakana in which it is to be heard."""
    text = resources.files(__package__).joinpath("homographs.tsv").read_text(encoding="utf-8")
    cells = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return tuple((re.compile(pattern), reading, example, heard) for pattern, reading, example, heard in cells)


def resolve(text: str) -> str:
    """The text with such words in hiragana; everything else stays."""
    for pattern, reading, _, _ in rows():
        text = pattern.sub(reading, text)
    return text
