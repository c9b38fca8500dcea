"""The shape of a clip: silence at its ends, loudness, peaks."""

from __future__ import annotations

import math
import warnings

import numpy as np
import numpy.typing as npt

from daemon.narration import SAMPLE_RATE

# Yomiage decodes and plays without ffmpeg; pydub says at import that it misses it.
warnings.filterwarnings("ignore", message="Couldn't find ff", category=RuntimeWarning, module="pydub")
from pydub import AudioSegment  # noqa: E402
from pydub.silence import detect_leading_silence  # noqa: E402

Samples = npt.NDArray[np.int16]

SILENCE = -50.0
"""dBFS below which 5 ms count as silent: under the quietest consonant, above an MP3's hiss."""
MARGIN_MS = 10
"""Silence that stays at each end, so that no soft onset is bitten off."""
CEILING = 0.97 * 32767
TARGET = 32768 * 10 ** (-20 / 20)
"""Root mean square of a levelled clip's speech: -20 dBFS, which leaves its peaks 17 dB above."""
MOST_GAIN = 8.0
"""18 dB: what is quieter than that is no speech to be raised."""
_LOUDNESS_BLOCK = SAMPLE_RATE // 20
_ATTACK = SAMPLE_RATE // 200
"""5 ms: how long before a peak the limiter has reached its gain."""


def silence() -> Samples:
    return np.zeros(0, dtype=np.int16)


def trim(samples: Samples, *, head: bool = True, tail: bool = True) -> Samples:
    """The samples without the silence before and after; nothing where all is silence."""
    segment = _segment(samples)
    before = detect_leading_silence(segment, silence_threshold=SILENCE, chunk_size=5)
    if before >= len(segment):
        return silence()
    after = detect_leading_silence(segment.reverse(), silence_threshold=SILENCE, chunk_size=5) if tail else 0
    kept = segment[max(0, before - MARGIN_MS) if head else 0 : len(segment) - max(0, after - MARGIN_MS)]
    return np.asarray(kept.get_array_of_samples(), dtype=np.int16)


def join(clips: list[Samples], pause_seconds: float) -> Samples:
    """The clips one after another, with a pause between them."""
    pause = np.zeros(int(pause_seconds * SAMPLE_RATE), dtype=np.int16)
    return np.concatenate([samples for clip in clips for samples in (pause, clip)][1:])


def level(samples: Samples, gain: float | None = None) -> Samples:
    """The samples at the loudness that every voice is given, so that a change of voice is none of loudness.

    `gain` is that of an earlier piece of the same sentence, where there was one.
    """
    gain = gain or gain_of(samples)
    return samples if gain == 1 else limit(samples.astype(np.float64) * gain)


def gain_of(samples: Samples) -> float:
    """What brings the samples to the common loudness; 1 where nothing is heard of them."""
    heard = loudness(samples.astype(np.float64))
    return min(MOST_GAIN, TARGET / heard) if heard else 1.0


def loudness(wave: npt.NDArray[np.float64]) -> float:
    """Root mean square of the blocks of 50 ms within 30 dB of the loudest, so that pauses do not count."""
    blocks = len(wave) // _LOUDNESS_BLOCK
    if not blocks:
        return 0.0
    power = np.square(wave[: blocks * _LOUDNESS_BLOCK]).reshape(blocks, _LOUDNESS_BLOCK).mean(axis=1)
    heard = power[power >= max(power.max() / 1000, 1.0)]
    return math.sqrt(heard.mean()) if len(heard) else 0.0


def with_volume(samples: Samples, volume: float) -> Samples:
    """The samples, so many times as loud; what would not fit is held under the ceiling."""
    if volume == 1 or not len(samples):
        return samples
    return limit(samples.astype(np.float64) * volume)


def limit(wave: npt.NDArray[np.float64]) -> Samples:
    """A wave in units of int16, its peaks turned down smoothly to fit: neither clipped nor wrapped around.

    Open JTalk's single vowels reach twice full scale. The gain of each 5 ms is the least that its
    neighbours need, and runs straight from one block to the next.
    """
    loudest = np.abs(wave).max(initial=0.0)
    if loudest > CEILING:
        blocks = -(-len(wave) // _ATTACK)
        peaks = np.abs(np.pad(wave, (0, blocks * _ATTACK - len(wave)))).reshape(blocks, _ATTACK).max(axis=1)
        around = np.pad(peaks, 2, mode="edge")
        peaks = np.max([around[shift : shift + blocks] for shift in range(5)], axis=0)
        gain = np.minimum(1.0, CEILING / np.maximum(peaks, 1.0))
        centres = (np.arange(blocks) + 0.5) * _ATTACK
        wave = wave * np.interp(np.arange(len(wave)), centres, gain)
    return np.clip(np.rint(wave), -32768, 32767).astype(np.int16)


def _segment(samples: Samples) -> AudioSegment:
    return AudioSegment(samples.tobytes(), sample_width=2, frame_rate=SAMPLE_RATE, channels=1)
