"""A model that writes what it is told to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from daemon.translation.tokens import END


class Scripted:
    """Each attempt takes the next script."""

    def __init__(self, *scripts: Sequence[int]) -> None:
        self.scripts = iter(scripts)
        self.asked: list[tuple[list[int], int]] = []
        """What each attempt began with, and how many rows it may have."""

    def read(self, ids: Sequence[int], sayable: Sequence[int]) -> None:
        """There is nothing to remember."""

    def write(self, source: None, begun: Sequence[int], no_repeat: int = 0) -> Iterator[int]:
        self.asked.append(([*begun], 1))
        yield from next(self.scripts)

    def rows(self, sources: Sequence[None]) -> ScriptedRows:
        return ScriptedRows(self)


class ScriptedRows:
    """All rows say the same; what is not in the script is unlikely, and the end is sure after it."""

    def __init__(self, model: Scripted) -> None:
        self._model = model
        self._script: list[int] | None = None

    def read(self, tokens: Sequence[Sequence[int]]) -> None:
        if self._script is None:
            self._model.asked.append(([*tokens[0]], 2))
            self._script = [*next(self._model.scripts)]
        else:
            del self._script[:1]

    def keep(self, rows: Sequence[int]) -> None:
        """They are all alike."""

    def best(self, row: int, count: int, banned: Collection[int] = ()) -> list[tuple[float, int]]:
        sure = (self._script or [END])[0]
        return [(0.0, sure), *((-50.0, sure + n) for n in range(1, count))]
