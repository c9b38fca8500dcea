"""Clean, translate, synthesize, play: three threads, bounded queues, one narration at a time."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from daemon.narration import SAMPLE_RATE, AudioClip, Narration, Sentence, Stage
from daemon.progress import Progress
from daemon.projects import Alternation
from daemon.schedule import Schedule
from daemon.studio import PAUSE, Studio
from daemon.text.lexicon import user_terms
from daemon.text.reading import to_reading
from tts_plugin.errors import EngineUnavailable, YomiageError

log = logging.getLogger(__name__)

AHEAD = 2
"""Parts that may wait between two stages: enough to never starve, few enough to cut cheaply."""
TOGETHER = 4
"""Sentences that are translated at once. Eight would be a tenth quicker, and twice as long on their way."""
JOIN_SECONDS = 2.0
NARRATION_END = -1


@dataclass(frozen=True)
class Part:
    """A clause or sentence of a narration on its way, or the end of a sentence or of the whole."""

    narration: Narration
    index: int
    """The sentence it belongs to; NARRATION_END in the part that ends the narration."""
    text: str | None = None
    """None in a part that only marks an end."""
    clip: AudioClip | None = None
    """The text as speech, from the speech thread on."""


class Pipeline:
    """Takes narrations from the schedule and makes them heard. Cancellation travels on the narration."""

    def __init__(self, schedule: Schedule, studio: Studio) -> None:
        self._schedule = schedule
        self._studio = studio
        self._translated: queue.Queue[Part | None] = queue.Queue(maxsize=AHEAD)
        self._synthesized: queue.Queue[Part | None] = queue.Queue(maxsize=AHEAD)
        self._progress = Progress()
        self._alternation = Alternation()
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
        """Ends the threads, once the schedule is closed."""
        for thread in self._threads:
            thread.join(JOIN_SECONDS)

    def _translate_all(self) -> None:
        while (narration := self._schedule.next()) is not None:
            try:
                self._translate(narration)
            except Exception:
                log.exception("narration %d could not be prepared", narration.id)
            self._translated.put(Part(narration, NARRATION_END))
        self._translated.put(None)

    def _translate(self, narration: Narration) -> None:
        sentences = self._studio.clean(narration.text)
        narration.timeline.mark(Stage.CLEANED)
        if sentences and (name := self._alternation.name_to_say(narration)) and self._studio.settings.session_label:
            narration.timeline.mark(Stage.FIRST_TRANSLATED)
            self._translated.put(Part(narration, narration.first_sentence, f"{to_reading(name, user_terms())}、"))
        for index, text in self._japanese(sentences, narration):
            if narration.cancelled.is_set():
                return
            if text is not None:
                narration.timeline.mark(Stage.FIRST_TRANSLATED)
            self._translated.put(Part(narration, index, text))

    def _japanese(self, sentences: Sequence[Sentence], narration: Narration) -> Iterator[tuple[int, str | None]]:
        """What of each sentence is there to be spoken, as it comes, and None at its end."""
        first = narration.first_sentence
        if self._studio.settings.streaming and first < len(sentences):
            # The first sentence clause by clause, for latency. By the second there is speech to be heard meanwhile,
            # and a voice reads a whole sentence better than its parts.
            for part in self._studio.translators.stream(sentences[first]):
                yield first, part.text
            yield first, None
            first += 1
        for start, end in _groups(first, len(sentences)):
            unwanted = narration.cancelled.is_set
            for index, part in enumerate(
                self._studio.translators.translate_together(sentences[start:end], unwanted), start
            ):
                yield index, part.text
                yield index, None

    def _synthesize_all(self) -> None:
        voice: str | None = None
        while (part := self._translated.get()) is not None:
            if part.text is None:
                if part.index == NARRATION_END:
                    voice = None
                self._synthesized.put(part)
            elif not part.narration.cancelled.is_set():
                try:
                    voice = self._synthesize(part, part.text, voice)
                except YomiageError as error:
                    log.warning("narration %d: a sentence stays unspoken: %s", part.narration.id, error)
                except Exception:
                    log.exception("narration %d: a voice failed", part.narration.id)
        self._synthesized.put(None)

    def _synthesize(self, part: Part, text: str, voice: str | None) -> str | None:
        """Hands the text on as speech; the voice that spoke, which was that of the text before if there was one."""
        narration, voices = part.narration, self._studio.voices
        preferred = voice or narration.preferred_voice
        if voice is not None:
            clip, voice = voices.synthesize(text, preferred, narration.voice)
            self._synthesized.put(Part(narration, part.index, text, clip))
            return voice
        # Nothing is heard yet: what a voice has made of its first words is not kept waiting for the others.
        for clip, name in voices.stream(text, preferred, narration.voice):
            if narration.cancelled.is_set():
                break
            voice = name
            narration.timeline.mark(Stage.FIRST_SYNTHESIZED)
            self._synthesized.put(Part(narration, part.index, text, clip))
        return voice

    def _play_all(self) -> None:
        while (part := self._synthesized.get()) is not None:
            narration = part.narration
            try:
                if not narration.cancelled.is_set():
                    self._play(part)
            except EngineUnavailable as error:
                log.warning("narration %d: no sound: %s", narration.id, error)
                narration.cancelled.set()  # its other sentences would find no output either
            except YomiageError as error:
                log.warning("narration %d: no sound: %s", narration.id, error)
            except Exception:
                log.exception("narration %d: the output failed", narration.id)
            if part.index == NARRATION_END:
                self._progress = Progress()
                self._schedule.done(narration)

    def _play(self, part: Part) -> None:
        narration = part.narration
        if part.clip is not None:
            self._studio.output.open()
            narration.timeline.mark(Stage.FIRST_AUDIO_OUT)
            for piece in _pieces(part.clip):
                if not self._studio.output.write(piece, narration.cancelled):
                    return
                self._progress.add(len(piece.samples))
                if (sentence := self._progress.heard()) is not None:
                    self._schedule.heard(narration, sentence)
        elif part.index == NARRATION_END:
            self._studio.output.drain(narration.cancelled)
        elif self._progress.began:
            self._progress.end_of_sentence(part.index)
            self._studio.output.write(PAUSE, narration.cancelled)
            self._progress.add(len(PAUSE.samples))


def _groups(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Sentences to translate together: one, two, then four at a time, so that none waits for many others."""
    size = 1
    while start < end:
        yield start, min(start + size, end)
        start, size = start + size, min(2 * size, TOGETHER)


def _pieces(clip: AudioClip) -> Iterator[AudioClip]:
    """Short enough for the progress to be known while a long sentence is heard."""
    for start in range(0, len(clip.samples), SAMPLE_RATE):
        yield AudioClip(clip.samples[start : start + SAMPLE_RATE])
