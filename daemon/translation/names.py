"""What of a sentence a translation must hold as it is: code, identifiers, paths, commands, and numbers."""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from importlib import resources

from daemon.text import lexicon
from daemon.translation import code_words

_STOP = re.compile(r"(?<![\s.,;:])[.,;:]+\Z")
_WORD = re.compile(r"(?<![\w./@#$~'-])[a-z][a-z0-9]*(?:-[a-z0-9]+)*(?![\w/@'-]|\.\w)")
_NUMBER = re.compile(r"(?<![\w.,])(?<!\d:)[-−]?\d+(?:,\d{3})*(?:\.\d+)*", re.ASCII)
_SCALES = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12}
_CLOCK = re.compile(r"[ ]?(?:[ap]\.?m\b|o'clock)|:\d\d", re.IGNORECASE)
_SCALE = re.compile(rf"[ -]?({'|'.join(_SCALES)}|[kKM])\b")


@dataclass(frozen=True)
class Name:
    """A part of a sentence that its translation must hold."""

    text: str
    start: int
    end: int
    value: Decimal | None = None
    """Of a number; None for all else."""


def names(text: str) -> list[Name]:
    """In the sentence's order, without overlap. Times of the day are left out: 3 PM is 15時."""
    found = []
    for match in code_words.CODE.finditer(text):
        inner = match[0].strip("` ")
        if match[0][0] != "`":
            inner = _STOP.sub("", inner)  # but not of "ruff check ."
        if inner:
            found.append(Name(inner, match.start(), match.end() if match[0][0] == "`" else match.start() + len(inner)))
    taken = [(name.start, name.end) for name in found]
    for match in _WORD.finditer(text):
        if match[0] in _verbatim() and not any(start < match.end() and match.start() < end for start, end in taken):
            found.append(Name(match[0], match.start(), match.end()))
    if sum(word[:1].isupper() for word in text.split()) <= len(text.split()) / 2:  # else it is a heading
        for match in code_words.CAPITAL.finditer(text):
            if lexicon.find(match[0], {}) and not any(
                start < match.end() and match.start() < end for start, end in taken
            ):
                found.append(Name(match[0], match.start(), match.end()))
    for match in _NUMBER.finditer(text):
        inside = any(start < match.end() and match.start() < end for start, end in taken)
        if not inside and not _CLOCK.match(text, match.end()) and (name := _number(text, match)) is not None:
            found.append(name)
    return sorted(found, key=lambda name: name.start)


@functools.cache
def _verbatim() -> frozenset[str]:
    """Words of small letters that Japanese keeps as they are."""
    lines = (resources.files("daemon.translation") / "verbatim.tsv").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if line[0] != "#" for word in line.split())


def _number(text: str, match: re.Match[str]) -> Name | None:
    try:
        value = abs(Decimal(match[0].replace(",", "").replace("−", "-")))
    except InvalidOperation:  # a version such as 3.11.2
        return Name(match[0], match.start(), match.end())
    if scale := _SCALE.match(text, match.end()):
        value *= Decimal(10) ** {"k": 3, "K": 3, "M": 6, **_SCALES}[scale[1]]
    sign = len(match[0]) - len(match[0].lstrip("-−"))
    return Name(match[0][sign:], match.start() + sign, match.end(), value)


_JAPANESE_NUMBER = re.compile(r"(?<![_.\d/])\d+(?:,\d{3})*(?:\.\d+)*", re.ASCII)
_JAPANESE_SCALES = {"百": 2, "千": 3, "万": 4, "百万": 6, "千万": 7, "億": 8, "兆": 12}
_JAPANESE_SCALE = re.compile("|".join(sorted(_JAPANESE_SCALES, key=len, reverse=True)))
_DIGITS = "〇一二三四五六七八九十"


def numbers(japanese: str) -> list[tuple[Decimal, int, int]]:
    """The numbers of a Japanese text, written in digits: value, start, end."""
    found = []
    for match in _JAPANESE_NUMBER.finditer(japanese):
        try:
            value = Decimal(match[0].replace(",", ""))
        except InvalidOperation:
            continue
        end = match.end()
        if scale := _JAPANESE_SCALE.match(japanese, end):
            value, end = value * Decimal(10) ** _JAPANESE_SCALES[scale[0]], scale.end()
        found.append((value, match.start(), end))
    return found


def holds(japanese: str, name: Name) -> bool:
    """Whether the Japanese says it: as it is written, in full width, as its katakana, or as a number of that value."""
    plain = unicodedata.normalize("NFKC", japanese)
    if name.value is not None:
        if any(value == name.value for value, _, _ in numbers(plain)):
            return True
        if re.search(rf"(?<![\d.]){re.escape(name.text)}[kKM]", plain):  # 4K may stay 4K
            return True
        return name.value == int(name.value) and name.value <= 10 and _DIGITS[int(name.value)] in plain
    if pattern(name.text.removesuffix("()")).search(plain):
        return True
    if len(name.text) <= 3 and pattern(name.text.lower()).search(plain.lower()):  # e2e, E2E
        return True
    if name.text[:1] == "v" and pattern(name.text[1:]).search(plain):
        return True
    reading = lexicon.find(name.text, {})
    return reading is not None and reading in japanese


def pattern(text: str) -> re.Pattern[str]:
    """Finds the text, and not as a part of a longer word."""
    before = r"(?<![A-Za-z0-9_])" if re.match(r"\w", text, re.ASCII) else ""
    # Python3 is Python; port_80 is not port_8.
    after = r"(?![A-Za-z_])" if text[-1:].isalpha() else r"(?![A-Za-z0-9_])" if re.search(r"\w\Z", text) else ""
    written = re.escape(unicodedata.normalize("NFKC", text)).replace(r"\ ", r"\s?")  # Python3.8 is Python 3.8
    return re.compile(before + written + after)
