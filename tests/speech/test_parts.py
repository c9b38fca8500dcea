"""Long sentences in pieces."""

from __future__ import annotations

import pytest

from daemon.speech.parts import LONGEST_TEXT, parts


def test_a_short_text_is_one_part() -> None:
    assert parts("テストです。次です。", 100) == ["テストです。次です。"]


def test_a_cut_comes_after_a_full_stop_where_it_can() -> None:
    assert parts("一つ目です。二つ目です。三つ目です。", 12) == ["一つ目です。二つ目です。", "三つ目です。"]


def test_a_cut_comes_after_a_comma_where_there_is_no_full_stop() -> None:
    assert parts("これは、とても、長い文です。", 8) == ["これは、とても、", "長い文です。"]


@pytest.mark.parametrize("text", ["あ" * 700, "あ、" * 350, "あ。" * 350, "あい " * 233, "あ！？" * 233])
def test_no_part_is_longer_than_allowed_and_nothing_is_lost(text: str) -> None:
    made = parts(text, 80)
    assert "".join(made) == text
    assert max(map(len, made)) <= 80
    assert len(made) <= len(text) / 80 + 2


@pytest.mark.parametrize("text", ["", "。、", "\n\n", "…!?", "\x00"])
def test_nothing_to_speak_has_no_parts(text: str) -> None:
    assert parts(text, 80) == []


def test_what_is_too_long_is_cut_and_the_log_tells_its_length_alone(caplog: pytest.LogCaptureFixture) -> None:
    assert sum(map(len, parts("漢字。" * 5_000, 80))) == LONGEST_TEXT
    assert f"15000 characters is cut after {LONGEST_TEXT}" in caplog.text
    assert "漢" not in caplog.text
