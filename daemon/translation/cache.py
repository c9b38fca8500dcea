"""Recent translations, kept on the disk, so that a sentence that comes again costs nothing."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tts_plugin import paths

ROWS = 5_000
CHARACTERS = 500_000
"""Of all translations together: a megabyte and a half in UTF-8."""
LONGEST = 2_000
"""Characters of a translation that is worth keeping."""
_BUSY_SECONDS = 1.0
_FORMAT = 1
"""Of the table. A file of another format is made anew."""
_TABLE = """
CREATE TABLE translations (key BLOB PRIMARY KEY, japanese TEXT NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX by_use ON translations (used);
"""
# From the latest used on, whatever is beyond either bound.
_TRIM = """
DELETE FROM translations WHERE key IN (
    SELECT key FROM (
        SELECT key, row_number() OVER latest AS rows, sum(length(japanese)) OVER latest AS characters
        FROM translations WINDOW latest AS (ORDER BY used DESC)
    ) WHERE rows > ? OR characters > ?
)
"""

T = TypeVar("T")
log = logging.getLogger(__name__)


class TranslationCache:
    """Text to Japanese, least recently used out first. Any thread may call it; a failing disk only makes it forget.

    The sources are kept as hashes only; the Japanese is readable, in a file that only its user can open.
    """

    def __init__(self, file: Path | None = None, rows: int = ROWS, characters: int = CHARACTERS) -> None:
        self.file = file or paths.cache_dir() / "translations.sqlite"
        self._rows = rows
        self._characters = characters
        self._turn = threading.Lock()
        self._database: sqlite3.Connection | None = None
        self._writes = 0
        # To look through a full table takes 50 ms, so now and then it holds a little more.
        self._trim_each = max(1, rows // 20)
        self._broken = False

    def get(self, engine: str, language: str, text: str) -> str | None:
        """`engine` names the engine with all that its translation depends on: model and revision."""
        key = _key(engine, language, text)

        def look(database: sqlite3.Connection) -> str | None:
            found = database.execute("SELECT japanese FROM translations WHERE key = ?", (key,)).fetchone()
            if found is None:
                return None
            database.execute(f"UPDATE translations SET used = {_NEXT} WHERE key = ?", (key,))
            return str(found[0])

        return self._safely(look)

    def put(self, engine: str, language: str, text: str, japanese: str) -> None:
        if len(japanese) > LONGEST:
            return
        row = (_key(engine, language, text), japanese)

        def store(database: sqlite3.Connection) -> None:
            database.execute(f"INSERT OR REPLACE INTO translations VALUES (?, ?, {_NEXT})", row)
            self._writes += 1
            if self._writes % self._trim_each == 0:
                database.execute(_TRIM, (self._rows, self._characters))

        self._safely(store)

    def forget(self) -> None:
        """Removes what was kept."""
        with self._turn:
            try:
                self._remove()
            except OSError as error:
                self._give_up(error)

    def close(self) -> None:
        with self._turn:
            self._close()

    def _safely(self, function: Callable[[sqlite3.Connection], T]) -> T | None:
        with self._turn:
            if self._broken:
                return None
            try:
                return self._run(function)
            except sqlite3.OperationalError as error:  # locked by another process, or the disk is full
                log.debug("translation cache: %s", error)
            except sqlite3.DatabaseError as error:
                log.warning("The translation cache %s was damaged (%s) and begins anew.", self.file, error)
                return self._anew(function)
            except OSError as error:
                self._give_up(error)
            return None

    def _anew(self, function: Callable[[sqlite3.Connection], T]) -> T | None:
        try:
            self._remove()
            return self._run(function)
        except (sqlite3.Error, OSError) as error:
            self._give_up(error)
            return None

    def _run(self, function: Callable[[sqlite3.Connection], T]) -> T:
        if self._database is None:
            self._database = self._open()
        with self._database:
            return function(self._database)

    def _open(self) -> sqlite3.Connection:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        # Before SQLite makes it: its files take over this one's mode.
        os.close(os.open(self.file, os.O_CREAT | os.O_WRONLY, 0o600))
        self.file.chmod(0o600)
        database = sqlite3.connect(self.file, timeout=_BUSY_SECONDS, check_same_thread=False)
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = OFF")  # what a power cut takes away is only a cache
            [found] = database.execute("PRAGMA user_version").fetchone()
            if found not in (0, _FORMAT):
                raise sqlite3.DatabaseError(f"format {found}")
            if found == 0:
                database.executescript(f"{_TABLE} PRAGMA user_version = {_FORMAT};")
        except BaseException:
            database.close()
            raise
        return database

    def _close(self) -> None:
        if self._database is not None:
            with contextlib.suppress(sqlite3.Error):
                self._database.close()
            self._database = None

    def _remove(self) -> None:
        self._close()
        for ending in ("", "-wal", "-shm"):
            Path(f"{self.file}{ending}").unlink(missing_ok=True)

    def _give_up(self, error: Exception) -> None:
        self._broken = True
        log.warning("Translations are not kept: %s cannot be used (%s).", self.file, error)


_NEXT = "(SELECT coalesce(max(used), 0) + 1 FROM translations)"


def _key(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()
