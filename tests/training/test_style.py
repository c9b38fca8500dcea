"""The hand-written pairs: their form, and that nothing of the evaluation is among them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from training import overlap
from training.corpus import STYLE_DIRECTORY

ROWS = [
    (f"{file.name}:{number}", line.split("\t"))
    for file in sorted(STYLE_DIRECTORY.glob("*.tsv"))
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
]


def test_there_are_at_least_four_thousand_pairs() -> None:
    assert len(ROWS) >= 4000


def test_every_pair_has_two_sides_a_kind_and_what_stays() -> None:
    assert [place for place, row in ROWS if len(row) != 4 or not all(row[:3])] == []
    assert [place for place, row in ROWS if any(cell != cell.strip() for cell in row)] == []


def test_what_must_stay_stands_on_both_sides() -> None:
    assert [
        (place, token)
        for place, (english, japanese, _, keep) in ROWS
        for token in filter(None, keep.split("|"))
        if token not in english or token not in japanese
    ] == []


@pytest.mark.parametrize("side", [0, 1])
def test_no_sentence_comes_twice(side: int) -> None:
    assert [text for text, times in Counter(row[side] for _, row in ROWS).items() if times > 1] == []


def test_nothing_of_the_evaluation_is_among_them() -> None:
    evaluation = overlap.Evaluation()
    assert [place for place, row in ROWS if evaluation.shares(row[0], row[1])] == []


def test_an_overlap_is_found(tmp_path: Path) -> None:
    english = "The cache was never cleared, so the second run returned the first run's result."
    japanese = "キャッシュがクリアされていなかったため、2回目の実行が1回目の結果を返していました。"
    file = tmp_path / "evaluation.npy"
    assert overlap.write([(english, japanese)], file) == len(np.load(file)) > 10
    evaluation = overlap.Evaluation(file)
    assert evaluation.shares(english.upper().replace(",", ""), "")
    assert evaluation.shares("As we saw, the cache was never cleared, so the second one failed.", "")
    assert evaluation.shares("", japanese.replace("、", ""))
    assert not evaluation.shares("The cache was cleared before the second run.", "キャッシュは2回目の前に消えました。")
