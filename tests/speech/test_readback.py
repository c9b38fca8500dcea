"""What is understood of what is spoken, voice by voice: the mean error rate in kana, against the intended reading."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from daemon.narration import SAMPLE_RATE
from daemon.speech.chain import VoiceChain
from tests.rig.ear import Ear, error_rate
from tts_plugin.settings import Settings, VoiceName

PAIRS = [
    line.split("\t")
    for line in Path(__file__).with_name("readback.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("# ")
]


@pytest.mark.parametrize(("name", "bound"), [("openjtalk", 0.12), ("kokoro", 0.16)])
def test_a_sample_is_understood(name: VoiceName, bound: float, ear: Ear, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(PAIRS) >= 12
    chain = VoiceChain(Settings(voices=(name,), speech_cache=False))
    rates = []
    told = []
    for written, meant in PAIRS:
        heard = ear.transcribe(chain.synthesize(written)[0].samples, SAMPLE_RATE)
        rates.append(error_rate(heard, meant))
        told.append(f"  {rates[-1]:.2f}  {meant}  {heard}")
    mean = statistics.mean(rates)
    with capsys.disabled():
        print(f"\n{name}: mean kana error rate {mean:.3f} over {len(rates)} sentences")
    assert mean < bound, "\n".join(told)
