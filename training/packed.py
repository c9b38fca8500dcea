"""Tokenized pairs, on the disk and as batches of one fixed shape."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from training.pieces import END, PAD

Ids = npt.NDArray[np.int64]
SHARD = 90_000
"""Pairs in one file, which keeps it well under 16 MB."""


class Data(NamedTuple):
    """All pairs: the ids of a side one behind the other, and where each sentence ends."""

    source: npt.NDArray[np.uint16]
    source_ends: Ids
    target: npt.NDArray[np.uint16]
    target_ends: Ids
    tier: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.tier)

    def lengths(self) -> tuple[Ids, Ids]:
        return np.diff(self.source_ends, prepend=0), np.diff(self.target_ends, prepend=0)


def write(folder: Path, sources: Sequence[list[int]], targets: Sequence[list[int]], tiers: Sequence[int]) -> list[Path]:
    """Writes the pairs as train-00.npz and so on."""
    files = []
    for start in range(0, len(tiers), SHARD):
        part = slice(start, start + SHARD)
        file = folder / f"train-{start // SHARD:02}.npz"
        unfinished = file.with_suffix(".part.npz")
        np.savez_compressed(
            unfinished,
            source=np.concatenate([np.array(ids, np.uint16) for ids in sources[part]]),
            source_lengths=np.array([len(ids) for ids in sources[part]], np.uint16),
            target=np.concatenate([np.array(ids, np.uint16) for ids in targets[part]]),
            target_lengths=np.array([len(ids) for ids in targets[part]], np.uint16),
            tier=np.array(tiers[part], np.uint8),
        )
        files.append(unfinished.rename(file))
    return files


def read(folder: Path) -> Data:
    shards = [np.load(file) for file in sorted(folder.glob("train-??.npz"))]
    if not shards:
        raise FileNotFoundError(f"{folder} holds no train-00.npz. Run `python -m training.prepare` first.")
    together = {name: np.concatenate([shard[name] for shard in shards]) for name in shards[0].files}
    return Data(
        together["source"],
        np.cumsum(together["source_lengths"], dtype=np.int64),
        together["target"],
        np.cumsum(together["target_lengths"], dtype=np.int64),
        together["tier"],
    )


class Batch(NamedTuple):
    """Rows of several sentences each. `*_sentence` numbers them within the row from 1; 0 is padding."""

    source: Ids
    source_sentence: Ids
    source_place: Ids
    given: Ids
    """What the decoder is given; `wanted` is what it should say."""
    wanted: Ids
    target_sentence: Ids
    target_place: Ids

    @property
    def tokens(self) -> int:
        return int((self.wanted != PAD).sum())


def epoch(data: Data, weights: Sequence[float], rows: int, width: int, seed: int, relabel: Relabel) -> Iterator[Batch]:
    """Every pair as often as its tier's weight says (0.5: every second one, anew each time), in full batches."""
    random = np.random.default_rng(seed)
    times = np.asarray(weights)[data.tier]
    source_lengths, target_lengths = data.lengths()
    times = np.where((source_lengths <= width) & (target_lengths <= width), times, 0)
    order = np.repeat(np.arange(len(data)), np.floor(times + random.random(len(data))).astype(np.int64))
    random.shuffle(order)
    rows_of_pairs = _fill(order, source_lengths, target_lengths, width)
    for start in range(0, len(rows_of_pairs) - rows + 1, rows):
        yield _batch(data, rows_of_pairs[start : start + rows], width, relabel, random)


def _fill(order: Ids, source_lengths: Ids, target_lengths: Ids, width: int) -> list[list[int]]:
    """Puts pairs into rows, some rows open at a time, so that neither side of a row is longer than `width`."""
    done: list[list[int]] = []
    open_rows: list[tuple[int, int, list[int]]] = []
    lengths = zip(order.tolist(), source_lengths[order].tolist(), target_lengths[order].tolist(), strict=True)
    for pair, source, target in lengths:
        for at, (source_left, target_left, row) in enumerate(open_rows):
            if source <= source_left and target <= target_left:
                row.append(pair)
                open_rows[at] = (source_left - source, target_left - target, row)
                break
        else:
            if len(open_rows) == 8:
                fullest = min(range(8), key=lambda at: min(open_rows[at][:2]))
                done.append(open_rows.pop(fullest)[2])
            open_rows.append((width - source, width - target, [pair]))
    return done + [row for _, _, row in open_rows]


@dataclass(frozen=True)
class Relabel:
    """Gives placeholders other numbers, the same on both sides, so that all are learned and none by its place."""

    families: Sequence[tuple[int, int]]
    """First and last id of the placeholders that may stand for one another."""
    share: float = 0.4
    """Of the pairs that get other numbers."""

    def tables(self, pairs: int, random: np.random.Generator) -> tuple[int, Ids]:
        """The lowest id that may change, and for each pair the new id of that one and of those after it."""
        low = min(first for first, _ in self.families)
        table = np.tile(np.arange(low, 1 + max(last for _, last in self.families)), (pairs, 1))
        changed = np.flatnonzero(random.random(pairs) < self.share)
        for first, last in self.families:
            table[changed, first - low : last - low + 1] = first + np.argsort(
                random.random((len(changed), last - first + 1)), axis=1
            )
        return low, table


def _batch(data: Data, rows: list[list[int]], width: int, relabel: Relabel, random: np.random.Generator) -> Batch:
    pairs = np.concatenate(rows)
    row = np.repeat(np.arange(len(rows)), [len(members) for members in rows])
    number = np.concatenate([np.arange(1, len(members) + 1) for members in rows])
    low, tables = relabel.tables(len(pairs), random)

    def side(ids: npt.NDArray[np.uint16], ends: Ids) -> tuple[Ids, Ids, Ids]:
        starts = np.where(pairs, ends[pairs - 1], 0)
        lengths = ends[pairs] - starts
        before = np.cumsum(lengths) - lengths  # tokens of the pairs before, in this batch
        in_row = before - before[np.searchsorted(row, row)]
        owner = np.repeat(np.arange(len(pairs)), lengths)
        place = np.arange(len(owner)) - before[owner]
        values = ids[starts[owner] + place].astype(np.int64)
        held = (low <= values) & (values < low + tables.shape[1])
        values[held] = tables[owner[held], values[held] - low]
        where = row[owner] * width + in_row[owner] + place
        filled = (
            np.full(len(rows) * width, PAD),
            np.zeros(len(rows) * width, np.int64),
            np.zeros(len(rows) * width, np.int64),
        )
        for array, content in zip(filled, (values, number[owner], place), strict=True):
            array[where] = content
        return tuple(array.reshape(len(rows), width) for array in filled)  # type: ignore[return-value]

    source, source_sentence, source_place = side(data.source, data.source_ends)
    wanted, target_sentence, target_place = side(data.target, data.target_ends)
    given = np.where(target_place > 0, np.roll(wanted, 1, axis=1), END)
    given[target_sentence == 0] = PAD
    return Batch(source, source_sentence, source_place, given, wanted, target_sentence, target_place)
