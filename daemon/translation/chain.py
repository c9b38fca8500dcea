"""The translation engines of the settings, in their order: the first that knows the sentence translates it."""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterator
from typing import ClassVar

from daemon.engines import Slot
from daemon.narration import Sentence, TranslatedSentence
from daemon.translation import registry
from daemon.translation.cache import TranslationCache
from daemon.translation.careful import Careful
from daemon.translation.engine import StreamingTranslator, Translator
from tts_plugin import __version__
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

    SETTINGS: ClassVar[tuple[str, ...]] = (
        "translators",
        "model",
        "device",
        "marian_model",
        "llm_url",
        "llm_model",
        "llm_allow_remote",
        "llm_timeout",
        "translation_cache",
    )
    """The settings that a chain is built from: when one of them changes, another chain is needed."""

    def __init__(self, settings: Settings) -> None:
        self._slots = [
            Slot(
                name,
                functools.partial(_load, name, settings),
                load_seconds=LOAD_SECONDS,
                call_seconds=CALL_SECONDS,
            )
            for name in registry.in_order(settings)
        ]
        self._cache = TranslationCache()
        if not settings.translation_cache:
            self._cache.forget()
        self._kept_as = {
            slot.name: f"{__version__} {registry.identity(slot.name, settings)}"
            for slot in self._slots
            if slot.name in registry.MODELS and settings.translation_cache
        }
        """Model -> its name in the cache."""

    def translate(self, sentence: Sentence) -> TranslatedSentence:
        """The sentence in Japanese; as it is, and without an engine's name, where no engine can."""
        for slot in self._candidates():
            if (japanese := self._kept(slot, sentence)) is not None:
                return TranslatedSentence(japanese, sentence, slot.name)
            try:
                japanese = slot.use(functools.partial(_translate, sentence))
            except YomiageError as error:
                log.debug("%s: %s", slot.name, error)
            else:
                if japanese is not None:
                    self._keep(slot, sentence, japanese)
                    return TranslatedSentence(japanese, sentence, slot.name)
        return TranslatedSentence(sentence.text, sentence, None)

    def stream(self, sentence: Sentence) -> Iterator[TranslatedSentence]:
        """The sentence in Japanese, in parts as they come: clauses where the engine can, else in one.

        Where an engine fails after some clauses, the next one begins the sentence anew: heard twice is better
        than lost.
        """
        for slot in self._candidates():
            if (kept := self._kept(slot, sentence)) is not None:
                yield TranslatedSentence(kept, sentence, slot.name)
                return
            said = ""
            try:
                parts = slot.use(functools.partial(_parts, sentence))
                while (japanese := slot.use(functools.partial(_next, parts))) is not None:
                    said += japanese
                    yield TranslatedSentence(japanese, sentence, slot.name)
            except YomiageError as error:
                log.debug("%s: %s", slot.name, error)
            else:
                if said:
                    self._keep(slot, sentence, said)
                    return
        yield TranslatedSentence(sentence.text, sentence, None)

    def warm(self) -> None:
        """Loads the engines, the light ones first whatever their order, and the first model that can be had.

        What hinders one, `health` tells.
        """
        for slot in sorted(self._slots, key=lambda slot: slot.name in registry.HEAVY):
            if slot.name not in registry.HEAVY or not any(self._in_memory(registry.HEAVY)):
                slot.warm()

    def unload(self) -> None:
        """Lets the models leave memory; the next sentence brings them back."""
        for slot in self._slots:
            if slot.name in registry.HEAVY:
                slot.unload()

    def health(self) -> dict[str, dict[str, str | None]]:
        """Name -> `state` and `reason` of each engine, in their order."""
        return {slot.name: slot.health() for slot in self._slots}

    def _kept(self, slot: Slot[Translator], sentence: Sentence) -> str | None:
        """The translation that this engine made before; it need not be in memory for that."""
        if (name := self._kept_as.get(slot.name)) is None:
            return None
        return self._cache.get(name, sentence.language, sentence.text)

    def _keep(self, slot: Slot[Translator], sentence: Sentence, japanese: str) -> None:
        # What is its own translation (a number, a path) is not worth a place.
        if (name := self._kept_as.get(slot.name)) is not None and japanese != sentence.text:
            self._cache.put(name, sentence.language, sentence.text, japanese)

    def _candidates(self) -> Iterator[Slot[Translator]]:
        """The engines to try. What one of two engines with the same model refuses, the other need not see."""
        for slot in self._slots:
            if slot.loaded or slot.name not in registry.SAME_MODEL or not any(self._in_memory(registry.SAME_MODEL)):
                yield slot

    def _in_memory(self, names: frozenset[str]) -> Iterator[bool]:
        return (slot.loaded for slot in self._slots if slot.name in names)


def _load(name: str, settings: Settings) -> Translator:
    engine = registry.engine_class(name)
    engine.check(settings)
    made = engine(settings)
    return Careful(made) if name in registry.MODELS else made


def _translate(sentence: Sentence, engine: Translator) -> str | None:
    return engine.translate(sentence.text, sentence.language)


def _parts(sentence: Sentence, engine: Translator) -> Iterator[str]:
    if isinstance(engine, StreamingTranslator):
        return engine.stream(sentence.text, sentence.language)
    japanese = engine.translate(sentence.text, sentence.language)
    return iter(() if japanese is None else (japanese,))


def _next(parts: Iterator[str], engine: Translator) -> str | None:
    return next(parts, None)
