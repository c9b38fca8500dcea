"""The phrasebook: its table and its matching."""

from __future__ import annotations

import re
import time

import pytest

from daemon.translation.phrasebook import TABLE, Phrasebook
from tts_plugin.settings import Settings

VALUES = {
    "tool": "Bash",
    "file": "src/app.py",
    "name": "pytest",
    "command": "npm",
    "branch": "main",
    "n": "3",
    "n2": "14",
    "n3": "7",
}


@pytest.fixture(scope="module")
def book() -> Phrasebook:
    return Phrasebook(Settings())


def entries() -> list[tuple[int, list[str]]]:
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return [(n, line.split("\t")) for n, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")]


def test_the_table_is_large_enough() -> None:
    assert len(entries()) >= 150


def test_every_entry_has_two_columns_and_the_same_slots_on_both_sides() -> None:
    for number, columns in entries():
        assert len(columns) == 2, f"line {number}: {columns}"
        pattern, japanese = columns
        slots = sorted(re.findall(r"{(.*?)}", pattern))
        assert slots == sorted(re.findall(r"{(.*?)}", japanese)), f"line {number}: {columns}"
        assert len(slots) == len(set(slots)), f"line {number}: {columns}"
        assert set(slots) <= set(VALUES), f"line {number}: {columns}"


def test_every_japanese_side_is_japanese() -> None:
    for number, (_, japanese) in entries():
        assert re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", japanese), f"line {number}: {japanese}"
        assert re.search(r"[。？！]$", japanese), f"line {number}: {japanese}"


def test_every_entry_is_found_under_its_own_words(book: Phrasebook) -> None:
    """So no entry is hidden by another one, and there are no duplicates."""
    for number, (pattern, japanese) in entries():
        sentence = pattern.format(**VALUES)
        assert book.translate(sentence, "en") == japanese.format(**VALUES), f"line {number}: {pattern}"


@pytest.mark.parametrize(
    ("sentence", "japanese"),
    [
        ("I’ll update src/app.py…", "src/app.pyを更新します。"),
        ("I will update src/app.py:", "src/app.pyを更新します。"),
        ("  i'll   UPDATE src/App.py.", "src/App.pyを更新します。"),
        ("Do not edit foo.py!", "foo.pyは編集しないでください。"),
        ("Three tests failed.", "3件のテストが失敗しました。"),
        ("1,204 tests passed.", "1204件のテストが成功しました。"),
        ("Context low (12% remaining)", "コンテキストの残りが12パーセントになりました。"),
        ("npm: command not found", "npmというコマンドは見つかりません。"),
        ("Claude needs your permission to use mcp__git__log", "Claudeがmcp__git__logの使用許可を求めています。"),
        ("Should I delete /tmp/out.log?", "/tmp/out.logを削除してもよろしいですか？"),
    ],
)
def test_spelling_variants_are_the_same_sentence(book: Phrasebook, sentence: str, japanese: str) -> None:
    assert book.translate(sentence, "en") == japanese


@pytest.mark.parametrize(
    "sentence",
    [
        "",
        "...",
        "Run them.",
        "Updated documentation.",
        "Let me check the other implementation first.",
        "Claude's server",
        "word " * 5000,
    ],
)
def test_what_is_not_in_the_table_is_left_to_others(book: Phrasebook, sentence: str) -> None:
    assert book.translate(sentence, "en") is None


def test_only_english_is_looked_up(book: Phrasebook) -> None:
    assert book.translate("All tests passed", "en") is not None
    assert book.translate("All tests passed", "de") is None


def test_braces_in_the_text_stay_text(book: Phrasebook) -> None:
    assert book.translate("Updated src/{n}.py", "en") == "src/{n}.pyを更新しました。"


def test_a_look_up_takes_microseconds(book: Phrasebook) -> None:
    sentences = [pattern.format(**VALUES) for _, (pattern, _) in entries()]
    started = time.perf_counter()
    for sentence in sentences:
        book.translate(sentence, "en")
    assert (time.perf_counter() - started) / len(sentences) < 100e-6  # 4 µs where it was written
