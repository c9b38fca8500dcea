"""The voices of the settings, in their order: the first that can speaks."""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Callable, Iterator
from typing import ClassVar

from daemon.engines import Slot
from daemon.narration import AudioClip
from daemon.speech import delivery, registry, shaping
from daemon.speech.cache import ClipCache
from daemon.speech.engine import Voice
from daemon.text.reading import to_reading
from tts_plugin.errors import EngineFailed, YomiageError
from tts_plugin.settings import Settings

log = logging.getLogger(__name__)

LOAD_SECONDS = 60.0
CALL_SECONDS = 60.0
"""A net under voices that hang. What a voice may take by its own rules is far less."""


class VoiceChain:
    """Speaks sentences. Any thread may call it; `health` never waits for a voice."""

    SETTINGS: ClassVar[tuple[str, ...]] = (
        "voices",
        "gtts_url",
        "gtts_timeout",
        "openjtalk_voice",
        "openjtalk_pitch",
        "kokoro_voice",
        "voicevox_url",
        "voicevox_remote",
        "voicevox_speaker",
        "voicevox_timeout",
        "say_voice",
        "openai_url",
        "openai_model",
        "openai_voice",
        "openai_key_variable",
        "openai_timeout",
    )
    """The settings that a chain is built from: when one of them changes, another chain is needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._cache = ClipCache()
        if not settings.speech_cache:
            self._cache.clear()
        self._lock = threading.Lock()
        self._others: dict[str, Slot[Voice]] = {}
        """Voices that are not in the settings and were asked for by name."""
        self._slots = [self._slot(name) for name in dict.fromkeys(settings.voices)]

    def apply(self, settings: Settings) -> None:
        """Takes the settings that count from the next sentence on, without a voice being loaded anew."""
        if self._settings.speech_cache and not settings.speech_cache:
            self._cache.clear()
        self._settings = settings

    def synthesize(self, text: str, preferred: str | None = None, only: str | None = None) -> tuple[AudioClip, str]:
        """The sentence as speech, and the name of the voice that spoke it.

        `preferred` is the voice of the sentence before, or the project's own: it is tried first, so that a narration
        keeps its voice for as long as that does not fail. Neither it nor `only` need be one of the setting `voices`;
        `only` is the one voice that may speak. EngineFailed where no voice can speak the sentence.
        """
        return next(self._tried(text, preferred, only, delivery.whole))

    def stream(
        self, text: str, preferred: str | None = None, only: str | None = None
    ) -> Iterator[tuple[AudioClip, str]]:
        """As `synthesize`, in pieces that follow each other without a gap, so that the first is heard sooner.

        Where a voice fails in mid-sentence, the next one begins the sentence anew.
        """
        return self._tried(text, preferred, only, delivery.streamed)

    def _tried(
        self,
        text: str,
        preferred: str | None,
        only: str | None,
        speak: Callable[[Slot[Voice], str, Settings, ClipCache], Iterator[AudioClip]],
    ) -> Iterator[tuple[AudioClip, str]]:
        settings = self._settings
        reasons: list[str] = []
        for slot in self._candidates(preferred, only):
            try:
                for clip in speak(slot, text, settings, self._cache):
                    yield AudioClip(shaping.with_volume(clip.samples, settings.volume)), slot.name
                return
            except YomiageError as error:
                log.debug("%s: %s", slot.name, error)
                reasons.append(f"{slot.name}: {error}")
        raise EngineFailed("No voice could speak the sentence. " + " ".join(reasons))

    def warm(self) -> None:
        """Loads every voice: the second must stand by when the first loses its network."""
        for slot in self._slots:
            slot.warm()
        to_reading("warm")

    def unload(self) -> None:
        for slot in (*self._slots, *self._others.values()):
            slot.unload()

    def health(self) -> dict[str, dict[str, str | None]]:
        """Name -> `state` and `reason` of each voice: the settings' in their order, then who was asked for by name."""
        return {slot.name: slot.health() for slot in (*self._slots, *self._others.values())}

    def _candidates(self, preferred: str | None, only: str | None) -> list[Slot[Voice]]:
        if only is None:
            first = [self._named(preferred)] if preferred is not None else []
            return [*first, *(slot for slot in self._slots if slot.name != preferred)]
        return [self._named(only)]

    def _named(self, name: str) -> Slot[Voice]:
        for slot in self._slots:
            if slot.name == name:
                return slot
        with self._lock:
            if name not in self._others:
                self._others[name] = self._slot(name)
            return self._others[name]

    def _slot(self, name: str) -> Slot[Voice]:
        load = functools.partial(_load, name, self._settings)
        return Slot(name, load, load_seconds=LOAD_SECONDS, call_seconds=CALL_SECONDS)


def _load(name: str, settings: Settings) -> Voice:
    engine = registry.engine_class(name)
    engine.check(settings)
    return engine(settings)
