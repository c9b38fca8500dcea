"""Beam search: several translations of a sentence grow side by side, and the likeliest as a whole is taken."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from typing import Protocol

from daemon.translation.decoding import repeating


class Rows(Protocol):
    """A row is a translation with what the decoder remembers of it."""

    def read(self, tokens: Sequence[Sequence[int]]) -> None:
        """The next tokens of each row."""

    def keep(self, rows: Sequence[int]) -> None:
        """These rows in this order: none, once or several times each."""

    def best(self, row: int, count: int, banned: Collection[int] = ()) -> list[tuple[float, int]]:
        """The likeliest tokens that a row may go on with, each with the logarithm of its probability."""


def search(
    rows: Rows, begun: Sequence[int], *, width: int, no_repeat: int, end: int, most: int, until: float
) -> Iterator[int]:
    """The ids after those that are there, the end's included; without it where none was found in time.

    `no_repeat`: so many tokens in a row come only once; `most`: how many ids there may be; `until`: the time of the
    monotonic clock at which it stops. Scores are those of transformers' beam search with its defaults: the mean over
    a translation's tokens.
    """
    written, sums = [[*begun]], [0.0]
    ended: list[tuple[float, list[int]]] = []
    rows.read(written)
    while len(written[0]) < most and time.monotonic() < until:
        found = sorted(
            (
                (total + logarithm, row, token)
                for row, (total, ids) in enumerate(zip(sums, written, strict=True))
                for logarithm, token in rows.best(row, 2 * width, repeating(ids, no_repeat))
            ),
            reverse=True,
        )
        length = len(written[0])  # with the next token, and without the first one, which is given
        ended += [(total / length, [*written[row], token]) for total, row, token in found[:width] if token == end]
        ended = sorted(ended, reverse=True)[:width]
        going = [(total, row, token) for total, row, token in found if token != end][:width]
        if len(ended) == width and going[0][0] / length <= ended[-1][0]:
            break
        rows.keep([row for _, row, _ in going])
        rows.read([[token] for _, _, token in going])
        written = [[*written[row], token] for _, row, token in going]
        sums = [total for total, _, _ in going]
    yield from (ended[0][1] if ended else written[0])[len(begun) :]
