"""The translation engines by name."""

from __future__ import annotations

import importlib
from typing import cast

from daemon.translation import converted, devices, shipped
from daemon.translation.engine import Translator
from tts_plugin import models
from tts_plugin.settings import Settings

PASSTHROUGH = "passthrough"

ENGINES = {
    PASSTHROUGH: "daemon.translation.passthrough:Passthrough",
    "phrasebook": "daemon.translation.phrasebook:Phrasebook",
    "starter": "daemon.translation.starter:Starter",
    "nllb": "daemon.translation.nllb:Nllb",
    "nllb_torch": "daemon.translation.nllb_torch:NllbTorch",
    "marian": "daemon.translation.marian:Marian",
    "llm": "daemon.translation.llm:Llm",
}
"""Name in settings.json -> module and class. Only the engines that settings name are imported."""

HEAVY = frozenset({"starter", "nllb", "nllb_torch", "marian"})
"""Engines that hold a model: seconds to load, and memory to give back. One of them at a time is enough."""

MODELS = HEAVY | {"llm"}
"""Engines whose sentences a model makes up: they are checked, repaired and kept. The others look theirs up."""

SEVERAL = frozenset({"nllb", "marian"})
"""Engines that translate several sentences in less time than one after the other."""

SAME_MODEL = frozenset({"nllb", "nllb_torch"})
"""Two ways to run the checkpoint of the setting `model`."""


def in_order(settings: Settings) -> list[str]:
    """The engines to try, as the settings list them; on a graphics card nllb_torch comes before nllb."""
    names = list(dict.fromkeys((PASSTHROUGH, *settings.translators)))
    if {"nllb", "nllb_torch"} <= set(names) and devices.has_graphics_card(settings.device):
        names.remove("nllb_torch")
        names.insert(names.index("nllb"), "nllb_torch")
    return names


def identity(name: str, settings: Settings) -> str:
    """The engine with all that its translations depend on: which model, which revision of it."""
    if name == "llm":
        return f"{name} {settings.llm_url} {settings.llm_model}"
    if name == "starter":
        return f"{name} {shipped.revision()}"
    model = settings.marian_model if name == "marian" else settings.model
    file = models.weights_file(models.directory(model))
    if name != "nllb_torch":
        file = converted.directory(model) / converted.MANIFEST
    try:
        facts = file.stat()
    except OSError:
        return f"{name} {model}"
    return f"{name} {model} {facts.st_size} {facts.st_mtime_ns}"


def engine_class(name: str) -> type[Translator]:
    module, _, attribute = ENGINES[name].partition(":")
    return cast(type[Translator], getattr(importlib.import_module(module), attribute))
