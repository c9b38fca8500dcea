"""Tables of readings: the developers' terms that come with Yomiage, and the user's dictionary.tsv."""

from __future__ import annotations

import functools
import logging
import re
import threading
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from tts_plugin import paths

log = logging.getLogger(__name__)

LARGEST_DICTIONARY = 1 << 20
"""Bytes of dictionary.tsv that are read: a bound, not a goal."""


def parse(text: str, source: str) -> dict[str, str]:
    """`term<TAB>reading` lines; `#` begins a comment line. A line without a tab is reported and passed over."""
    entries: dict[str, str] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        term, tab, reading = line.partition("\t")
        term, reading = term.strip(), reading.partition("\t")[0].strip()
        if tab and term and reading:
            entries[term] = reading
        else:
            log.warning("%s, line %d: not `term<TAB>reading`; the line is ignored", source, number)
    return entries


@functools.cache
def terms() -> Mapping[str, str]:
    """The tables that come with the package."""
    entries: dict[str, str] = {}
    for name in ("contractions.tsv", "terms.tsv"):
        file = resources.files("daemon.text") / name
        entries.update(parse(file.read_text(encoding="utf-8"), name))
    return entries


def find(term: str, user_terms: Mapping[str, str]) -> str | None:
    """Its reading, the user's before ours; the term as it is written before its lower case.

    `IT` and `it` differ; `Docker` and `docker` need not.
    """
    lower = term.lower()
    table = terms()
    return user_terms.get(term) or user_terms.get(lower) or table.get(term) or table.get(lower)


class UserDictionary:
    """dictionary.tsv, read again whenever the file has changed, so that an edit counts at once."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self._terms: Mapping[str, str] = {}

    def terms(self) -> Mapping[str, str]:
        try:
            found = self._file.stat()
        except OSError:
            self._seen, self._terms = None, {}
            return self._terms
        stamp = (found.st_mtime_ns, found.st_size)
        with self._lock:
            if stamp != self._seen:
                # Marked as seen before reading: a broken file is reported once, not at every sentence.
                self._seen = stamp
                self._read()
            return self._terms

    def _read(self) -> None:
        try:
            with self._file.open("rb") as stream:
                data = stream.read(LARGEST_DICTIONARY + 1)
            if len(data) > LARGEST_DICTIONARY:
                log.warning("%s: larger than %d bytes; not read", self._file, LARGEST_DICTIONARY)
                return
            self._terms = parse(data.decode("utf-8"), str(self._file))
        except (OSError, UnicodeDecodeError) as error:
            log.warning("%s: cannot be read (%s); the last good entries stay", self._file, error)


@functools.cache
def _dictionary_at(file: Path) -> UserDictionary:
    return UserDictionary(file)


def user_terms() -> Mapping[str, str]:
    """The user's own readings, above every other."""
    return _dictionary_at(paths.config_dir() / "dictionary.tsv").terms()


def replace_terms(text: str, table: Mapping[str, str]) -> str:
    """Every term of the table by its reading. A term does not match inside a longer Latin word."""
    if not table:
        return text
    pattern = _any_of(tuple(table))
    return pattern.sub(lambda match: table.get(match[0]) or table.get(match[0].lower()) or match[0], text)


@functools.lru_cache(maxsize=4)
def _any_of(terms: tuple[str, ...]) -> re.Pattern[str]:
    # Longest first: an alternation takes the first branch that fits.
    return re.compile("|".join(map(_bounded, sorted(terms, key=len, reverse=True))), re.IGNORECASE)


def _bounded(term: str) -> str:
    before = r"(?<![A-Za-z0-9])" if re.match(r"[A-Za-z0-9]", term) else ""
    after = r"(?![A-Za-z0-9])" if re.search(r"[A-Za-z0-9]\Z", term) else ""
    return before + re.escape(term) + after
