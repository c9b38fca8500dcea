"""The translation memory: what each engine has made of a sentence before."""

from __future__ import annotations

from collections.abc import Iterable

from daemon.narration import Sentence
from daemon.translation import registry
from daemon.translation.cache import TranslationCache
from tts_plugin import __version__
from tts_plugin.settings import Settings


class Memory:
    """The cache, in which an engine's translations count only for that engine with that model."""

    def __init__(self, engines: Iterable[str], settings: Settings) -> None:
        self._cache = TranslationCache()
        if not settings.translation_cache:
            self._cache.forget()
        self._names = {
            name: f"{__version__} {registry.identity(name, settings)}"
            for name in engines
            if name in registry.MODELS and settings.translation_cache
        }

    def get(self, engine: str, sentence: Sentence) -> str | None:
        """The engine need not be in memory for that."""
        if (name := self._names.get(engine)) is None:
            return None
        return self._cache.get(name, sentence.language, sentence.marked)

    def put(self, engine: str, sentence: Sentence, japanese: str) -> None:
        # What is its own translation (a number, a path) is not worth a place.
        if (name := self._names.get(engine)) is not None and japanese != sentence.text:
            self._cache.put(name, sentence.language, sentence.marked, japanese)
