"""Beam search: what transformers finds, the converted model and torch find too; and where it stops."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from daemon.translation import beam, pieces
from daemon.translation.onnx_model import OnnxModel
from daemon.translation.pieces import Pieces
from daemon.translation.tokens import END
from daemon.translation.torch_model import open_model
from daemon.translation.vocabulary import kept_pieces

TINY = Path(__file__).resolve().parents[1] / "checkpoint" / "nllb-tiny"
UNSEEN = (
    "The cache was never cleared, so old results came back after each deployment of the service.",
    "Could you tell me whether the new parser is ready to be used in production?",
    "I read through the handler and the worker, and both of them forget to close the file.",
    "Two tests fail on the main branch because the fixture has moved.",
    "Every request waits for the lock, which is why the queue grows.",
    "The log says that the connection was refused three times.",
)
"""Of these the tiny checkpoint is unsure."""


def sources() -> list[str]:
    known = [line.split("\t")[0] for line in (TINY.parent / "pairs.tsv").read_text(encoding="utf-8").splitlines()]
    return [*[text for text in known if text and text[0] != "#"][:25], *UNSEEN]


@pytest.fixture(scope="module")
def expected() -> dict[str, list[int]]:
    """What transformers' beam search of width 2 says, in 32 bits."""
    from transformers import M2M100ForConditionalGeneration

    model = M2M100ForConditionalGeneration.from_pretrained(TINY, dtype=torch.float32).eval()
    found = {}
    for text in sources():
        inputs = torch.tensor([_encode(text)])
        output = model.generate(
            inputs,
            attention_mask=torch.ones_like(inputs),
            num_beams=2,
            do_sample=False,
            max_length=None,
            max_new_tokens=60,
            forced_bos_token_id=_japanese(),
        )
        found[text] = output[0, 2:].tolist()
    return found


def _languages() -> dict[str, int]:
    return pieces.vocabulary(TINY)[1]


def _japanese() -> int:
    return _languages()["jpn_Jpan"]


def _encode(text: str) -> list[int]:
    from daemon.translation.tokens import Tokenizer

    return Tokenizer(TINY).encode(text, "eng_Latn")


def searched(model: Any, text: str, sayable: Sequence[int]) -> list[int]:
    rows = model.rows([model.read(_encode(text), sayable)])
    begun = [END, _japanese()]
    return [*beam.search(rows, begun, width=2, no_repeat=0, end=END, most=61, until=time.monotonic() + 60)]


def test_the_converted_model_finds_what_transformers_finds(conversion: Path, expected: dict[str, list[int]]) -> None:
    model, spelt = OnnxModel(conversion, 2, 600), Pieces(conversion)
    found = {text: searched(model, text, spelt.spellings(_encode(text))) for text in expected}
    wrong = [text for text in expected if found[text] != expected[text]]
    assert len(wrong) <= 1, wrong  # of 8 bits and 32, one may hold another translation for the likelier one


def test_torch_finds_what_transformers_finds(expected: dict[str, list[int]], monkeypatch: pytest.MonkeyPatch) -> None:
    from daemon.translation import devices

    monkeypatch.setattr(devices, "choose_dtype", lambda device: torch.float32)
    keep = kept_pieces(pieces.vocabulary(TINY)[0], _japanese())
    model = open_model(TINY, keep, torch.device("cpu"))
    everything = range(4, 1500)
    assert {text: searched(model, text, everything) for text in expected} == expected


class Tree:
    """Rows whose next tokens depend on what is written, as a table says."""

    def __init__(self, table: dict[tuple[int, ...], list[tuple[float, int]]]) -> None:
        self.table = table
        self.written: list[tuple[int, ...]] = [()]
        self.banned: list[Collection[int]] = []

    def read(self, tokens: Sequence[Sequence[int]]) -> None:
        self.written = [(*row, *new) for row, new in zip(self.written, tokens, strict=True)]

    def keep(self, rows: Sequence[int]) -> None:
        self.written = [self.written[row] for row in rows]

    def best(self, row: int, count: int, banned: Collection[int] = ()) -> list[tuple[float, int]]:
        self.banned.append(banned)
        unlikely = [(-9.0 - n, 90 + n) for n in range(count)]
        return [*self.table.get(self.written[row], []), *unlikely][:count]


def search(tree: Tree, most: int = 9, no_repeat: int = 0, seconds: float = 60) -> list[int]:
    until = time.monotonic() + seconds
    return [*beam.search(tree, [0], width=2, no_repeat=no_repeat, end=END, most=most, until=until)]


def test_a_worse_beginning_may_lead_to_a_better_translation() -> None:
    tree = Tree(
        {
            (0,): [(-0.5, 10), (-0.9, 20)],
            (0, 10): [(-3.0, END), (-3.1, 11)],
            (0, 20): [(-0.1, END), (-4.0, 21)],
        }
    )
    assert search(tree) == [20, END]


def test_a_longer_translation_is_not_worse_for_its_length() -> None:
    tree = Tree(
        {
            (0,): [(-0.6, 10), (-1.1, END)],
            (0, 10): [(-0.1, 11), (-3.0, END)],
            (0, 10, 11): [(-0.1, END)],
        }
    )
    assert search(tree) == [10, 11, END]


@pytest.mark.parametrize(("most", "seconds"), [(4, 60.0), (200, 0.0)])
def test_without_an_end_in_time_it_stops_without_one(most: int, seconds: float) -> None:
    found = search(Tree({}), most, seconds=seconds)
    assert END not in found
    assert len(found) == (3 if seconds else 0)


def test_runs_that_are_there_already_are_banned() -> None:
    tree = Tree({(0,): [(-0.1, 5)], (0, 5): [(-0.1, 6)], (0, 5, 6): [(-0.1, 5)], (0, 5, 6, 5): [(-0.1, 6)]})
    search(tree, most=6, no_repeat=2)
    assert {6} in tree.banned


@pytest.mark.parametrize("kind", ["converted", "torch"])
def test_a_tokens_chance_is_the_one_that_the_search_weighs(kind: str, conversion: Path) -> None:
    keep = kept_pieces(pieces.vocabulary(TINY)[0], _japanese())
    model: Any = OnnxModel(conversion, 2, 600) if kind == "converted" else open_model(TINY, keep, torch.device("cpu"))
    rows = model.rows([model.read(_encode(UNSEEN[0]), ())])
    rows.read([[END, _japanese()]])
    for logarithm, token in rows.best(0, 5):
        assert rows.chance(0, token) == pytest.approx(logarithm, abs=1e-4)
    assert rows.chance(0, 10**6) == float("-inf")
