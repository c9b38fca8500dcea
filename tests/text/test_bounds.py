"""Whatever comes in, cleaning ends soon and says something sensible."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from daemon.text.cleaning import spoken_sentences
from daemon.text.sentences import LONGEST

MESSAGES = Path(__file__).parent / "golden" / "messages"
SECONDS = 8.0
"""Under a second on an idle machine; a quadratic rule takes minutes."""
LENGTH = 50_000
UNITS = (
    "*", "_", "[", "![", "](", "|", "`", "~", "<", "<a ", "<!--", "<!a", "&", "&#", "\\", "(", "$", "$a_$", "#",
    "=", ">", "> ", "- ", "- a\n", "1. ", "  - a\n", "a.", "a.a.", "a-", "a/", "/", "~/", "a:", "://",
    "http://a ", "www.", "a@", "@", "0", "0-", "0.", "0/", "f0", "a", "a ", "a\n", "A", "Ab1", "a_b", "__a",
    "__a__.b ", "**a ", "*a_", "e.g. ", "z. B. ", "「", "。", "あ", "あ ", "! ", "… ", "(? ", "{", "{\n",
    "{\"a\":\n", "[^a]", "[^a]: b\n", "|a|\n|-|\n", "password=", "token: ", "Bearer ", "eyJ", "sk-", "a://b:",
    "-----BEGIN PRIVATE KEY-----", "\x1b[", "\x1b]", "\ud800", "\x00", "\r\n", "\ue000", "\ue0080\ue008",
    "    at a\n", "at a(b:1)\n", "Traceback (most recent call last):\n", "panic: \n", "File \n",
    "2024-01-01 10:00 \n", "diff --git \n", "😀", ":a:", "<script", "~~~\n",
)  # fmt: skip


@pytest.mark.parametrize("unit", UNITS, ids=ascii)
def test_a_repeated_piece_is_cleaned_in_time(unit: str) -> None:
    started = time.monotonic()
    sentences = spoken_sentences(unit * (LENGTH // len(unit)), "announce")
    assert time.monotonic() - started < SECONDS
    assert all(len(sentence.text) <= LONGEST + 200 for sentence in sentences)


def test_a_megabyte_is_cleaned_in_time_and_its_end_is_announced() -> None:
    text = "\n\n".join(file.read_text(encoding="utf-8") for file in sorted(MESSAGES.glob("0[139].md")))
    text = (text + "\n\n") * (1_000_000 // len(text))
    started = time.monotonic()
    sentences = spoken_sentences(text, "announce")
    assert time.monotonic() - started < SECONDS
    assert len(sentences) > 2_000
    assert sentences[-1].text == "The rest of the message is too long to be read aloud."


def test_random_markup_never_raises_and_leaves_no_private_marks() -> None:
    chance = random.Random(7)
    pieces = [unit for unit in UNITS if len(unit) < 40] + [
        "word ",
        "Ende. ",
        "終わり",
        "\n\n",
        "```\n",
        "src/a.py:3 ",
        "v1.2 ",
    ]
    for _ in range(300):
        text = "".join(chance.choice(pieces) for _ in range(chance.randrange(60)))
        for sentence in spoken_sentences(text, "announce"):
            assert sentence.text == sentence.text.strip() != ""
            assert not any("\ue000" <= character <= "\uf8ff" or character < " " for character in sentence.text)
            sentence.text.encode("utf-8")


def test_deep_nesting_is_cleaned() -> None:
    nested = "\n".join("  " * depth + "- item" for depth in range(200))
    assert spoken_sentences(nested, "announce")[0].text == "item."
    assert spoken_sentences("> " * 30 + "text", "announce")[0].text == "Quote: text."


def test_a_sentence_without_a_stop_is_cut_at_a_space() -> None:
    sentences = spoken_sentences("word " * 400, "announce")
    assert len(sentences) > 3
    assert all(sentence.text.startswith("word") for sentence in sentences)


def test_english_and_japanese_load_no_language_model() -> None:
    code = (
        "import sys; from daemon.text.cleaning import spoken_sentences as f;"
        "f('The test is fixed and it works. Done.', 'announce'); f('テストを修正しました。', 'announce');"
        "print('py3langid' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "False"
