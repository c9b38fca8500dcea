"""The settings in force: read, watched, and kept when the file breaks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from tts_plugin import paths, settings
from tts_plugin.errors import SettingsError
from tts_plugin.settings import Settings

log = logging.getLogger(__name__)

LOOK_MS = 60_000
"""How often the watcher wakes without an edit, to see whether it should end: rarely, for the battery's sake."""


class SettingsWatch:
    """Holds the last good settings, also over a restart of the daemon, and says what is wrong with the file."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        """What `status` and `doctor` show; empty where the file is good."""
        self._remembered = paths.state_dir() / "settings.last-good.json"
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.current = self._last_good()
        self._read()

    def start(self, on_change: Callable[[Settings], None]) -> None:
        """Calls `on_change` from a thread of its own whenever an edit changes the settings."""
        self._thread = threading.Thread(target=self._watch, args=(on_change,), name="settings", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def _watch(self, on_change: Callable[[Settings], None]) -> None:
        from watchfiles import watch

        file = settings.settings_file()
        file.parent.mkdir(parents=True, exist_ok=True)
        # The folder, because editors replace the file; the link's target too, because of dotfile folders.
        folders = {file.parent, file.resolve().parent}
        self._reread(on_change)  # an edit between the first reading and here
        for _ in watch(*folders, stop_event=self._stop, step=10, debounce=100, recursive=False, rust_timeout=LOOK_MS):
            self._reread(on_change)

    def _reread(self, on_change: Callable[[Settings], None]) -> None:
        before = self.current
        self._read()
        if self.current != before:
            log.info("settings changed")
            on_change(self.current)

    def _read(self) -> None:
        try:
            self.current, self.problems = settings.load()
        except SettingsError as error:
            if self.problems != [str(error)]:
                log.warning("%s", error)
            self.problems = [str(error)]
            return
        self._remember()

    def _remember(self) -> None:
        text = self.current.model_dump_json()
        try:
            if not self._remembered.exists() or self._remembered.read_text(encoding="utf-8") != text:
                settings.write_atomically(self._remembered, text)
        except OSError as error:
            log.warning("the last good settings could not be kept: %s", error)

    def _last_good(self) -> Settings:
        try:
            return settings.parse(self._remembered.read_text(encoding="utf-8"))[0]
        except (OSError, UnicodeDecodeError, SettingsError):
            return Settings()
