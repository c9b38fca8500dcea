"""The voices of the settings, in their order: the first that can speaks."""

from __future__ import annotations

import functools
import logging
import re
import threading
from typing import ClassVar

from daemon.engines import Slot
from daemon.narration import AudioClip
from daemon.speech import cache, registry, shaping
from daemon.speech.engine import Voice
from daemon.speech.parts import LONGEST_TEXT
from daemon.speech.rate import at_rate
from daemon.text.lexicon import replace_terms, user_terms
from daemon.text.reading import to_reading
from tts_plugin.errors import EngineFailed, YomiageError
from tts_plugin.settings import Settings

_READABLE = re.compile(r"[0-9A-Za-zぁ-ゖァ-ヺ一-鿿]")
log = logging.getLogger(__name__)

LOAD_SECONDS = 60.0
CALL_SECONDS = 60.0
"""A net under voices that hang. What a voice may take by its own rules is far less."""
LONGEST_CLIP = 60.0
SECONDS_PER_CHARACTER = 1.5
"""A clip longer than both allow is not speech of that sentence."""
LEAST_SECONDS = 0.03
"""For each character; quick speech takes three times as long. What is shorter broke off."""


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
        self._cache = cache.ClipCache()
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
        settings = self._settings
        reasons: list[str] = []
        for slot in self._candidates(preferred, only):
            try:
                clip = self._spoken(slot, text, settings)
            except YomiageError as error:
                log.debug("%s: %s", slot.name, error)
                reasons.append(f"{slot.name}: {error}")
            else:
                return AudioClip(shaping.with_volume(clip.samples, settings.volume)), slot.name
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

    def _spoken(self, slot: Slot[Voice], text: str, settings: Settings) -> AudioClip:
        """A kept clip, for which the voice need not be loaded, or a new one, at the common loudness."""
        engine = registry.engine_class(slot.name)
        spoken = replace_terms(text, user_terms()) if engine.reads_latin else to_reading(text, user_terms())
        key = ""
        if settings.speech_cache and len(text) <= cache.LONGEST:
            key = cache.clip_key(slot.name, engine.SETTINGS, settings, spoken)
            # Not of a voice that cannot go on: the next sentence would be in another.
            if slot.health()["state"] not in ("failed", "unavailable") and (kept := self._cache.get(key)):
                return kept
        clip = slot.use(functools.partial(_speak, spoken, settings.rate))
        if key:
            self._cache.put(key, clip)
        return clip


def _load(name: str, settings: Settings) -> Voice:
    engine = registry.engine_class(name)
    engine.check(settings)
    return engine(settings)


def _speak(spoken: str, rate: float, voice: Voice) -> AudioClip:
    slowest, quickest = voice.rates
    own_rate = min(max(rate, slowest), quickest)
    clip = voice.synthesize(spoken, own_rate)
    seconds = clip.seconds * own_rate
    readable = min(LONGEST_TEXT, len(_READABLE.findall(spoken)))
    if seconds < LEAST_SECONDS * readable or (not len(clip.samples) and any(map(str.isalnum, spoken))):
        raise EngineFailed(f"{clip.seconds:.1f} s of sound came back for {len(spoken)} characters")
    if seconds > max(LONGEST_CLIP, SECONDS_PER_CHARACTER * len(spoken)):
        raise EngineFailed(f"{clip.seconds:.0f} s of sound came back for {len(spoken)} characters")
    return AudioClip(shaping.level(at_rate(clip.samples, rate / own_rate)))
