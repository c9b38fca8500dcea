"""What is taken out of a sentence before the model comes back exactly."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from daemon.translation import spelling
from daemon.translation.placeholders import CODE, NUMBER, SYMBOLS, Unfaithful, protect
from training.corpus import STYLE_DIRECTORY
from training.paired import protect_pair, target

A, B, C = CODE[:3]
N, M = NUMBER[:2]


@pytest.mark.parametrize(
    ("sentence", "taken"),
    [
        ("The root cause is in `saveDraft`.", ["`saveDraft`"]),
        ("I read src/a.py and ./b, then ~/.netrc.", ["src/a.py", "./b", "~/.netrc"]),
        ("Run git push --force-with-lease again.", ["git push --force-with-lease"]),
        ("Running npm install to get it takes a while.", ["npm install"]),
        ("I ran npm run build and pytest -k invoice.", ["npm run build", "pytest -k invoice"]),
        ("Pass --json or -v, and set $HOME/bin.", ["--json", "-v", "$HOME/bin"]),
        ("getData calls parse_header and Encoder::write_block.", ["getData", "parse_header", "Encoder::write_block"]),
        ("It landed in v2.3.0, as 8be07da.", ["v2.3.0", "8be07da"]),
        ("See https://example.com/a_b?c=d, please.", ["https://example.com/a_b?c=d"]),
        ("VACUUM FULL is not what the API does.", ["VACUUM FULL", "API"]),
        ("1,500 of 40 files and 3 tests, 62% in 0.5 s.", ["1,500", "40", "62", "0.5"]),
        ("foo.py imports foo.py.", ["foo.py"]),
        ("Both .NET and ASP.NET load .env.", [".NET", "ASP.NET", ".env"]),
        ("Could not read {0}: {entry_name}.", ["{0}", "{entry_name}"]),
    ],
)
def test_what_must_stay_is_taken_out(sentence: str, taken: list[str]) -> None:
    assert list(protect(sentence).taken.values()) == taken


@pytest.mark.parametrize(
    "sentence",
    [
        "The tests and/or the build failed (e.g. in the last step).",
        "A well-known, read-only file(s) problem: I'm sure.",
        "Make sure to go on, or get help, i.e. run it again.",
        "All 3 of them passed, not just the 1st.",
    ],
)
def test_plain_words_stay(sentence: str) -> None:
    assert protect(sentence).taken == {}


def test_names_are_taken_out_where_they_are_known() -> None:
    assert protect("Docker needs lodash.", {"Docker", "lodash"}).text == f"{A} needs{B}."
    assert protect("Docker needs lodash.").text == "Docker needs lodash."


def test_the_same_text_is_the_same_placeholder() -> None:
    assert protect("a_b is a_b, c_d is not.").text == f"{A} is{A},{B} is not."


@pytest.mark.parametrize("file", sorted(STYLE_DIRECTORY.glob("*.tsv")), ids=lambda file: file.stem)
def test_every_sentence_comes_back_exactly(file: Path) -> None:
    for line in file.read_text(encoding="utf-8").splitlines():
        english = line.split("\t")[0]
        protected = protect(english)
        spaced = spelling.source("".join(protected.taken.get(c, c) for c in protected.text))
        # Only the space before a placeholder is not the model's to know.
        assert spaced.replace(" ", "") == spelling.source(english).replace(" ", "")
        turned = "、".join(reversed(protected.taken))
        assert protected.restore(f"{turned}です。") == "、".join(reversed(protected.taken.values())) + "です。"


def test_a_lost_placeholder_is_noticed() -> None:
    protected = protect("Copy a_b to c_d.")
    assert protected.restore(f"{A}を{B}にコピーします。") == "a_bをc_dにコピーします。"
    assert protected.restore(f"{B}に{A}を。{A}です。") == "c_dにa_bを。a_bです。"
    with pytest.raises(Unfaithful, match="c_d"):
        protected.restore(f"{A}をコピーします。")
    assert protected.salvage(f"{A}を{C}に。") == "a_bをに。"
    with pytest.raises(Unfaithful, match="the source has not"):
        protected.restore(f"{A}を{B}に{C}します。")


def test_placeholders_in_the_text_itself_are_no_placeholders() -> None:
    protected = protect(f"Copy {A}a_b.")
    assert protected.taken == {A: "a_b"} and protected.restore(A) == "a_b"


def test_more_than_there_are_placeholders_for_stays_text() -> None:
    text = " ".join(f"f_{letter}" for letter in "abcdefghijklmno")
    protected = protect(text)
    assert len(protected.taken) == len(CODE)
    assert protected.text.endswith("f_m f_n f_o")


def test_both_sides_of_a_pair_get_the_same_placeholders() -> None:
    english, japanese, missing = protect_pair(
        "Run git push in a_b 40 times, 400 in all, then read PATH.",
        "a_b で git push を40回、合計400回実行してから、パスを読みます。",
    )
    assert english == f"Run{A} in{B}{N} times,{M} in all, then read PATH."
    assert japanese == f"{B}で{A}を{N}回、合計{M}回実行してから、パスを読みます。"
    assert missing == ["PATH"]


def test_a_name_inside_another_is_not_touched() -> None:
    english, japanese, missing = protect_pair("get_a is not get_ab.", "get_aはget_abではありません。")
    assert (english, japanese, missing) == (f"{A} is not{B}.", f"{A}は{B}ではありません。", [])


def test_long_input_takes_no_long_time() -> None:
    started = time.process_time()
    for text in ("a" * 20_000, "a-" * 10_000, "a/" * 10_000, "a." * 10_000, "a_" * 10_000, "1," * 10_000, "(" * 20_000):
        protect(text)
    assert time.process_time() - started < 20


def test_symbols_are_outside_of_every_text() -> None:
    assert len(set(SYMBOLS)) == len(SYMBOLS)
    assert spelling.plain("".join(SYMBOLS)) == ""


@pytest.mark.parametrize(
    ("written", "spelt"),
    [
        ("これは main と develop です?", "これはmainとdevelopです？"),
        ("`a b` を実行します.", "`a b`を実行します。"),
        ("ＡＢＣ（説明）：ﾃｽﾄ", "ABC(説明):テスト"),
        (f"{A} と Visual Studio {B} を", f"{A}とVisual Studio {B}を"),
    ],
)
def test_japanese_has_one_spelling(written: str, spelt: str) -> None:
    assert target(written) == spelt
