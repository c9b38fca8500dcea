"""Identifiers, commands and numbers on their way through a translation: found missing, put back, never doubled."""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass

from daemon.translation import names
from daemon.translation.names import Name

_PLACEHOLDER = "X{}"
"""One Latin word of a letter and a digit: what models copy most readily, and every vocabulary has."""
_MOST = 9
_SIMILAR = 0.6
"""How like an identifier a word of the translation must be, to be it misspelt."""
_WORD = re.compile(r"[A-Za-z0-9_$@#~./\\:-]*[A-Za-z_][A-Za-z0-9_$@#~./\\:-]*")
_MARKED = re.compile(r"`([^`\n]+)`")
_FINAL = re.compile(r"[。？！.?!]*[」』）)]*\s*\Z")


@dataclass(frozen=True)
class Protected:
    """A sentence with placeholders, and what they stand for."""

    text: str
    """What a model gets."""
    source: str
    taken: dict[str, str]
    """Placeholder -> what stood in its place."""


def protect(text: str) -> Protected:
    """Puts a placeholder in the place of each identifier, path or command. Numbers stay: sentences hang on them."""
    free = (word for n in range(1, 1000) if not re.search(rf"\b{(word := _PLACEHOLDER.format(n))}\b", text))
    placeholders: dict[str, str] = {}
    parts, last = [], 0
    for name in names.names(text):
        if name.value is not None or (name.text not in placeholders and len(placeholders) == _MOST):
            continue
        word = placeholders.get(name.text) or next(free)
        placeholders[name.text] = word
        parts += [text[last : name.start], word]
        last = name.end
    return Protected("".join((*parts, text[last:])), text, {word: name for name, word in placeholders.items()})


def unmarked(text: str) -> str:
    """The text without the backticks around code."""
    return _MARKED.sub(r"\1", text)


def restore(japanese: str, protected: Protected) -> str:
    """The translation with all placeholders undone, and what was lost on the way repaired."""
    return repaired(protected.source, placed(japanese, protected))


def placed(japanese: str, protected: Protected) -> str:
    """The translation with all placeholders undone."""
    for word, name in protected.taken.items():
        found = re.compile(rf"(?<![A-Za-z0-9_])[`「]?{word[0]}\s?{word[1:]}[`」]?(?![A-Za-z0-9_])", re.IGNORECASE)
        japanese = found.sub(lambda _, name=name: name, _halfwidth(japanese, word))  # type: ignore[misc]
    # One that the model made up stands for nothing.
    invented = re.compile(rf"(?<![A-Za-z0-9_]){_PLACEHOLDER[0]}\d(?![A-Za-z0-9_])")
    return invented.sub(lambda found: found[0] if found[0] in protected.source else "", japanese)


def missing(source: str, japanese: str) -> list[str]:
    """What of the source's identifiers, commands and numbers the Japanese does not say, each once."""
    return list(dict.fromkeys(name.text for name in _lost(source, japanese)))


def repaired(source: str, japanese: str, before: str = "") -> str:
    """The Japanese with what it lost: in place of its misspelling, in place of a wrong number, else at the end.

    `before`: the translation's beginning, where `japanese` is only its last part.
    """
    japanese = _renumbered(source, mended(source, japanese, before), before)
    rest = missing(source, before + japanese)
    if not rest:
        return japanese
    end = _FINAL.search(japanese)
    place = end.start() if end else len(japanese)
    return f"{japanese[:place]}（{'、'.join(rest)}）{japanese[place:]}"


def mended(source: str, japanese: str, before: str = "") -> str:
    """The Japanese with misspelt identifiers corrected, and none twice in a row."""
    for name in _lost(source, before + japanese):
        if name.value is None:
            japanese = _respelt(source, japanese, name.text)
    for text in {name.text for name in names.names(source) if name.value is None}:
        twice = re.compile(rf"({names.pattern(text).pattern}|{re.escape(text)})(?:[\s、]*{re.escape(text)})+")
        if source.count(text) == 1:
            japanese = twice.sub(lambda _, text=text: text, japanese)  # type: ignore[misc]
    return japanese


def _lost(source: str, japanese: str) -> list[Name]:
    return [name for name in names.names(source) if not names.holds(japanese, name)]


def _respelt(source: str, japanese: str, text: str) -> str:
    """Finds the identifier with other capitals or separators, then as a word like it that the source does not have."""
    letters = [re.escape(part) for part in re.findall(r"[A-Za-z]+|\d+|[^\sA-Za-z0-9_.-]", text)]
    words = [word for part in letters for word in re.split(r"(?<=[a-z])(?=[A-Z])", part)]
    loose = re.compile(
        r"(?<![A-Za-z0-9])[-._]?" + r"[\s_.-]*".join(words) + r"(?:\(\s*\))?(?![A-Za-z0-9])", re.IGNORECASE
    )
    if words and (found := loose.search(japanese)):
        return japanese[: found.start()] + text + japanese[found.end() :]
    own = {name.text for name in names.names(source)} | {word.strip("`'\".,;:!?()") for word in source.split()}
    foreign = [word for word in _WORD.finditer(japanese) if word[0] not in own]
    likeness = [difflib.SequenceMatcher(None, word[0].lower(), text.lower()).ratio() for word in foreign]
    if not likeness or max(likeness) < _SIMILAR:
        return japanese
    best = foreign[likeness.index(max(likeness))]
    return japanese[: best.start()] + text + japanese[best.end() :]


def _renumbered(source: str, japanese: str, before: str) -> str:
    """Puts each lost number where the nearest number stands that the source does not have."""
    expected = [name for name in names.names(source) if name.value is not None]
    lost = [name for name in expected if not names.holds(before + japanese, name)]
    plain = unicodedata.normalize("NFKC", japanese)
    if not lost or len(plain) != len(japanese):
        return japanese
    values = {name.value for name in expected}
    inside = [match.span() for name in names.names(source) for match in names.pattern(name.text).finditer(plain)]
    wrong = [
        (start, end)
        for value, start, end in names.numbers(plain)
        if value not in values
        and plain[end - 1].isascii()  # 150万 may be another way to say a million and a half
        and not any(first <= start < last for first, last in inside)
        and not re.match(r"[A-Za-z_]", plain[end:])
        and not re.search(r"[A-Za-z_.]\Z", plain[:start])
    ]
    # As many wrong as lost: in their order. Else each takes the one that stands where it stood.
    pairs: list[tuple[tuple[int, int], Name]] = []
    if len(wrong) == len(lost):
        pairs = list(zip(wrong, lost, strict=True))
    else:
        for name in lost:
            if not wrong:
                break
            there = name.start / len(source)
            nearest = min(wrong, key=lambda span: abs(span[0] / len(plain) - there))
            wrong.remove(nearest)
            pairs.append((nearest, name))
    for (start, end), name in sorted(pairs, key=lambda pair: pair[0], reverse=True):
        japanese = japanese[:start] + name.text + japanese[end:]
    return japanese


def _halfwidth(japanese: str, word: str) -> str:
    """The placeholder in full-width characters, as Japanese text may have it, made plain."""
    wide = "".join(chr(ord(character) + 0xFEE0) for character in word)
    return japanese.replace(wide, word)
