"""English sentences made alike: quotes, contractions, closing marks; and what fits a phrasebook's slots."""

from __future__ import annotations

import re
from collections.abc import Callable

_QUOTES = str.maketrans({"‘": "'", "’": "'", "ʼ": "'", "“": '"', "”": '"', "\u00a0": " "})
_CLOSING = ".!:… \t"

# "Claude's" is a possessive; after these words 's is a verb.
_VERB_AFTER = "it that there here what who where how he she everything"
_VERB_BEFORE_NOT = "do does did is are was were has have had could should would must might need"
_CONTRACTIONS: dict[str, tuple[str, ...]] = {
    **{f"{head}'s": (head, "is") for head in _VERB_AFTER.split()},
    **{f"{verb}n't": (verb, "not") for verb in _VERB_BEFORE_NOT.split()},
    "can't": ("can", "not"),
    "cannot": ("can", "not"),
    "won't": ("will", "not"),
    "let's": ("let", "us"),
}
_ENDINGS = {"'ll": "will", "'ve": "have", "'re": "are", "'m": "am", "'d": "would"}
_WORD_AND_REST = re.compile(r"([A-Za-z']+)([^A-Za-z']*)")

_ONE_TO_TWELVE = "one two three four five six seven eight nine ten eleven twelve"
_NUMBERS = {word: str(number) for number, word in enumerate(_ONE_TO_TWELVE.split(), 1)}
_DIGITS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")

# Words that are no names: with them "Run {command}" would speak "itを実行してください".
_EVERYDAY = """
a again all also an another any anyone anything are as at away back be been being best better both but by
can code different done each either else enough error errors even every everyone everything everywhere
few file files first for from further good great has have he her here him his i if in instead into is
issue issues it its itself just last later least less like lines many me more most much my myself neither
new next no nobody none not nothing now of off on once one ones only option options or other others our
ours out over please problem problems same she since so some somebody someone something soon sure test
tests than that the their theirs them themselves then there these they thing things this those through to
today together tomorrow too two up us very was we well what when where which while who why will with work
yes yesterday yet you your yours yourself
"""
_PLAIN = frozenset(_EVERYDAY.split())
_INSIDE_NAME = re.compile(r"[\w@#$~+./][^\s\"“”«»]*")
_FILE = re.compile(r".*[./\\_~-].*|.*[a-z][A-Z].*|[A-Z]{2,}|(?:Make|Docker|Rake|Gem|Proc|Jenkins)file", re.DOTALL)


def words(text: str) -> list[str]:
    """The sentence's words as typed, with straight quotes, long forms, and no closing marks but "?"."""
    found: list[str] = []
    for word in text.translate(_QUOTES).rstrip(_CLOSING).split():
        found.extend(_long_form(word) if "'" in word or word.lower().startswith("cannot") else (word,))
    return found


def _long_form(word: str) -> tuple[str, ...]:
    """ "Don't," -> "Do", "not,"; other words as they are."""
    parts = _WORD_AND_REST.fullmatch(word)
    if parts is None:
        return (word,)
    body, rest = parts.groups()
    known = _CONTRACTIONS.get(body.lower())
    if known is not None:
        return (body[: len(known[0])], known[1] + rest)
    head, apostrophe, ending = body.rpartition("'")
    verb = _ENDINGS.get(f"'{ending}".lower()) if apostrophe and head else None
    return (head, verb + rest) if verb else (word,)


def _number(word: str) -> str | None:
    if _DIGITS.fullmatch(word):
        return word.replace(",", "")
    return _NUMBERS.get(word.lower())


def _name(word: str) -> str | None:
    """A tool, command, branch, package: one word that is none of the language's everyday words."""
    if word.lower() in _PLAIN or word[-1:] in (",", ";", ":", "?", "!", "'") or not _INSIDE_NAME.fullmatch(word):
        return None
    return word


def _file(word: str) -> str | None:
    return _name(word) if _FILE.fullmatch(word) else None


CAPTURES: dict[str, Callable[[str], str | None]] = {"n": _number, "file": _file, "name": _name}
"""Kind of slot -> what of a word stands in it, or None."""
