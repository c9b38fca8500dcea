"""What the narrator says in his own words, in the language of the message."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from daemon.text.tables import table

FALLBACK = "en"


@dataclass(frozen=True)
class Wording:
    """The words of one language."""

    language: str
    """ISO 639-1 code that the announcements are in: the message's own, or "en"."""
    words: dict[str, str]
    """Key of wording.tsv -> template; "" where the language leaves the thing as it is written."""
    units: dict[str, tuple[str, str]]
    """Symbol -> its word for one and for many."""

    def say(self, key: str, **values: object) -> str:
        return self.words[key].format(**values)

    @property
    def full_stop(self) -> str:
        return "。" if self.language in ("ja", "zh") else "."

    def code_block(self, info: str) -> str:
        """The announcement of a code block with this info string."""
        name = code_language(info)
        if not name:
            return self.say("code_block")
        if name == "shell":
            name = self.say("shell")
        if name == "diff":
            return self.say("diff")
        said = self.say("code_block_of", name=name)
        # "An HTML code block", "an SQL": the letters' names begin with a vowel.
        vowel = name[0] in "AEIOaeio" or (name.isupper() and name[0] in "FHLMNRSX" and name not in ("REST", "SOAP"))
        return "An" + said[1:] if self.language == "en" and vowel and said.startswith("A ") else said

    def table(self, rows: int) -> str:
        return self.say("table_one") if rows == 1 else self.say("table", n=rows)


@functools.cache
def wording(language: str) -> Wording:
    """The words for a language; English announcements where there is no column for it."""
    rows = table("wording.tsv")
    known = language in rows[0]
    own = language if known else FALLBACK
    words = {row["key"]: row[own] if known or row["kind"] == "announcement" else row["other"] for row in rows}
    units: dict[str, tuple[str, str]] = {}
    for row in table("units.tsv") if known else ():
        one, _, many = row[own].partition("|")
        if one:
            units[row["symbol"]] = (one, many or one)
    return Wording(own, words, units)


@functools.cache
def _code_languages() -> dict[str, str]:
    return {alias: row["name"] for row in table("code_languages.tsv") for alias in row["aliases"].split(" ")}


def code_language(info: str) -> str:
    """The spoken name of a fence's info string: "py title=x" -> "Python", "text" -> ""."""
    word = info.replace("{", " ").replace(".", " ").replace(",", " ").replace(":", " ").split()
    if not word:
        return ""
    known = _code_languages().get(word[0].lower())
    if known is not None:
        return known
    return word[0].capitalize() if word[0].isascii() and word[0].isalpha() and len(word[0]) <= 15 else ""
