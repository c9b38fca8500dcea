"""Position embeddings, which these models compute instead of learning them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def positions(longest: int, width: int, *, marian: bool = False) -> npt.NDArray[np.float32]:
    """Sinusoids: sines in the first half of a row, cosines in the second.

    M2M-100 begins to count at 2 (1 is the padding's) and slows down a little faster than Marian.
    """
    half = width // 2
    first, slowest = (0, half) if marian else (2, half - 1)
    rates = np.exp(np.arange(half, dtype=np.float32) * -(np.log(10_000.0) / slowest))
    angles = np.arange(first, first + longest, dtype=np.float32)[:, None] * rates[None]
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1, dtype=np.float32)
