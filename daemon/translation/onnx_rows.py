"""Translations that grow side by side under ONNX Runtime: of several sentences, or several of one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from daemon.translation.onnx_model import Float, OnnxModel, Source

Ids = npt.NDArray[np.int64]


class Rows:
    """A row is a translation with what the decoder remembers of it. All are equally long."""

    def __init__(self, model: OnnxModel, sources: Sequence[Source]) -> None:
        self._model = model
        self._sources = [*sources]
        longest = max(source.length for source in sources)
        self._fed: dict[str, Any] = {
            name: np.concatenate([_padded(source.remembered[name], longest) for source in sources])
            for name in sources[0].remembered
        }
        self._unread = np.zeros((len(sources), 1, 1, longest), np.float32)
        for row, source in enumerate(sources):
            self._unread[row, :, :, source.length :] = -np.inf
        self._own = model.unwritten(len(sources))
        self._length = 0
        self.hidden: Float
        """The decoder's last state of each row."""
        self.logits: Float
        """What each row's next token may be, of the output head."""

    def __len__(self) -> int:
        return len(self._sources)

    def read(self, tokens: Sequence[Sequence[int]]) -> None:
        """The next tokens of each row, as many for one as for another."""
        new = len(tokens[0])
        self._fed["embedded"] = np.concatenate([self._model.embed(row, self._length) for row in tokens])
        self._fed["unread"] = np.repeat(self._unread, new, axis=2)
        self.hidden, self.logits, self._own = self._model.step({**self._fed, **self._own})
        self._length += new

    def keep(self, rows: Sequence[int]) -> None:
        """These rows in this order: none, once or several times each."""
        if [*rows] == [*range(len(self))]:
            return
        index = np.array(rows)
        self._own = {name: array[index] for name, array in self._own.items()}
        sources = [self._sources[row] for row in rows]
        if sources != self._sources:
            self._fed = {name: array[index] for name, array in self._fed.items()}
            self._unread = self._unread[index]
        self._sources = sources
        self.hidden, self.logits = self.hidden[index], self.logits[index]

    def likeliest(self, row: int, banned: Collection[int] = ()) -> int:
        """The token that a row goes on with."""
        scores, ids = self._scores(row)
        _ban(scores, ids, banned)
        return int(ids[scores.argmax()])

    def best(self, row: int, count: int, banned: Collection[int] = ()) -> list[tuple[float, int]]:
        """The likeliest tokens that a row may go on with, each with the logarithm of its probability."""
        scores, ids = self._scores(row)
        highest = scores.max()
        scores -= highest + np.log(np.exp(scores - highest).sum())
        _ban(scores, ids, banned)
        found = np.argpartition(scores, -count)[-count:]
        return sorted(((float(scores[n]), int(ids[n])) for n in found), reverse=True)

    def chance(self, row: int, token: int) -> float:
        """The logarithm of the probability that a row goes on with the token; minus infinity for one it cannot say."""
        scores, ids = self._scores(row)
        highest = scores.max()
        chances = scores[ids == token] - highest - np.log(np.exp(scores - highest).sum())
        return float(chances.max(initial=-np.inf))

    def _scores(self, row: int) -> tuple[Float, Ids]:
        source = self._sources[row]
        beside = source.rows @ self.hidden[row]
        return np.concatenate([self.logits[row], beside]), np.concatenate([self._model.head, source.names])


def _padded(array: Float, length: int) -> Float:
    missing = length - array.shape[2]
    return np.pad(array, ((0, 0), (0, 0), (0, missing), (0, 0))) if missing else array


def _ban(scores: Float, ids: Ids, banned: Collection[int]) -> None:
    if banned:
        scores[np.isin(ids, np.array(sorted(banned)))] = -np.inf
