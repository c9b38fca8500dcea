"""The translation engines by name."""

from __future__ import annotations

import importlib
from typing import cast

from daemon.translation.engine import Translator

PASSTHROUGH = "passthrough"

ENGINES = {
    PASSTHROUGH: "daemon.translation.passthrough:Passthrough",
    "phrasebook": "daemon.translation.phrasebook:Phrasebook",
    "nllb": "daemon.translation.nllb:Nllb",
}
"""Name in settings.json -> module and class. Only the engines that settings name are imported."""

HEAVY = frozenset({"nllb"})
"""Engines that hold a model: seconds to load, and memory to give back."""


def engine_class(name: str) -> type[Translator]:
    module, _, attribute = ENGINES[name].partition(":")
    return cast(type[Translator], getattr(importlib.import_module(module), attribute))
