"""How near a pair of the corpus is to our own: by what two language models say of it (Moore and Lewis, 2010).

One knows our own pairs, the other the corpus. Where the first finds a sentence much likelier, it is of our kind.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from training.batches import Data, Ids

NEAR = -3.2
"""From this score on a pair counts as near: a third of the corpus."""
Float = npt.NDArray[np.float64]
_SPACE = 1 << 16
"""More than there are pieces: a pair of ids is one number."""


class Bigrams:
    """What follows what, in a text of ids; smoothed by how often each comes, and by chance."""

    def __init__(self, ids: Ids, before: Ids) -> None:
        self._alone = np.bincount(ids, minlength=_SPACE) / len(ids)
        self._first = np.bincount(before, minlength=_SPACE)
        self._pairs, self._times = np.unique(before * _SPACE + ids, return_counts=True)

    def likelihood(self, ids: Ids, before: Ids) -> Float:
        """The logarithm of each id's probability behind the one before it."""
        keys = before * _SPACE + ids
        at = np.minimum(np.searchsorted(self._pairs, keys), len(self._pairs) - 1)
        times = np.where(self._pairs[at] == keys, self._times[at], 0)
        behind = times / np.maximum(self._first[before], 1)
        result: Float = np.log(0.6 * behind + 0.39 * self._alone[ids] + 0.01 / _SPACE)
        return result


def scores(own: Data, other: Data) -> Float:
    """For each pair of the other data: how much likelier it is for a token to be one of our own, in both languages."""
    total: Float = np.zeros(len(other))
    for side in ("source", "target"):
        ours, theirs = (_side(data, side) for data in (own, other))
        ids, before, ends = theirs
        gain = Bigrams(*ours[:2]).likelihood(ids, before) - Bigrams(ids, before).likelihood(ids, before)
        sums = np.add.reduceat(gain, np.concatenate([[0], ends[:-1]]))
        total += sums / np.diff(ends, prepend=0)
    return total


def _side(data: Data, side: str) -> tuple[Ids, Ids, Ids]:
    ids: Any = getattr(data, side).astype(np.int64)
    ends: Ids = getattr(data, f"{side}_ends")
    before = np.roll(ids, 1)
    before[np.concatenate([[0], ends[:-1]])] = 0
    return ids, before, ends
