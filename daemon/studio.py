"""The engines in use, as the settings choose them: translators, voices and the output."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from daemon.narration import SAMPLE_RATE, AudioClip, Sentence, TranslatedSentence
from daemon.playback import registry as output_registry
from daemon.playback.loudspeaker import Loudspeaker
from daemon.playback.output import Output
from daemon.playback.wav import write_wav
from daemon.speech import registry as voice_registry
from daemon.speech.chain import VoiceChain
from daemon.speech.engine import Voice
from daemon.text.cleaning import spoken_sentences
from daemon.translation import registry as translator_registry
from daemon.translation.chain import TranslatorChain
from daemon.translation.engine import Translator
from tts_plugin.errors import EngineFailed, EngineUnavailable
from tts_plugin.settings import Settings

log = logging.getLogger(__name__)

PAUSE_SECONDS = 0.25
"""Silence between two sentences, as a reader breathes."""
PAUSE = AudioClip(np.zeros(int(PAUSE_SECONDS * SAMPLE_RATE), np.int16))


class Studio:
    """Holds one chain of each kind and exchanges it when the settings ask for another. Any thread may call it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.translators = TranslatorChain(settings)
        self.voices = VoiceChain(settings)
        self.output = Loudspeaker(settings)

    def warm(self) -> None:
        """Loads the engines that the settings choose, the quick ones first, and finds the loudspeaker."""
        self.voices.warm()
        try:
            self.output.open()
        except EngineUnavailable as error:
            log.warning("%s", error)
        self.translators.warm()

    def unload(self) -> None:
        self.translators.unload()
        self.voices.unload()
        self.output.close()

    def apply(self, settings: Settings) -> None:
        """Takes new settings. What they do not concern stays loaded, and speech goes on."""
        old, self.settings = self.settings, settings
        if _differ(old, settings, TranslatorChain.SETTINGS):
            self._replace_translators(settings)
        if _differ(old, settings, VoiceChain.SETTINGS):
            self._replace_voices(settings)
        self.voices.apply(settings)
        if _differ(old, settings, ("output", "wav_directory", "output_device", "others_volume")):
            self.output.apply(settings)

    def rebuild(self, settings: Settings) -> None:
        """Makes both chains anew, forgetting what failed before."""
        self._replace_translators(settings)
        self._replace_voices(settings)

    def clean(self, text: str) -> list[Sentence]:
        return spoken_sentences(text, self.settings.code_blocks)

    def translate(self, text: str, engine: str | None = None) -> tuple[list[TranslatedSentence], dict[str, Any]]:
        """The sentences in Japanese, by that engine alone if one is named; and the states of the engines asked."""
        translators = self.translators if engine is None else self.translators.alone(engine)
        try:
            return [translators.translate(sentence) for sentence in self.clean(text)], translators.health()
        finally:
            if engine is not None and engine not in self.translators.health():
                translators.unload()

    def render(self, text: str, file: str) -> float:
        """Speaks into a WAV file, beside whatever is being heard; its length in seconds."""
        voice: str | None = None
        clips: list[AudioClip] = []
        for sentence in self.clean(text):
            clip, voice = self.voices.synthesize(self.translators.translate(sentence).text, voice)
            clips += [PAUSE, clip] if clips else [clip]
        if not clips:
            raise EngineFailed("The text holds nothing that can be spoken; no file was written.")
        write_wav(Path(file), clips)
        return sum(clip.seconds for clip in clips)

    def health(self) -> dict[str, Any]:
        return {
            "translators": self.translators.health(),
            "voices": self.voices.health(),
            "output": self.output.health(),
        }

    def engine_classes(self) -> Iterator[tuple[str, str, type[Translator] | type[Voice] | type[Output]]]:
        """Kind, name and class of every engine in the settings."""
        for translator in self.settings.translators:
            yield "translator", translator, translator_registry.engine_class(translator)
        for voice in self.settings.voices:
            yield "voice", voice, voice_registry.engine_class(voice)
        yield "output", self.settings.output, output_registry.engine_class(self.settings.output)

    def _replace_translators(self, settings: Settings) -> None:
        old, self.translators = self.translators, TranslatorChain(settings)
        old.unload()

    def _replace_voices(self, settings: Settings) -> None:
        old, self.voices = self.voices, VoiceChain(settings)
        old.unload()


def _differ(old: Settings, new: Settings, keys: tuple[str, ...]) -> bool:
    return any(getattr(old, key) != getattr(new, key) for key in keys)
