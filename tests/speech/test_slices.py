"""Where a sentence may be cut while it is being spoken."""

from __future__ import annotations

import itertools
import re

import pyopenjtalk
import pytest

from daemon.speech import slices

LONG = "認証のミドルウェアで、期限が確認されていませんでしたので、切れたものを拒否するように修正しました。"


def _phonemes(labels: list[str]) -> list[str]:
    return [re.findall(r"-(\w+)\+", label)[0] for label in labels]


@pytest.mark.parametrize("text", ["", "はい。", "完了しました。"])
def test_a_short_sentence_stays_whole(text: str) -> None:
    assert slices.cuts(pyopenjtalk.extract_fullcontext(text)) == []


def test_the_first_piece_is_short_and_each_other_at_most_twice_as_long() -> None:
    labels = pyopenjtalk.extract_fullcontext(LONG)
    edges = [0, *slices.cuts(labels), len(labels)]
    lengths = [end - begin for begin, end in itertools.pairwise(edges)]
    assert len(lengths) >= 3
    assert slices.FIRST[0] < lengths[0] <= slices.FIRST[1] + 1
    assert all(after <= slices.FIRST[1] * 2**number + 1 for number, after in enumerate(lengths[1:-1], start=1))


def test_cuts_are_where_no_voice_sounds() -> None:
    labels = pyopenjtalk.extract_fullcontext("設定ファイルを更新しました。")
    (cut,) = slices.cuts(labels)
    assert _phonemes(labels)[cut] == "f"


def test_the_beginning_of_a_phrase_is_preferred() -> None:
    labels = pyopenjtalk.extract_fullcontext("テストは、きのう成功しました。")
    assert _phonemes(labels)[slices.cuts(labels)[0]] in ("pau", "k")


def test_labels_of_another_form_are_cut_all_the_same() -> None:
    assert slices.cuts(["x"] * 30)
