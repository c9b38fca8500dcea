"""Both sides of a training pair with the same placeholders, the Japanese in one spelling."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator

from daemon.translation import spelling
from daemon.translation.placeholders import CODE, NUMBER, spans
from daemon.translation.spelling import PRIVATE

JAPANESE = r"\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Kana and kanji, for use inside a character class."""

_TARGET = str.maketrans(
    {"（": "(", "）": ")", "：": ":", "；": ";", "，": "、", "．": "。", "～": "〜", "［": "[", "］": "]"}
)
_NEXT_TO_JAPANESE = re.compile(
    rf"(?<=[{JAPANESE}{PRIVATE}、。？！「」『』]) (?=\S)|(?<=\S) (?=[{JAPANESE}{PRIVATE}、。？！「」『』])"
)
_BETWEEN_CODE = re.compile(rf"(?<=[{PRIVATE}A-Za-z0-9`]) (?=[{PRIVATE}A-Za-z0-9`])")
_MARK = re.compile(rf"(?<=[{JAPANESE}）」』])\s*([,.?!])(?=\s|$|[{JAPANESE}「])")
_MARKS = str.maketrans(",.?!", "、。？！")


def protect_pair(english: str, japanese: str, names: Collection[str] = ()) -> tuple[str, str, list[str]]:
    """Both sides of a training pair with the same placeholders, and what of the source the target lacks.

    What the target lacks stays text on both sides.
    """
    english, japanese = spelling.plain(english), spelling.plain(japanese)
    symbols: dict[tuple[str, bool], str] = {}
    left: dict[bool, Iterator[str]] = {True: iter(NUMBER), False: iter(CODE)}
    missing: list[str] = []
    english_parts, at = [], 0
    found = spans(english, names)
    wanted = {(english[start:end], number) for start, end, number in found}
    for key in sorted(wanted, key=lambda key: (-len(key[0]), key[0])):  # the longest first: `git push` before `git`
        symbol = next(left[key[1]], None)
        if symbol is None:
            continue
        replaced = _replace(japanese, key[0], symbol)
        if replaced == japanese:
            missing.append(key[0])
            left[key[1]] = itertools.chain([symbol], left[key[1]])
        else:
            symbols[key] = symbol
            japanese = replaced
    # Numbered as `protect` does it: in the source's order.
    order = {True: iter(NUMBER), False: iter(CODE)}
    renamed: dict[str, str] = {}
    for start, end, number in found:
        old = symbols.get((english[start:end], number))
        if old is None:
            continue
        new = renamed.get(old) or next(order[number])
        renamed[old] = new
        english_parts += [english[at:start], new]
        at = end
    english = "".join([*english_parts, english[at:]])
    japanese = "".join(renamed.get(character, character) for character in japanese)
    return spelling.source(english), target(japanese), missing


def _replace(text: str, old: str, new: str) -> str:
    """`new` for `old` where it stands by itself: not the 8 of 80, nor the `get` of `getter`."""
    parts, at, start = [], 0, text.find(old)
    while start >= 0:
        end = start + len(old)
        if _stands_alone(text, start, end):
            parts += [text[at:start], new]
            at = end
            start = text.find(old, end)
        else:
            start = text.find(old, start + 1)
    return "".join([*parts, text[at:]])


def _stands_alone(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - 1) : start], text[end : end + 2]
    if _is_word(text[start]) and before and (_is_word(before) or (text[start].isdigit() and before in ".,")):
        return False
    joins_digits = text[end - 1].isdigit() and after[:1] in (".", ",", ":") and after[1:].isdigit()
    return not (_is_word(text[end - 1]) and after and (_is_word(after[0]) or joins_digits))


def _is_word(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character == "_")


def target(text: str) -> str:
    """A Japanese sentence. Spaces stay only between two words that are not Japanese."""
    text = spelling.folded(text).translate(_TARGET)
    text = _MARK.sub(lambda found: found[1].translate(_MARKS), text)
    # "` `" between two pieces of code is the one space beside a placeholder that says something.
    text = _BETWEEN_CODE.sub("\0", text)
    return _NEXT_TO_JAPANESE.sub("", text).replace("\0", " ").strip()
