"""A translation with names that it lost: written anew from where a name was likeliest, with the name there."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from typing import Any, Protocol


class Rows(Protocol):
    def read(self, tokens: Sequence[Sequence[int]]) -> None:
        """The next tokens of each row."""

    def chance(self, row: int, token: int) -> float:
        """The logarithm of the probability that a row goes on with the token."""


class Model(Protocol):
    def write(self, source: Any, begun: Sequence[int], no_repeat: int = 0) -> Iterator[int]:
        """The likeliest token after those that are there, and so on: who has enough stops asking."""

    def rows(self, sources: Sequence[Any]) -> Rows:
        """A translation of each, of which nothing is written yet."""


class Forcing:
    """One sentence's translations, each as all its ids without the end's."""

    def __init__(self, model: Model, source: Any, begun: Sequence[int], *, end: int, most: int, until: float) -> None:
        """`most`: how many ids there may be; `until`: the time of the monotonic clock at which it gives up."""
        self._model = model
        self._source = source
        self._begun = begun
        self._end = end
        self._most = most
        self._until = until

    def holding(self, names: Sequence[Sequence[int]]) -> list[int] | None:
        """The greedy translation with as many of these runs of tokens as can be had; None where it has no end."""
        written = self._written(self._begun)
        for name in names:
            if written is None or _holds(written, name):
                continue
            place = self._likeliest(written, name[0])
            other = self._written([*written[:place], *name])
            if other is not None and sum(_holds(other, n) for n in names) > sum(_holds(written, n) for n in names):
                written = other
        return written

    def _written(self, begun: Sequence[int]) -> list[int] | None:
        written = [*begun]
        for token in itertools.islice(self._model.write(self._source, begun), max(0, self._most - len(begun))):
            if token == self._end:
                return written
            if time.monotonic() > self._until:
                break
            written.append(token)
        return None

    def _likeliest(self, written: Sequence[int], token: int) -> int:
        """Before which of the ids the token was likeliest; their number where that is the end."""
        rows = self._model.rows([self._source])
        rows.read([self._begun])
        chances = [rows.chance(0, token)]
        for following in written[len(self._begun) :]:
            rows.read([[following]])
            chances.append(rows.chance(0, token))
        return len(self._begun) + chances.index(max(chances))


def _holds(written: Sequence[int], name: Sequence[int]) -> bool:
    return any([*written[n : n + len(name)]] == [*name] for n in range(len(written) - len(name) + 1))
