"""Tokenized pairs, on the disk and as batches of sentences of like length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from training.pieces import BLANK, END, PAD

Ids = npt.NDArray[np.int64]
OWN, CORPUS, NEAR = "own.npz", "corpus-{:02}.npz", "near.npy"
"""File names: our own pairs, the parts of the corpus, and which of its pairs are like our own."""
SHARD = 90_000
"""Pairs in one file, which keeps it well under 16 MB."""


@dataclass(frozen=True)
class Data:
    """All pairs: the ids of a side one behind the other, and where each sentence ends."""

    source: npt.NDArray[np.uint16]
    source_ends: Ids
    target: npt.NDArray[np.uint16]
    target_ends: Ids
    tier: npt.NDArray[np.uint8]
    near: npt.NDArray[np.bool_]
    """Of our own pairs and of those that are like them."""

    def __len__(self) -> int:
        return len(self.tier)

    def lengths(self) -> tuple[Ids, Ids]:
        return np.diff(self.source_ends, prepend=0), np.diff(self.target_ends, prepend=0)


def write(file: Path, sources: Sequence[list[int]], targets: Sequence[list[int]], tiers: Sequence[int]) -> None:
    """Writes the pairs into one file."""
    unfinished = file.with_suffix(".part.npz")
    np.savez_compressed(
        unfinished,
        source=np.array([n for ids in sources for n in ids], np.uint16),
        source_lengths=np.array([len(ids) for ids in sources], np.uint16),
        target=np.array([n for ids in targets for n in ids], np.uint16),
        target_lengths=np.array([len(ids) for ids in targets], np.uint16),
        tier=np.array(tiers, np.uint8),
    )
    unfinished.rename(file)


def read(folder: Path) -> Data:
    if not (folder / OWN).is_file():
        raise FileNotFoundError(f"{folder} holds no {OWN}. Run `python -m training.prepare` first.")
    own = load([folder / OWN])
    parts = (own, replace(load(corpus_files(folder)), near=np.load(folder / NEAR)))
    together = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in (field.name for field in fields(Data))
    }
    for ends, ids in (("source_ends", own.source), ("target_ends", own.target)):
        together[ends][len(own) :] += len(ids)
    return Data(**together)


def corpus_files(folder: Path) -> list[Path]:
    return sorted(folder.glob(CORPUS.format(0).replace("00", "??")))


def load(files: Sequence[Path]) -> Data:
    """What these files hold, as if it were all near."""
    shards = [np.load(file) for file in files]
    together = {name: np.concatenate([shard[name] for shard in shards]) for name in shards[0].files}
    return Data(
        together["source"],
        np.cumsum(together["source_lengths"], dtype=np.int64),
        together["target"],
        np.cumsum(together["target_lengths"], dtype=np.int64),
        together["tier"],
        np.ones(len(together["tier"]), np.bool_),
    )


class Batch(NamedTuple):
    """Pairs of like length, one a row, padded at the end."""

    source: Ids
    given: Ids
    """What the decoder is given; `wanted` is what it should say."""
    wanted: Ids

    @property
    def tokens(self) -> int:
        return int((self.wanted != PAD).sum())


def epoch(
    data: Data, weights: Sequence[float], far: float, cells: int, longest: int, seed: int, relabel: Relabel
) -> Iterator[Batch]:
    """Every pair as often as its tier's weight says (0.5: every second one, anew each time); times `far` if not near.

    `cells`: the most that one side of a batch holds, padding counted in. Pairs with a side over `longest` are left out.
    """
    random = np.random.default_rng(seed)
    times = np.asarray(weights)[data.tier] * np.where(data.near, 1.0, far)
    source_lengths, target_lengths = data.lengths()
    lengths = np.maximum(source_lengths, target_lengths)
    times = np.where(lengths <= longest, times, 0)
    order = np.repeat(np.arange(len(data)), np.floor(times + random.random(len(data))).astype(np.int64))
    # Sorted by length, those of one length in any order; then the batches in any order.
    order = order[np.lexsort((random.random(len(order)), source_lengths[order], lengths[order]))]
    groups, begun = [], 0
    for at, length in enumerate(lengths[order].tolist()):
        if length * (at + 1 - begun) > cells:
            groups.append(order[begun:at])
            begun = at
    groups.append(order[begun:])
    for group in random.permutation(len(groups)):
        yield _batch(data, groups[group], relabel, random)


@dataclass(frozen=True)
class Relabel:
    """Gives placeholders other numbers, the same on both sides, so that all are learned and none by its place."""

    families: Sequence[tuple[int, int, int]]
    """First id of placeholders that may stand for one another, English side and Japanese side, and their number."""
    share: float = 0.5
    """Of the pairs that get other numbers."""

    def __call__(self, pair_of: Sequence[Ids], ids: Sequence[Ids], pairs: int, random: np.random.Generator) -> None:
        """Changes the ids of both sides in place. `pair_of`: which of the pairs each id belongs to, on each side."""
        changed = random.random(pairs) < self.share
        for *firsts, count in self.families:
            order = np.argsort(random.random((pairs, count)), axis=1)
            order[~changed] = np.arange(count)
            for first, owner, side in zip(firsts, pair_of, ids, strict=True):
                held = np.flatnonzero((first <= side) & (side < first + count))
                side[held] = first + order[owner[held], side[held] - first]


def _batch(data: Data, pairs: Ids, relabel: Relabel, random: np.random.Generator) -> Batch:
    sides = ((data.source, data.source_ends), (data.target, data.target_ends))
    owners, places, values = [], [], []
    for ids, ends in sides:
        starts = np.where(pairs, ends[pairs - 1], 0)
        lengths = ends[pairs] - starts
        owner = np.repeat(np.arange(len(pairs)), lengths)
        place = np.arange(len(owner)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        owners.append(owner)
        places.append(place)
        values.append(ids[starts[owner] + place].astype(np.int64))
    relabel(owners, values, len(pairs), random)
    source, wanted = (
        np.full((len(pairs), place.max() + 1), blank) for place, blank in zip(places, (BLANK, PAD), strict=True)
    )
    for rows, owner, place, value in zip((source, wanted), owners, places, values, strict=True):
        rows[owner, place] = value
    given = np.concatenate([np.full((len(pairs), 1), END), wanted[:, :-1]], axis=1)
    return Batch(source, given, wanted)
