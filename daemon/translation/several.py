"""Several sentences decoded at once: a step for four of them costs twice what it costs for one."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol

from daemon.translation import decoding, faithful
from daemon.translation.neural import Model, ModelRows, Neural, Reading


class GreedyRows(ModelRows, Protocol):
    def likeliest(self, row: int, banned: Collection[int] = ()) -> int:
        """The token that a row goes on with."""


class SeveralModel(Model, Protocol):
    def rows(self, sources: Sequence[Any]) -> GreedyRows: ...


class Several(Neural):
    """An engine whose model takes several sentences at once. Each has a row of its own, so that none is dropped."""

    _model: SeveralModel

    def translate_together(self, texts: Sequence[str], language: str, unwanted: Callable[[], bool]) -> list[str | None]:
        """The Japanese for each; None where it was not found at the first attempt, or is `unwanted` by now."""
        readings: dict[int, Reading] = {}
        most: dict[int, int] = {}
        for number, text in enumerate(texts):
            reading = None if faithful.needs_no_translation(text) else self._reading(text, language)
            if reading is not None and len(reading.ids) <= faithful.LONGEST:
                readings[number], most[number] = reading, faithful.most_tokens(len(reading.ids), self.NAME)
        found: list[str | None] = [None] * len(texts)
        if readings:
            written = self._write_together(readings, most, unwanted)
            for number, ids in written.items():
                japanese = readings[number].say(ids)
                found[number] = japanese if faithful.fault(texts[number], japanese) is None else None
        return found

    def _write_together(
        self, readings: dict[int, Reading], most: dict[int, int], unwanted: Callable[[], bool]
    ) -> dict[int, list[int]]:
        """The ids of those that came to their end."""
        until = time.monotonic() + decoding.SECONDS
        sources = [self._model.read(reading.ids, reading.sayable) for reading in readings.values()]
        rows, going = self._model.rows(sources), [*readings]
        written = {number: [*self._begun] for number in going}
        ended: dict[int, list[int]] = {}
        rows.read([written[number] for number in going])
        while time.monotonic() < until and not unwanted():
            stay = []
            for row, number in enumerate(going):
                token = rows.likeliest(row)
                if token == self._end:
                    ended[number] = written[number]
                elif len(written[number]) < most[number]:
                    written[number].append(token)
                    stay.append(row)
            if not stay:
                break
            rows.keep(stay)
            going = [going[row] for row in stay]
            rows.read([written[number][-1:] for number in going])
        return ended
