"""The voices of the settings, in their order: the first that can speaks."""

from __future__ import annotations

import functools
import logging
import re
from typing import ClassVar

from daemon.engines import Slot
from daemon.narration import AudioClip
from daemon.speech import registry, shaping
from daemon.speech.engine import Voice
from daemon.speech.parts import LONGEST_TEXT
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

    SETTINGS: ClassVar[tuple[str, ...]] = ("voices", "gtts_url", "gtts_timeout", "volume")
    """The settings that a chain is built from: when one of them changes, another chain is needed."""

    def __init__(self, settings: Settings) -> None:
        self._volume = settings.volume
        self._slots = [
            Slot(name, functools.partial(_load, name, settings), load_seconds=LOAD_SECONDS, call_seconds=CALL_SECONDS)
            for name in dict.fromkeys(settings.voices)
        ]

    def synthesize(self, text: str, preferred: str | None = None) -> tuple[AudioClip, str]:
        """The sentence as speech, and the name of the voice that spoke it.

        `preferred` is the voice of the sentence before: it is tried first, so that a narration keeps its
        voice for as long as that does not fail. EngineFailed where no voice can speak the sentence.
        """
        reasons: list[str] = []
        # sorted is stable: behind the preferred voice the order of the settings stays.
        for slot in sorted(self._slots, key=lambda slot: slot.name != preferred):
            try:
                clip = slot.use(functools.partial(_speak, text))
            except YomiageError as error:
                log.debug("%s: %s", slot.name, error)
                reasons.append(f"{slot.name}: {error}")
            else:
                return AudioClip(shaping.with_volume(clip.samples, self._volume)), slot.name
        raise EngineFailed("No voice could speak the sentence. " + " ".join(reasons))

    def warm(self) -> None:
        """Loads every voice: the second must stand by when the first loses its network."""
        for slot in self._slots:
            slot.warm()
        to_reading("warm")

    def unload(self) -> None:
        for slot in self._slots:
            slot.unload()

    def health(self) -> dict[str, dict[str, str | None]]:
        """Name -> `state` and `reason` of each voice, in their order."""
        return {slot.name: slot.health() for slot in self._slots}


def _load(name: str, settings: Settings) -> Voice:
    engine = registry.engine_class(name)
    engine.check(settings)
    return engine(settings)


def _speak(text: str, voice: Voice) -> AudioClip:
    spoken = replace_terms(text, user_terms()) if voice.reads_latin else to_reading(text, user_terms())
    clip = voice.synthesize(spoken)
    readable = min(LONGEST_TEXT, len(_READABLE.findall(spoken)))
    if clip.seconds < LEAST_SECONDS * readable or (not len(clip.samples) and any(map(str.isalnum, spoken))):
        raise EngineFailed(f"{clip.seconds:.1f} s of sound came back for {len(spoken)} characters")
    if clip.seconds > max(LONGEST_CLIP, SECONDS_PER_CHARACTER * len(spoken)):
        raise EngineFailed(f"{clip.seconds:.0f} s of sound came back for {len(spoken)} characters")
    return clip
