"""Open JTalk: offline, always there."""

from __future__ import annotations

import importlib.util
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from daemon.narration import SAMPLE_RATE, AudioClip
from daemon.speech import shaping, slices, wav
from daemon.speech.engine import ANY_RATE
from daemon.speech.parts import parts
from tts_plugin.errors import EngineFailed, EngineUnavailable
from tts_plugin.settings import Settings

LONGEST_PART = 80
"""Characters that the vocoder is given at once."""
SHORTEST_PART = 8
_JOINT = SAMPLE_RATE // 100
"""Samples in which one piece of a sentence fades into the next."""
_IN_TIME = 0.8
"""The share of a piece's length that the work on the next one may be expected to take."""
_MOST_MATCH = 2.0
"""The vocoder makes a short piece up to 5 dB louder than it makes the same sounds within the sentence."""

_Wave = npt.NDArray[np.float64]
_SILENCE: _Wave = np.zeros(0)
# The vocoder's filter runs away on long chains of vowels: 50 times あ reach 10¹² times full scale.
_RUNAWAY = 8 * 32767
_REPEATED = re.compile(r"(.)\1{4,}")
_CURE = "Run install.sh again, or leave openjtalk out of `voices` in settings.json."


class OpenJTalk:
    """pyopenjtalk-plus, with the dictionary and a voice inside its wheel.

    Safe to call from several threads: the library locks its analyzer and its own vocoder, and lets go of the GIL in
    both. The vocoder of the user's voice is ours to lock.
    """

    reads_latin: ClassVar[bool] = False
    SETTINGS: ClassVar[tuple[str, ...]] = ("openjtalk_voice", "openjtalk_pitch")
    rates = ANY_RATE

    def __init__(self, settings: Settings) -> None:
        import pyopenjtalk

        self._pyopenjtalk = pyopenjtalk
        self._pitch = settings.openjtalk_pitch
        self._vocoder: Any = None
        self._turn = threading.Lock()
        if settings.openjtalk_voice is not None:
            try:
                self._vocoder = pyopenjtalk.HTSEngine(str(_voice_file(settings.openjtalk_voice)).encode())
            except RuntimeError as error:
                raise EngineUnavailable(
                    f"Open JTalk cannot use {settings.openjtalk_voice} as a voice ({error}). "
                    "Correct `openjtalk_voice` in settings.json."
                ) from error
        # Loads the dictionary, the vocoder and the tables for kanji of several readings: 0.2 s that no sentence pays.
        self.synthesize("その方が何かと良い。")

    @classmethod
    def check(cls, settings: Settings) -> None:
        found = importlib.util.find_spec("pyopenjtalk")
        if found is None or found.origin is None:
            raise EngineUnavailable(f"Open JTalk (pyopenjtalk-plus) is not installed. {_CURE}")
        home = Path(found.origin).parent
        for part in ("dictionary/sys.dic", "htsvoice/mei_normal.htsvoice"):
            if not (home / part).is_file():
                raise EngineUnavailable(f"Open JTalk's {part} was not found in {home}. {_CURE}")
        if settings.openjtalk_voice is not None and not _voice_file(settings.openjtalk_voice).is_file():
            raise EngineUnavailable(
                f"The voice {settings.openjtalk_voice} was not found. Correct `openjtalk_voice` in settings.json."
            )

    def synthesize(self, text: str, rate: float = 1.0) -> AudioClip:
        waves = [self._vocode(self._labels(part), rate) for part in _readable(text)]
        if not waves:
            return AudioClip(shaping.silence())
        return AudioClip(shaping.trim(shaping.limit(np.concatenate(waves))))

    def stream(self, text: str, rate: float = 1.0) -> Iterator[AudioClip]:
        """The vocoder takes 42 ms for a second of speech: a sentence's first second need not wait for the others."""
        readable = _readable(text)
        begun = False
        for part in readable:
            for wave, ends in self._slices(self._labels(part), rate):
                ends = ends and part is readable[-1]
                yield AudioClip(shaping.trim(shaping.limit(wave), head=not begun, tail=ends))
                begun = True

    def _slices(self, labels: list[str], speed: float) -> Iterator[tuple[_Wave, bool]]:
        """The sound of the labels in pieces, and whether it is the last one.

        The labels are those of the whole sentence, and so is the intonation. How long a label sounds depends on itself
        alone, so that the pieces' overlap can be measured; but not at another speed, when the vocoder stretches
        what it is given as a whole: then there is one piece.
        """
        edges = [0, *(slices.cuts(labels) if speed == 1 else []), len(labels)]
        ready, tail, loudness = _SILENCE, _SILENCE, 0.0
        for begin, end, further in zip(edges, edges[1:], [*edges[2:], len(labels)], strict=False):
            begun = time.monotonic()
            before, after = labels[max(0, begin - slices.AROUND) : begin], labels[end : end + slices.AROUND]
            wave = self._vocode([*before, *labels[begin:end], *after], speed)
            if before:
                wave = _joined(tail, wave[self._length(before) :], loudness)
            until = len(wave) - self._length(after)
            wave, tail = wave[:until], wave[until : until + _JOINT]
            loudness = loudness or shaping.loudness(wave)
            ready = np.concatenate([ready, wave])
            # On a machine that is too busy the next piece would not be there in time: it is waited for.
            expected = (time.monotonic() - begun) * (further - end) / (end - begin)
            if expected <= _IN_TIME * len(ready) / SAMPLE_RATE:
                yield ready, end == len(labels)
                ready = _SILENCE

    def _length(self, labels: list[str]) -> int:
        """How many samples the labels sound. What sounds is of no use: so few labels ring like none that are spoken."""
        return len(_at_our_rate(*self._sound(labels, 1.0))) if labels else 0

    def _labels(self, text: str) -> list[str]:
        try:
            labels: list[str] = self._pyopenjtalk.extract_fullcontext(text)
        except (RuntimeError, ValueError, UnicodeError) as error:
            raise EngineFailed(f"Open JTalk cannot read a part of {len(text)} characters ({error})") from error
        return labels

    def _vocode(self, labels: list[str], speed: float) -> _Wave:
        try:
            wave, rate = self._sound(labels, speed)
        except RuntimeError as error:
            raise EngineFailed(f"Open JTalk failed on a part of {len(labels)} sounds ({error})") from error
        if np.abs(wave).max(initial=0.0) <= _RUNAWAY:  # False for NaN, too
            return _at_our_rate(np.asarray(wave, dtype=np.float64), rate)
        if len(labels) < 2 * SHORTEST_PART:
            raise EngineFailed(f"Open JTalk's vocoder ran away on a part of {len(labels)} sounds")
        half = len(labels) // 2
        return np.concatenate([self._vocode(labels[:half], speed), self._vocode(labels[half:], speed)])

    def _sound(self, labels: list[str], speed: float) -> tuple[npt.NDArray[np.float64], int]:
        if self._vocoder is None:
            sound: tuple[npt.NDArray[np.float64], int] = self._pyopenjtalk.synthesize(labels, speed, self._pitch)
            return sound
        with self._turn:
            self._vocoder.set_speed(speed)
            self._vocoder.add_half_tone(self._pitch)
            return self._vocoder.synthesize(labels), self._vocoder.get_sampling_frequency()


def _readable(text: str) -> list[str]:
    return parts(_REPEATED.sub(r"\1\1\1\1", text), LONGEST_PART)


def _joined(tail: _Wave, wave: _Wave, loudness: float) -> _Wave:
    """The wave, as loud as the piece before it, whose tail fades into it."""
    own = shaping.loudness(wave)
    wave = wave * np.clip(loudness / own, 1 / _MOST_MATCH, _MOST_MATCH) if own and loudness else wave.copy()
    length = min(len(tail), len(wave))
    fade = np.linspace(0, 1, length)
    wave[:length] = wave[:length] * fade + tail[:length] * (1 - fade)
    return wave


def _voice_file(setting: str) -> Path:
    return Path(setting).expanduser()


def _at_our_rate(wave: npt.NDArray[np.float64], rate: int) -> npt.NDArray[np.float64]:
    """The wave at 48 kHz, as which the voice in the wheel was made; other voices have 16 or 44.1."""
    if rate == SAMPLE_RATE:
        return wave
    loudest = max(np.abs(wave).max(initial=0.0), 1.0)  # the converter clips, our limiter does not
    scaled: npt.NDArray[np.float64] = wav.resampled((wave / loudest).astype(np.float32), rate) * (loudest / 32767)
    return scaled
