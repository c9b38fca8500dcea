"""The translation engines of the settings, in their order: the first that knows the sentence translates it."""

from __future__ import annotations

import copy
import functools
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

from daemon.engines import Slot
from daemon.narration import Sentence, TranslatedSentence
from daemon.translation import asking, registry
from daemon.translation.engine import Translator
from daemon.translation.memory import Memory
from tts_plugin.errors import YomiageError
from tts_plugin.settings import Settings

log = logging.getLogger(__name__)


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
        self._settings = settings
        self._slots = [asking.slot(name, settings) for name in registry.in_order(settings)]
        self._memory = Memory((slot.name for slot in self._slots), settings)

    def alone(self, engine: str) -> TranslatorChain:
        """A chain of that engine only, in the settings' order or not. It asks it anew, and keeps nothing.

        It shares the engine with this chain, where this one has it; else `unload` it after use.
        """
        chain = copy.copy(self)
        chain._slots = [slot for slot in self._slots if slot.name == engine] or [asking.slot(engine, self._settings)]
        chain._memory = Memory((), self._settings)
        return chain

    def translate(self, sentence: Sentence) -> TranslatedSentence:
        """The sentence in Japanese; as it is, and without an engine's name, where no engine can."""
        for slot in self._candidates():
            if (japanese := self._translated(slot, sentence)) is not None:
                return TranslatedSentence(japanese, sentence, slot.name)
        return TranslatedSentence(sentence.text, sentence, None)

    def translate_together(
        self, sentences: Sequence[Sentence], unwanted: Callable[[], bool] = lambda: False
    ) -> list[TranslatedSentence]:
        """As `translate` for each, several at once where an engine can. Stops where `unwanted` becomes true."""
        found: dict[int, TranslatedSentence] = {}
        for slot in self._candidates():
            left = [number for number in range(len(sentences)) if number not in found]
            together = self._together(slot, sentences, left, unwanted) if slot.name in registry.SEVERAL else {}
            for number in left:
                if unwanted():
                    break
                japanese = together.get(number) or self._translated(slot, sentences[number])
                if japanese is not None:
                    found[number] = TranslatedSentence(japanese, sentences[number], slot.name)
        return [found.get(number) or TranslatedSentence(s.text, s, None) for number, s in enumerate(sentences)]

    def stream(self, sentence: Sentence) -> Iterator[TranslatedSentence]:
        """The sentence in Japanese, in parts as they come: clauses where the engine can, else in one.

        Where an engine fails after some clauses, the next one begins the sentence anew: heard twice is better
        than lost.
        """
        for slot in self._candidates():
            if (kept := self._memory.get(slot.name, sentence)) is not None:
                yield TranslatedSentence(kept, sentence, slot.name)
                return
            said = ""
            try:
                parts = slot.use(functools.partial(asking.parts, sentence))
                while (japanese := slot.use(functools.partial(asking.following, parts))) is not None:
                    said += japanese
                    yield TranslatedSentence(japanese, sentence, slot.name)
            except YomiageError as error:
                log.debug("%s: %s", slot.name, error)
            else:
                if said:
                    self._memory.put(slot.name, sentence, said)
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

    def _translated(self, slot: Slot[Translator], sentence: Sentence) -> str | None:
        if (japanese := self._memory.get(slot.name, sentence)) is not None:
            return japanese
        try:
            japanese = slot.use(functools.partial(asking.translate, sentence))
        except YomiageError as error:
            log.debug("%s: %s", slot.name, error)
            return None
        if japanese is not None:
            self._memory.put(slot.name, sentence, japanese)
        return japanese

    def _together(
        self,
        slot: Slot[Translator],
        sentences: Sequence[Sentence],
        numbers: Sequence[int],
        unwanted: Callable[[], bool],
    ) -> dict[int, str]:
        """The Japanese for those of the numbered sentences that the engine translates together."""
        found: dict[int, str] = {}
        fresh = [number for number in numbers if self._memory.get(slot.name, sentences[number]) is None]
        for language in dict.fromkeys(sentences[number].language for number in fresh):
            group = [number for number in fresh if sentences[number].language == language]
            if len(group) < 2 or unwanted():
                continue
            try:
                together = slot.use(functools.partial(asking.together, [sentences[n] for n in group], unwanted))
            except YomiageError as error:
                log.debug("%s: %s", slot.name, error)
                continue
            for number, japanese in zip(group, together, strict=True):
                if japanese:
                    self._memory.put(slot.name, sentences[number], japanese)
                    found[number] = japanese
        return found

    def _candidates(self) -> Iterator[Slot[Translator]]:
        """The engines to try. What one of two engines with the same model refuses, the other need not see."""
        for slot in self._slots:
            if slot.loaded or slot.name not in registry.SAME_MODEL or not any(self._in_memory(registry.SAME_MODEL)):
                yield slot

    def _in_memory(self, names: frozenset[str]) -> Iterator[bool]:
        return (slot.loaded for slot in self._slots if slot.name in names)
