"""Quicker and slower speech at the same pitch."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.narration import SAMPLE_RATE
from daemon.speech.openjtalk import OpenJTalk
from daemon.speech.rate import at_rate
from daemon.speech.shaping import Samples
from tests.rig.ear import Ear, error_rate
from tts_plugin.settings import Settings

SENTENCE = "テストが全て成功しました。次に、設定ファイルを更新します。"


def tone(hertz: float, seconds: float = 2.0) -> Samples:
    return (8_000 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE)).astype(np.int16)


def pitch(samples: Samples) -> float:
    middle = samples[len(samples) // 4 : -len(samples) // 4].astype(float)
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    return float(np.argmax(spectrum) * SAMPLE_RATE / len(middle))


@pytest.mark.parametrize("rate", [0.5, 0.8, 1.5, 2.0, 3.0])
def test_the_length_changes_and_the_pitch_stays(rate: float) -> None:
    scaled = at_rate(tone(220), rate)
    assert len(scaled) == pytest.approx(2 * SAMPLE_RATE / rate, rel=0.02)
    assert pitch(scaled) == pytest.approx(220, abs=4)
    assert np.abs(scaled.astype(int)).max() < 16_000


def test_at_rate_one_nothing_is_touched() -> None:
    samples = tone(220)
    assert at_rate(samples, 1.0) is samples
    assert at_rate(samples, 1.005) is samples


def test_an_empty_clip_stays_empty() -> None:
    assert len(at_rate(np.zeros(0, np.int16), 2.0)) == 0


@pytest.mark.parametrize("rate", [0.5, 1.5])
def test_speech_stays_understandable(rate: float, ear: Ear) -> None:
    scaled = at_rate(OpenJTalk(Settings()).synthesize(SENTENCE).samples, rate)
    assert error_rate(ear.transcribe(scaled, SAMPLE_RATE), SENTENCE) < 0.25


@pytest.mark.parametrize("rate", [0.5, 2.0])
def test_open_jtalks_own_rate_keeps_pitch_and_words(rate: float, ear: Ear) -> None:
    voice = OpenJTalk(Settings())
    plain, scaled = voice.synthesize(SENTENCE), voice.synthesize(SENTENCE, rate)
    assert plain.seconds / scaled.seconds == pytest.approx(rate, rel=0.12)
    assert error_rate(ear.transcribe(scaled.samples, SAMPLE_RATE), SENTENCE) < 0.25
