"""Open JTalk: offline, always there."""

from __future__ import annotations

import importlib.util
import re
import threading
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from daemon.narration import SAMPLE_RATE, AudioClip
from daemon.speech import shaping, wav
from daemon.speech.engine import ANY_RATE
from daemon.speech.parts import parts
from tts_plugin.errors import EngineFailed, EngineUnavailable
from tts_plugin.settings import Settings

LONGEST_PART = 80
"""Characters that the vocoder is given at once."""
SHORTEST_PART = 8

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
        text = _REPEATED.sub(r"\1\1\1\1", text)
        waves = [self._speak(part, rate) for part in parts(text, LONGEST_PART)]
        if not waves:
            return AudioClip(shaping.silence())
        return AudioClip(shaping.trim(shaping.limit(np.concatenate(waves))))

    def _speak(self, text: str, speed: float) -> npt.NDArray[np.float64]:
        try:
            wave, rate = self._sound(text, speed)
        except (RuntimeError, ValueError, UnicodeError) as error:
            raise EngineFailed(f"Open JTalk failed on a part of {len(text)} characters ({error})") from error
        if np.abs(wave).max(initial=0.0) <= _RUNAWAY:  # False for NaN, too
            return _at_our_rate(np.asarray(wave, dtype=np.float64), rate)
        if len(text) < 2 * SHORTEST_PART:
            raise EngineFailed(f"Open JTalk's vocoder ran away on a part of {len(text)} characters")
        half = len(text) // 2
        return np.concatenate([self._speak(text[:half], speed), self._speak(text[half:], speed)])

    def _sound(self, text: str, speed: float) -> tuple[npt.NDArray[np.float64], int]:
        if self._vocoder is None:
            sound: tuple[npt.NDArray[np.float64], int]
            sound = self._pyopenjtalk.tts(text, speed=speed, half_tone=self._pitch)
            return sound
        labels = self._pyopenjtalk.extract_fullcontext(text)
        with self._turn:
            self._vocoder.set_speed(speed)
            self._vocoder.add_half_tone(self._pitch)
            return self._vocoder.synthesize(labels), self._vocoder.get_sampling_frequency()


def _voice_file(setting: str) -> Path:
    return Path(setting).expanduser()


def _at_our_rate(wave: npt.NDArray[np.float64], rate: int) -> npt.NDArray[np.float64]:
    """The wave at 48 kHz, as which the voice in the wheel was made; other voices have 16 or 44.1."""
    if rate == SAMPLE_RATE:
        return wave
    loudest = max(np.abs(wave).max(initial=0.0), 1.0)  # the converter clips, our limiter does not
    scaled: npt.NDArray[np.float64] = wav.resampled((wave / loudest).astype(np.float32), rate) * (loudest / 32767)
    return scaled
