"""English words and identifiers in katakana."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

from daemon.text import lexicon
from daemon.text.numbers import spell

LONGEST_WORD = 24
"""Letters of an unknown word that the pronouncing model is asked to read; longer ones are no words."""
LONGEST_SPELLING = 12
"""Letters of an unpronounceable word that are spelt out; what follows helps nobody by ear."""
_LONGEST_TERM = 7
"""Pieces that a term of the tables may have: `pull request` has three, `objective-c` too."""

_PIECE = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|\s+|[^A-Za-z0-9\s]")
_LINE = re.compile(r"(.*\.[A-Za-z]\w*|\w+file):(\d+)(?:-(\d+))?(?::(\d+))?", re.DOTALL)
_SOUNDS = {
    ".": "ドット",
    "/": "スラッシュ",
    "@": "アット",
    "+": "プラス",
    "#": "シャープ",
    "&": "アンド",
    "=": "イコール",
    ":": " ",
    "~": "チルダ",
}
_AFTER_APOSTROPHE = {"s": "ズ", "t": "ト", "re": "アー", "ll": "ル", "ve": "ブ", "m": "ム", "d": "ド"}

# How English words may begin; `nginx`, `tsconfig` and `kwargs` begin otherwise and are no words to pronounce.
_ONSET = re.compile(
    r"(?:[bcdfgjklmnpqrstvwxz]|[bcfgp]l|[bcdfgptv]r|d[wy]|[cgkprst]h|gn|kn|ps|qu|rh|s[cklmnpqtw]|sch|scr|shr|s[pt]r|spl|"
    r"squ|thr|t[sw]|w[hr])?(?:[aeiou]|y(?![aeiou]*$)|y[aeiou])"
)
_TOO_MANY_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{5}|([a-z])\1\1")
_VOWEL = re.compile(r"[aeiouy]")
# Not the first half of a compound: `notable` is not `not` and `able`.
_NO_HALF = frozenset({"able", "not", "the", "for", "has", "its", "ing"})


def read_name(name: str, user_terms: Mapping[str, str]) -> str:
    """The katakana of a word, an identifier, a path or a run of English words."""
    if line := _LINE.fullmatch(name):
        number = line[2] + (f"から{line[3]}" if line[3] else "")
        column = f"{line[4]}文字目" if line[4] else ""
        return f"{read_name(line[1], user_terms)}の{number}行目{column}"
    pieces = _PIECE.findall(name)
    spoken: list[str] = []
    at = 0
    while at < len(pieces):
        taken, reading = _longest_term(pieces, at, user_terms)
        if at and pieces[at - 1] == "'" and pieces[at] in _AFTER_APOSTROPHE:
            taken, reading = 1, _AFTER_APOSTROPHE[pieces[at]]
        if not taken:
            taken, reading = 1, _read_piece(pieces, at, user_terms)
        spoken.append(reading)
        at += taken
    return "".join(spoken)


def _longest_term(pieces: list[str], at: int, user_terms: Mapping[str, str]) -> tuple[int, str]:
    for taken in range(min(_LONGEST_TERM, len(pieces) - at), 0, -1):
        if found := lexicon.find("".join(pieces[at : at + taken]), user_terms):
            return taken, found
    return 0, ""


def _read_piece(pieces: list[str], at: int, user_terms: Mapping[str, str]) -> str:
    piece = pieces[at]
    if piece.isdigit() or piece.isspace():
        return piece
    if not piece.isalpha():
        return _SOUNDS.get(piece, "")
    if re.fullmatch(r"[A-Z]{2,}s", piece):
        return (lexicon.find(piece[:-1], user_terms) or spell(piece[:-1])) + "ズ"
    shouting = "_" in pieces[max(0, at - 1) : at + 2] or pieces[0] == "$"
    if piece.isupper() and len(piece) <= 4 and not shouting:
        return spell(piece)
    return _read_word(piece.lower(), user_terms)


def _read_word(word: str, user_terms: Mapping[str, str]) -> str:
    """One lower-case word that the tables do not have as it stands."""
    if len(word) > 3 and word.endswith("s") and (singular := lexicon.find(word[:-1], user_terms)):
        return _plural(singular, word[-2])
    for cut in range(3, len(word) - 2) if 7 <= len(word) <= LONGEST_WORD else ():
        halves = word[:cut], word[cut:]
        if not _NO_HALF.intersection(halves):
            first, second = (lexicon.find(half, user_terms) for half in halves)
            if first and second:
                return first + second
    if _pronounceable(word) and (sound := _pronounce(word)):
        return sound
    return spell(word[:LONGEST_SPELLING]) + ("、以下略、" if len(word) > LONGEST_SPELLING else "")


def _plural(singular: str, last: str) -> str:
    if singular.endswith("ト"):
        return singular[:-1] + "ツ"
    if singular.endswith("ド"):
        return singular[:-1] + "ズ"
    return singular + ("ス" if last in "kpf" else "ズ")


def _pronounceable(word: str) -> bool:
    return (
        2 < len(word) <= LONGEST_WORD
        and _ONSET.match(word) is not None
        and _VOWEL.search(word) is not None
        and _TOO_MANY_CONSONANTS.search(word) is None
    )


@functools.lru_cache(maxsize=8192)
def _pronounce(word: str) -> str:
    # 60 ms at its first word and 3 ms at each new one: imported late, remembered long.
    import kanalizer

    try:
        return str(kanalizer.convert(word, on_incomplete="error"))
    except (kanalizer.InvalidInputError, kanalizer.IncompleteConversionError):
        return ""
