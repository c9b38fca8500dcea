"""A name that a translation lost is put where it was likeliest, and the rest is written after it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence

import pytest

from daemon.translation.engine import SecondThoughts
from daemon.translation.forcing import Forcing
from daemon.translation.nllb import Nllb
from daemon.translation.tokens import END
from tts_plugin.settings import Settings

BEGUN = [0]


class Model:
    """Writes what a table says after what is written; a name's chances are in another table."""

    def __init__(self, table: dict[tuple[int, ...], int], chances: dict[tuple[int, ...], float]) -> None:
        self.table = table
        self.chances = chances
        self.written: tuple[int, ...] = ()

    def write(self, source: None, begun: Sequence[int], no_repeat: int = 0) -> Iterator[int]:
        written = (*begun,)
        while True:
            written = (*written, self.table.get(written, END))
            yield written[-1]

    def rows(self, sources: Sequence[None]) -> Model:
        self.written = ()
        return self

    def read(self, tokens: Sequence[Sequence[int]]) -> None:
        self.written += (*tokens[0],)

    def chance(self, row: int, token: int) -> float:
        return self.chances.get((*self.written, token), -99.0)


def holding(model: Model, *names: list[int], most: int = 20, seconds: float = 60) -> list[int] | None:
    return Forcing(model, None, BEGUN, end=END, most=most, until=time.monotonic() + seconds).holding(names)


def test_a_lost_name_stands_where_it_was_likeliest_and_the_rest_follows_it() -> None:
    model = Model({(0,): 5, (0, 5): 6, (0, 5, 7, 8): 9}, {(0, 7): -4.0, (0, 5, 7): -1.0, (0, 5, 6, 7): -3.0})
    assert holding(model, [7, 8]) == [0, 5, 7, 8, 9]


def test_a_name_may_come_first_or_last() -> None:
    assert holding(Model({(0,): 5}, {(0, 7): -1.0}), [7]) == [0, 7]
    assert holding(Model({(0,): 5}, {(0, 5, 7): -1.0}), [7]) == [0, 5, 7]


def test_what_is_there_already_is_left_alone() -> None:
    assert holding(Model({(0,): 7, (0, 7): 8}, {}), [7, 8]) == [0, 7, 8]


def test_two_names_are_both_put_in() -> None:
    model = Model({(0,): 5, (0, 5, 7): 6}, {(0, 5, 7): -1.0, (0, 5, 7, 6, 8): -1.0})
    assert holding(model, [7], [8]) == [0, 5, 7, 6, 8]


def test_a_name_that_costs_another_is_not_put_in() -> None:
    model = Model({(0,): 5, (0, 5): 7}, {(0, 8): -1.0})
    assert holding(model, [7], [8]) == [0, 5, 7]


@pytest.mark.parametrize(("most", "seconds"), [(6, 60.0), (10_000, 0.0)])
def test_what_has_no_end_in_time_is_nothing(most: int, seconds: float) -> None:
    class Endless(Model):
        def write(self, source: None, begun: Sequence[int], no_repeat: int = 0) -> Iterator[int]:
            return itertools.repeat(5)

    assert holding(Endless({}, {}), [7], most=most, seconds=seconds) is None


def test_a_real_model_says_a_name_that_it_never_learnt(converted_tiny: str) -> None:
    nllb = Nllb(Settings(model=converted_tiny))
    assert isinstance(nllb, SecondThoughts)
    text = "I updated config.toml and the parser."
    assert "config.toml" not in (nllb.translate(text, "en") or "")
    assert "config.toml" in (nllb.retranslate(text, "en", ["config.toml"]) or "")
    assert nllb.retranslate(text, "en", []) is None
