"""Another rate at the same pitch, for engines that have none of their own."""

from __future__ import annotations

import functools
import logging

import numpy as np
import numpy.typing as npt

from daemon.narration import SAMPLE_RATE
from daemon.speech.shaping import Samples

log = logging.getLogger(__name__)

SMALLEST_CHANGE = 0.01
"""A rate this near to 1 is left alone: nobody hears it."""


def at_rate(samples: Samples, rate: float) -> Samples:
    """The samples, so many times as quick. As they are where the library for it is missing."""
    if abs(rate - 1) < SMALLEST_CHANGE or not len(samples) or not _available():
        return samples
    from python_stretch.Signalsmith import Stretch

    stretch = Stretch(1)  # a seed: the same sentence sounds the same
    stretch.preset(1, SAMPLE_RATE)
    stretch.setTimeFactor(rate)
    scaled: npt.NDArray[np.float32] = np.asarray(stretch.process(samples[np.newaxis].astype(np.float32)))[0]
    made: Samples = np.clip(np.rint(scaled), -32768, 32767).astype(np.int16)
    return made


@functools.cache
def _available() -> bool:
    try:
        import python_stretch.Signalsmith  # noqa: F401
    except ImportError as error:
        log.warning("This voice keeps its own rate: python-stretch cannot be used here (%s).", error)
        return False
    return True
