"""Clean, translate, synthesize, play: three threads, bounded queues, one narration at a time."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from daemon.narration import SAMPLE_RATE, AudioClip, Narration, Sentence, Stage, TranslatedSentence
from daemon.playback import registry as output_registry
from daemon.playback.loudspeaker import Loudspeaker
from daemon.playback.output import Output
from daemon.playback.wav import write_wav
from daemon.schedule import Schedule
from daemon.speech import registry as voice_registry
from daemon.speech.chain import VoiceChain
from daemon.speech.engine import Voice
from daemon.text.cleaning import spoken_sentences
from daemon.translation import registry as translator_registry
from daemon.translation.chain import TranslatorChain
from daemon.translation.engine import Translator
from tts_plugin.errors import EngineFailed, EngineUnavailable, YomiageError
from tts_plugin.settings import Settings

log = logging.getLogger(__name__)

AHEAD = 2
"""Sentences that may wait between two stages: enough to never starve, few enough to cut cheaply."""
PAUSE_SECONDS = 0.25
"""Silence between two sentences, as a reader breathes."""
JOIN_SECONDS = 2.0

_HEAD = int(0.6 * SAMPLE_RATE)
"""The first part of a clip, longer than what an output keeps ahead of the ear."""
_PAUSE = AudioClip(np.zeros(int(PAUSE_SECONDS * SAMPLE_RATE), np.int16))


@dataclass(frozen=True)
class Part:
    """One sentence of a narration on its way, or the narration's end."""

    narration: Narration
    index: int
    sentence: TranslatedSentence | None = None
    """None in the part that ends a narration."""
    clip: AudioClip | None = None


class Pipeline:
    """Takes narrations from the schedule and makes them heard. Cancellation travels on the narration."""

    def __init__(self, schedule: Schedule, settings: Settings) -> None:
        self._schedule = schedule
        self._settings = settings
        self.translators = TranslatorChain(settings)
        self.voices = VoiceChain(settings)
        self.output = Loudspeaker(settings)
        self._translated: queue.Queue[Part | None] = queue.Queue(maxsize=AHEAD)
        self._synthesized: queue.Queue[Part | None] = queue.Queue(maxsize=AHEAD)
        self._threads = [
            threading.Thread(target=target, name=name, daemon=True)
            for name, target in (
                ("translation", self._translate_all),
                ("speech", self._synthesize_all),
                ("playback", self._play_all),
            )
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Ends the threads, once the schedule is closed, and gives the sound device back."""
        self.output.stop()
        for thread in self._threads:
            thread.join(JOIN_SECONDS)
        self.output.close()

    def warm(self) -> None:
        """Loads the engines that the settings choose."""
        self.voices.warm()  # the quicker one: what cannot be translated yet can be spoken
        self.translators.warm()

    def unload(self) -> None:
        self.translators.unload()
        self.voices.unload()
        self.output.close()

    def apply(self, settings: Settings) -> None:
        """Takes new settings. What they do not concern stays loaded, and speech goes on."""
        old, self._settings = self._settings, settings
        if _differ(old, settings, TranslatorChain.SETTINGS):
            self._replace_translators(settings)
        if _differ(old, settings, VoiceChain.SETTINGS):
            self._replace_voices(settings)
        if _differ(old, settings, ("output", "wav_directory")):
            self.output.apply(settings)

    def rebuild(self, settings: Settings) -> None:
        """Makes both chains anew, forgetting what failed before."""
        self._replace_translators(settings)
        self._replace_voices(settings)

    def clean(self, text: str) -> list[Sentence]:
        return spoken_sentences(text, self._settings.code_blocks)

    def render(self, text: str, file: str) -> float:
        """Speaks into a WAV file, beside whatever is being heard; its length in seconds."""
        voice: str | None = None
        clips: list[AudioClip] = []
        for sentence in self.clean(text):
            clip, voice = self.voices.synthesize(self.translators.translate(sentence).text, voice)
            clips += [_PAUSE, clip] if clips else [clip]
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
        for translator in self._settings.translators:
            yield "translator", translator, translator_registry.engine_class(translator)
        for voice in self._settings.voices:
            yield "voice", voice, voice_registry.engine_class(voice)
        yield "output", self._settings.output, output_registry.engine_class(self._settings.output)

    def _replace_translators(self, settings: Settings) -> None:
        old, self.translators = self.translators, TranslatorChain(settings)
        old.unload()

    def _replace_voices(self, settings: Settings) -> None:
        old, self.voices = self.voices, VoiceChain(settings)
        old.unload()

    def _translate_all(self) -> None:
        while (narration := self._schedule.next()) is not None:
            try:
                self._translate(narration)
            except Exception:
                log.exception("narration %d could not be prepared", narration.id)
            self._translated.put(Part(narration, -1))
        self._translated.put(None)

    def _translate(self, narration: Narration) -> None:
        sentences = self.clean(narration.text)
        narration.timeline.mark(Stage.CLEANED)
        for index, sentence in enumerate(sentences):
            if index < narration.first_sentence:
                continue
            if narration.cancelled.is_set():
                return
            translated = self.translators.translate(sentence)
            narration.timeline.mark(Stage.FIRST_TRANSLATED)
            self._translated.put(Part(narration, index, translated))

    def _synthesize_all(self) -> None:
        voice: str | None = None
        while (part := self._translated.get()) is not None:
            if part.sentence is None:
                voice = None
                self._synthesized.put(part)
            elif not part.narration.cancelled.is_set():
                try:
                    clip, voice = self.voices.synthesize(part.sentence.text, voice)
                except YomiageError as error:
                    log.warning("narration %d: a sentence stays unspoken: %s", part.narration.id, error)
                    continue
                except Exception:
                    log.exception("narration %d: a voice failed", part.narration.id)
                    continue
                part.narration.timeline.mark(Stage.FIRST_SYNTHESIZED)
                self._synthesized.put(Part(part.narration, part.index, part.sentence, clip))
        self._synthesized.put(None)

    def _play_all(self) -> None:
        while (part := self._synthesized.get()) is not None:
            narration = part.narration
            try:
                if part.clip is not None:
                    self._play(narration, part.index, part.clip)
                elif not narration.cancelled.is_set():
                    self.output.drain(narration.cancelled)
            except EngineUnavailable as error:
                log.warning("narration %d: no sound: %s", narration.id, error)
                narration.cancelled.set()  # its other sentences would find no output either
            except YomiageError as error:
                log.warning("narration %d: no sound: %s", narration.id, error)
            except Exception:
                log.exception("narration %d: the output failed", narration.id)
            if part.clip is None:
                self._schedule.done(narration)

    def _play(self, narration: Narration, index: int, clip: AudioClip) -> None:
        if narration.cancelled.is_set():
            return
        self.output.open()
        narration.timeline.mark(Stage.FIRST_AUDIO_OUT)
        head, tail = AudioClip(clip.samples[:_HEAD]), AudioClip(clip.samples[_HEAD:])
        if self.output.write(head, narration.cancelled):
            # Only now has the sentence before left the output's buffer: an interruption would not lose its end.
            self._schedule.heard(narration, index - 1)
            if self.output.write(tail, narration.cancelled):
                self.output.write(_PAUSE, narration.cancelled)


def _differ(old: Settings, new: Settings, keys: tuple[str, ...]) -> bool:
    return any(getattr(old, key) != getattr(new, key) for key in keys)
