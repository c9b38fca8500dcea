"""Open JTalk: offline, always there."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from daemon.narration import SAMPLE_RATE, AudioClip
from daemon.speech import shaping
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
    """pyopenjtalk-plus, with the dictionary and the voice inside its wheel.

    Safe to call from several threads: the library locks its analyzer and its vocoder, and lets go of the GIL in both.
    """

    reads_latin: ClassVar[bool] = False

    def __init__(self, settings: Settings) -> None:
        import pyopenjtalk

        self._pyopenjtalk = pyopenjtalk
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

    def synthesize(self, text: str) -> AudioClip:
        text = _REPEATED.sub(r"\1\1\1\1", text)
        waves = [self._speak(part) for part in parts(text, LONGEST_PART)]
        if not waves:
            return AudioClip(shaping.silence())
        return AudioClip(shaping.trim(shaping.limit(np.concatenate(waves))))

    def _speak(self, text: str) -> npt.NDArray[np.float64]:
        try:
            wave, rate = self._pyopenjtalk.tts(text)
        except (RuntimeError, ValueError, UnicodeError) as error:
            raise EngineFailed(f"Open JTalk failed on a part of {len(text)} characters ({error})") from error
        if rate != SAMPLE_RATE:
            raise EngineFailed(f"Open JTalk answered at {rate} Hz, not {SAMPLE_RATE}")
        if np.abs(wave).max(initial=0.0) <= _RUNAWAY:  # False for NaN, too
            return np.asarray(wave, dtype=np.float64)
        if len(text) < 2 * SHORTEST_PART:
            raise EngineFailed(f"Open JTalk's vocoder ran away on a part of {len(text)} characters")
        half = len(text) // 2
        return np.concatenate([self._speak(text[:half]), self._speak(text[half:])])
