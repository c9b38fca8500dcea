"""The log: rotating, private, and without the user's text."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler

from tts_plugin import paths

MAX_BYTES = 1_000_000
KEPT = 2


def open_log() -> logging.Logger:
    """Sends the daemon's log to the state directory, for this user's eyes only (the umask sees to the mode)."""
    file = paths.log_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(file, maxBytes=MAX_BYTES, backupCount=KEPT, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    own = logging.getLogger("daemon")
    own.setLevel(logging.INFO)
    return own


def set_level(name: str) -> None:
    """`name` as settings.json spells it: debug, info, warning, error. Libraries stay at warning."""
    logging.getLogger("daemon").setLevel(name.upper())
