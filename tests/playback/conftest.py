"""Clips to play."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from daemon.narration import SAMPLE_RATE, AudioClip


def sweep(seconds: float, low: float = 300, high: float = 3000) -> AudioClip:
    """A rising tone: no two stretches of it are alike, so it shows where a sample went missing."""
    at = np.arange(round(SAMPLE_RATE * seconds)) / SAMPLE_RATE
    phase = 2 * np.pi * (low * at + (high - low) * at**2 / (2 * seconds))
    return AudioClip((8000 * np.cos(phase)).astype(np.int16))


@pytest.fixture
def going() -> threading.Event:
    """The cancellation of a narration that nobody cuts."""
    return threading.Event()
