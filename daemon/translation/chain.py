"""The translation engines of the settings, in their order: the first that knows the sentence translates it."""

from __future__ import annotations

import functools
import logging
from typing import ClassVar

from daemon.engines import Slot
from daemon.narration import Sentence, TranslatedSentence
from daemon.translation import registry
from daemon.translation.engine import Translator
from tts_plugin.errors import YomiageError
from tts_plugin.settings import Settings

log = logging.getLogger(__name__)

LOAD_SECONDS = 300.0
"""A model of 2.5 GB from a slow disk."""
CALL_SECONDS = 30.0
"""A long sentence on a slow processor. NLLB stops itself a little earlier."""


class TranslatorChain:
    """Translates sentences. Any thread may call it; `health` never waits for an engine.

    An engine that loads or works holds back only those who want that engine: a notice that the phrasebook knows
    is spoken while the model is still being loaded.
    """

    SETTINGS: ClassVar[tuple[str, ...]] = ("translators", "model", "device")
    """The settings that a chain is built from: when one of them changes, another chain is needed."""

    def __init__(self, settings: Settings) -> None:
        self._slots = [
            Slot(
                name,
                functools.partial(_load, name, settings),
                load_seconds=LOAD_SECONDS,
                call_seconds=CALL_SECONDS,
            )
            for name in dict.fromkeys((registry.PASSTHROUGH, *settings.translators))
        ]

    def translate(self, sentence: Sentence) -> TranslatedSentence:
        """The sentence in Japanese; as it is, and without an engine's name, where no engine can."""
        for slot in self._slots:
            try:
                japanese = slot.use(functools.partial(_translate, sentence))
            except YomiageError as error:
                log.debug("%s: %s", slot.name, error)
            else:
                if japanese is not None:
                    return TranslatedSentence(japanese, sentence, slot.name)
        return TranslatedSentence(sentence.text, sentence, None)

    def warm(self) -> None:
        """Loads every engine, the light ones first whatever their order. What hinders one, `health` tells."""
        for slot in sorted(self._slots, key=lambda slot: slot.name in registry.HEAVY):
            slot.warm()

    def unload(self) -> None:
        """Lets the models leave memory; the next sentence brings them back."""
        for slot in self._slots:
            if slot.name in registry.HEAVY:
                slot.unload()

    def health(self) -> dict[str, dict[str, str | None]]:
        """Name -> `state` and `reason` of each engine, in their order."""
        return {slot.name: slot.health() for slot in self._slots}


def _load(name: str, settings: Settings) -> Translator:
    engine = registry.engine_class(name)
    engine.check(settings)
    return engine(settings)


def _translate(sentence: Sentence, engine: Translator) -> str | None:
    return engine.translate(sentence.text, sentence.language)
