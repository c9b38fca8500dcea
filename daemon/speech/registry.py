"""The voices by name."""

from __future__ import annotations

import importlib
from typing import cast

from daemon.speech.engine import Voice

ENGINES = {
    "gtts": "daemon.speech.gtts:Gtts",
    "openjtalk": "daemon.speech.openjtalk:OpenJTalk",
    "kokoro": "daemon.speech.kokoro:Kokoro",
    "voicevox": "daemon.speech.voicevox:Voicevox",
    "say": "daemon.speech.say:Say",
    "openai": "daemon.speech.openai:OpenAI",
}
"""Name in settings.json -> module and class. Only the voices that settings name are imported."""


def engine_class(name: str) -> type[Voice]:
    module, _, attribute = ENGINES[name].partition(":")
    return cast(type[Voice], getattr(importlib.import_module(module), attribute))
