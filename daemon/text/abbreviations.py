"""Abbreviations: spoken in full, so that their full stops end no sentence."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from daemon.text.tables import table, word_set

_SENTENCE_OPENERS = word_set("sentence openers")


@dataclass(frozen=True)
class _Table:
    pattern: re.Pattern[str] | None
    long: dict[str, str]
    ending: frozenset[str]


@functools.cache
def _table(language: str) -> _Table:
    rows = [row for row in table("abbreviations.tsv") if row["language"] == language]
    if not rows:
        return _Table(None, {}, frozenset())
    shorts = sorted((row["short"] for row in rows), key=len, reverse=True)
    # "no." and "sec." are words as well; they are short for something only before a number.
    body = "|".join(
        re.escape(short) + (r"(?=\s?[0-9])" if row_long == "=" and short.islower() else r"(?![^\W_])")
        for short, row_long in ((short, _long(rows, short)) for short in shorts)
    )
    return _Table(
        re.compile(rf"(?<![\w.])(?:{body})", re.IGNORECASE),
        {row["short"].lower(): row["long"] for row in rows},
        frozenset(row["short"].lower() for row in rows if row["end"]),
    )


def _long(rows: list[dict[str, str]], short: str) -> str:
    return next(row["long"] for row in rows if row["short"] == short)


def expanded(text: str, language: str) -> str:
    """Abbreviations of the language in full; a full stop is kept where it also ends the sentence."""
    known = _table(language)
    if known.pattern is None:
        return text

    def say(hit: re.Match[str]) -> str:
        short = hit[0].lower()
        long = known.long[short]
        if long == "=":
            return hit[0]
        if hit[0][0].isupper() and not short[0].isupper() and long[0].islower():
            long = long[0].upper() + long[1:]
        if long.endswith(",") and hit.string[hit.end() : hit.end() + 1] == ",":
            long = long[:-1]
        ends = short in known.ending and _ends_sentence(hit.string[hit.end() : hit.end() + 40], language)
        return long + ("." if ends else "")

    return known.pattern.sub(say, text)


def _ends_sentence(following: str, language: str) -> bool:
    bare = following.lstrip(" )\"'”")
    if not bare:
        return True
    if following[0] != " " or not bare[0].isupper():
        return False
    # German nouns are capitals too: only a word that opens sentences tells.
    word = re.match(r"\w+", bare)
    return language != "de" or bool(word and word[0].lower() in _SENTENCE_OPENERS)


def protected(language: str, before: str) -> bool:
    """Whether text that ends here ends with an abbreviation, so that no sentence ends there."""
    last = before.rstrip().rpartition(" ")[2].lstrip("(\"'“«").lower()
    known = _table(language).long
    if last not in known:
        return False
    # The words among them ("no.", "max.") are abbreviations only before a number, which the caller has looked at.
    return known[last] == "=" and not (language == "en" and last in ("no.", "sec.", "min.", "max."))
