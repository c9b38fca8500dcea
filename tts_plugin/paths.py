"""Where Yomiage keeps its files. XDG directories are honoured, so a fresh HOME isolates everything."""

from __future__ import annotations

from pathlib import Path

import platformdirs

from tts_plugin import runtime

_NAME = "yomiage"


def config_dir() -> Path:
    """settings.json, its schema, the user's dictionary."""
    return platformdirs.user_config_path(_NAME)


def data_dir() -> Path:
    """The private environment, the models, recordings."""
    return Path(runtime.data_dir())


def cache_dir() -> Path:
    return platformdirs.user_cache_path(_NAME)


def state_dir() -> Path:
    """The log, and what the daemon remembers between its lives."""
    return platformdirs.user_state_path(_NAME)


def log_file() -> Path:
    return state_dir() / "daemon.log"


def models_dir() -> Path:
    return data_dir() / "models"


def socket_file() -> Path:
    return Path(runtime.socket_path())
