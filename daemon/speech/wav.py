"""WAV in memory to samples."""

from __future__ import annotations

import miniaudio
import numpy as np
import numpy.typing as npt

from daemon.narration import SAMPLE_RATE
from daemon.speech.shaping import Samples
from tts_plugin.errors import EngineFailed

UNTOLD = 0x7FFF_0000
"""Bytes; a header that promises this much or more was written before its writer knew the length."""


def decode(data: bytes) -> Samples:
    """The WAV as 48 kHz mono; EngineFailed where it is none, or breaks off."""
    promised, present = _sound_bytes(data)
    if present < promised < UNTOLD:
        raise EngineFailed(f"the answer's WAV breaks off after {present} of {promised} bytes")
    if promised >= UNTOLD:  # a stream's: the decoder would take its length at its word
        data = _with_length(data, present)
    try:
        decoded = miniaudio.decode(
            data, output_format=miniaudio.SampleFormat.SIGNED16, nchannels=1, sample_rate=SAMPLE_RATE
        )
    except miniaudio.DecodeError as error:
        raise EngineFailed(f"the answer's WAV cannot be decoded ({error})") from error
    return np.asarray(decoded.samples, dtype=np.int16)


def resampled(wave: npt.NDArray[np.float32], rate: int) -> Samples:
    """A mono wave between -1 and 1 as 48 kHz; what is beyond is clipped."""
    made = miniaudio.convert_frames(
        miniaudio.SampleFormat.FLOAT32,
        1,
        rate,
        np.ascontiguousarray(wave, dtype=np.float32).tobytes(),
        miniaudio.SampleFormat.SIGNED16,
        1,
        SAMPLE_RATE,
    )
    return np.frombuffer(made, dtype=np.int16)


def _sound_bytes(data: bytes) -> tuple[int, int]:
    """How many bytes of sound the header promises, and how many are there."""
    at = _sound_at(data)
    return int.from_bytes(data[at - 4 : at], "little"), len(data) - at


def _with_length(data: bytes, length: int) -> bytes:
    at = _sound_at(data)
    return data[: at - 4] + length.to_bytes(4, "little") + data[at:]


def _sound_at(data: bytes) -> int:
    """Where the sound begins: behind the header of the chunk "data"."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise EngineFailed("the answer is no WAV")
    at = 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if name == b"data":
            return at + 8
        at += 8 + size + size % 2
    raise EngineFailed("the answer's WAV holds no sound")
