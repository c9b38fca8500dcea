"""Silence, loudness and peaks."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from daemon.narration import SAMPLE_RATE
from daemon.speech import shaping


def tone(seconds: float, peak: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return peak * np.sin(2 * np.pi * 220 * np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE)


def test_trim_leaves_the_margin_and_the_speech() -> None:
    silent = np.zeros(SAMPLE_RATE // 2)
    trimmed = shaping.trim(np.concatenate([silent, tone(1, 8_000), silent]).astype(np.int16))
    assert len(trimmed) == pytest.approx(SAMPLE_RATE * 1.02, abs=SAMPLE_RATE // 100)


def test_trim_leaves_nothing_of_silence() -> None:
    assert len(shaping.trim(np.zeros(SAMPLE_RATE, np.int16))) == 0
    assert len(shaping.trim(np.zeros(0, np.int16))) == 0


def test_a_wave_that_fits_is_not_touched() -> None:
    wave = tone(0.5, 20_000)
    assert np.array_equal(shaping.limit(wave), np.rint(wave).astype(np.int16))


def test_a_peak_is_turned_down_and_its_shape_stays() -> None:
    wave = np.concatenate([tone(0.5, 10_000), tone(0.5, 90_000), tone(0.5, 10_000)])
    limited = shaping.limit(wave).astype(float)
    assert 0.9 * 32_767 < np.abs(limited).max() <= 32_767
    middle = slice(int(0.6 * SAMPLE_RATE), int(0.9 * SAMPLE_RATE))
    assert np.corrcoef(limited[middle], wave[middle])[0, 1] > 0.9999
    assert np.abs(limited[: int(0.4 * SAMPLE_RATE)] - wave[: int(0.4 * SAMPLE_RATE)]).max() <= 0.5


@pytest.mark.parametrize("volume", [0, 0.25, 1, 2, 4])
def test_volume_scales_and_never_wraps_around(volume: float) -> None:
    samples = tone(0.5, 15_000).astype(np.int16)
    louder = shaping.with_volume(samples, volume)
    assert np.abs(louder.astype(int)).max() == pytest.approx(min(15_000 * volume, shaping.CEILING), abs=300)
    assert np.all(np.sign(louder[np.abs(louder) > 1]) == np.sign(samples[np.abs(louder) > 1]))


@pytest.mark.parametrize("peak", [1_200, 8_000, 30_000])
def test_every_level_becomes_the_same(peak: float) -> None:
    speech = np.concatenate([tone(1, peak), np.zeros(SAMPLE_RATE), tone(1, peak)]).astype(np.int16)
    levelled = shaping.level(speech).astype(float)
    loud = levelled[: int(0.9 * SAMPLE_RATE)]
    assert 20 * np.log10(np.sqrt(np.square(loud).mean()) / 32768) == pytest.approx(-20, abs=0.3)
    assert np.abs(levelled[int(1.2 * SAMPLE_RATE) : int(1.8 * SAMPLE_RATE)]).max() == 0


def test_a_hiss_is_not_raised_to_speech() -> None:
    levelled = shaping.level(tone(1, 20).astype(np.int16))
    assert np.abs(levelled.astype(int)).max() <= 20 * shaping.MOST_GAIN + 1


@pytest.mark.parametrize("samples", [0, 100, SAMPLE_RATE])
def test_silence_has_no_level(samples: int) -> None:
    assert not np.any(shaping.level(np.zeros(samples, np.int16)))


def test_join_puts_the_pause_between() -> None:
    clips = [np.full(100, 1, np.int16), np.full(50, 2, np.int16)]
    joined = shaping.join(clips, 0.01)
    assert [len(joined), joined[0], joined[300], joined[-1]] == [100 + 480 + 50, 1, 0, 2]


def test_no_warning_about_ffmpeg_is_printed() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import daemon.speech.shaping"],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": "", "PYTHONPATH": ":".join(sys.path)},
    )
    assert (done.returncode, done.stderr) == (0, "")
