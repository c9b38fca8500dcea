"""Where a sentence's inline code stands: known to translation, and no change to what is said."""

from __future__ import annotations

import pytest

from daemon.narration import Sentence
from daemon.text.cleaning import spoken_sentences

LONG = "The value, " + "which is long, " * 30 + "stands in `config`."


def marked(text: str) -> list[str]:
    return [sentence.marked for sentence in spoken_sentences(text, "announce")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The empty `catch` block catches.", ["The empty `catch` block catches."]),
        ("We catch errors in the `catch` block.", ["We catch errors in the `catch` block."]),
        ("This is the value of `i`.", ["This is the value of `i`."]),
        ("`defer` runs. Then `i` counts `n`", ["`defer` runs.", "Then `i` counts `n`."]),
        ("1. `names` moves", ["1: `names` moves."]),
        ("The `i` in `i` is **`i`**, not i.", ["The `i` in `i` is `i`, not i."]),
        ("> `any` is quoted", ["Quote: `any` is quoted."]),
        ("I read `src/app/main.py` first.", ["I read `main.py` first."]),
        ("Stop at `a. B` or `x`!", ["Stop at `a. B` or `x`!"]),
        ("No code here.", ["No code here."]),
        ("これは`i`です。", ["これは`i`です。"]),
    ],
)
def test_code_is_found_again_in_what_is_said(text: str, expected: list[str]) -> None:
    assert marked(text) == expected
    assert [sentence.text for sentence in spoken_sentences(text, "announce")] == [
        line.replace("`", "") for line in expected
    ]


def test_a_sentence_that_has_to_be_cut_has_no_marks() -> None:
    assert len(marked(LONG)) > 1
    assert not any("`" in part for part in marked(LONG))


def test_what_is_code_does_not_tell_two_sentences_apart() -> None:
    assert Sentence("a b", "en", ((0, 1),)) == Sentence("a b", "en")
