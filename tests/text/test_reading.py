"""Kana for what Open JTalk would spell or misread."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pyopenjtalk
import pytest

from daemon.text import lexicon
from daemon.text.reading import to_reading
from tts_plugin import paths

GOLDEN = Path(__file__).parent / "golden"


def _pairs(name: str) -> list[tuple[str, ...]]:
    lines = (GOLDEN / name).read_text(encoding="utf-8").splitlines()
    return [tuple(line.split("\t")) for line in lines if line and not line.startswith("# ")]


PAIRS = _pairs("reading.tsv")
HEARD = _pairs("kana.tsv")


@pytest.mark.parametrize(("written", "spoken"), PAIRS, ids=[written for written, _ in PAIRS])
def test_golden_pair(written: str, spoken: str) -> None:
    assert to_reading(written) == spoken


@pytest.mark.parametrize(("written", "heard"), HEARD, ids=[written for written, _ in HEARD])
def test_numbers_are_heard_as_japanese_counts(written: str, heard: str) -> None:
    assert pyopenjtalk.g2p(to_reading(written), kana=True) == heard


def test_there_are_golden_pairs_enough() -> None:
    assert len({written for written, _ in PAIRS}) >= 230
    assert len({written for written, _ in HEARD}) >= 60


def test_no_latin_letter_is_left_for_open_jtalk_to_spell() -> None:
    for _, spoken in PAIRS:
        assert not [char for char in spoken if char.isascii() and char.isalpha()], spoken


def test_reading_a_reading_changes_nothing() -> None:
    for _, spoken in PAIRS:
        assert to_reading(spoken) == spoken


def test_the_users_terms_stand_above_the_tables() -> None:
    assert to_reading("nginxを使います。", {"nginx": "ンジンクス"}) == "ンジンクスを使います。"


def test_the_users_terms_are_found_inside_identifiers() -> None:
    assert to_reading("zorbTokenとzorb_token", {"zorb": "ゾーブ"}) == "ゾーブトークンとゾーブトークン"


def test_the_users_terms_may_hold_symbols_and_digits() -> None:
    assert (
        to_reading("24/7で動きます。", {"24/7": "トゥエンティーフォーセブン"})
        == "トゥエンティーフォーセブンで動きます。"
    )


def test_the_users_terms_may_be_japanese() -> None:
    assert to_reading("御社の何某です。", {"何某": "なにがし"}) == "御社のなにがしです。"


def test_a_users_term_matches_its_own_case_before_lower_case() -> None:
    terms = {"US": "アメリカ", "us": "アス"}
    assert [to_reading(word, terms) for word in ("US", "us", "Us")] == ["アメリカ", "アス", "アス"]


def test_a_users_term_does_not_match_inside_a_word() -> None:
    assert to_reading("catalog", {"cat": "ねこ"}) == to_reading("catalog")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\x00\x01\x1b[31m",
        "\ud800",
        "()[]{}<>|&^%$#@!~`'\"\\/-_=+;:,.?",
        "a" * 10_000,
        "A1" * 5_000,
        "_" * 10_000,
        "-" * 10_000 + "x",
        "1." * 5_000,
        " " * 10_000 + "x",
        "x ," * 3_000,
        "x" + "、" * 10_000,
        "a." * 5_000,
        "a b " * 2_500,
        "9" * 10_000,
        "a_" * 5_000,
        "https://" * 1_250,
        "x = " * 2_500,
        "ß Ж λ 中文 한국어 ไทย",
    ],
    ids=lambda text: repr(text[:12]),
)
def test_odd_input_is_read_in_bounded_time(text: str) -> None:
    started = time.perf_counter()
    assert isinstance(to_reading(text), str)
    assert time.perf_counter() - started < 1


def test_an_edit_of_the_dictionary_counts_at_once() -> None:
    assert lexicon.user_terms() == {}
    file = paths.config_dir() / "dictionary.tsv"
    file.parent.mkdir(parents=True)
    file.write_text("# mine\nzorb\tゾーブ\n", encoding="utf-8")
    assert lexicon.user_terms() == {"zorb": "ゾーブ"}
    file.write_text("zorb\tゾルブ\n", encoding="utf-8")
    os.utime(file, ns=(1, 1))
    assert lexicon.user_terms() == {"zorb": "ゾルブ"}
    file.unlink()
    assert lexicon.user_terms() == {}


def test_a_broken_dictionary_keeps_the_last_good_entries(caplog: pytest.LogCaptureFixture) -> None:
    file = paths.config_dir() / "dictionary.tsv"
    file.parent.mkdir(parents=True)
    file.write_text("zorb\tゾーブ\nno tab here\n", encoding="utf-8")
    assert lexicon.user_terms() == {"zorb": "ゾーブ"}
    assert "line 2" in caplog.text
    file.write_bytes(b"zorb\t\xff\xfe\xfa\n")
    caplog.clear()
    assert lexicon.user_terms() == {"zorb": "ゾーブ"}
    assert lexicon.user_terms() == {"zorb": "ゾーブ"}
    assert caplog.text.count("cannot be read") == 1


def test_the_terms_that_come_along_are_katakana() -> None:
    # Latin, digits or kanji in a reading would be read by guesswork again.
    wrong = [
        term
        for term, reading in lexicon.terms().items()
        if not all("ァ" <= char <= "ヺ" or char in "ー・" for char in reading)
    ]
    assert wrong == []
