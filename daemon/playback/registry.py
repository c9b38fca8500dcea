"""The outputs by name."""

from __future__ import annotations

import importlib
from typing import cast

from daemon.playback.output import Output
from tts_plugin.settings import Settings

ENGINES = {
    "miniaudio": "daemon.playback.miniaudio:MiniaudioOutput",
    "simpleaudio": "daemon.playback.simpleaudio:SimpleaudioOutput",
    "wav": "daemon.playback.wav:WavOutput",
}
"""Name in settings.json -> module and class. Only the output that settings name is imported."""
AUTO = "miniaudio"


def engine_class(name: str) -> type[Output]:
    module, _, attribute = ENGINES[AUTO if name == "auto" else name].partition(":")
    return cast(type[Output], getattr(importlib.import_module(module), attribute))


def open_output(settings: Settings) -> Output:
    """The output that settings name. EngineUnavailable, naming the cure, where it cannot be had."""
    return engine_class(settings.output)(settings)
