"""Whole messages: golden/messages/NN.md, and in NN.spoken.txt what must, may and must not be heard."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.text.cleaning import spoken_sentences

MESSAGES = Path(__file__).parent / "golden" / "messages"
LANGUAGES = {"01": "en", "03": "en", "05": "en", "07": "ja", "09": "de", "11": "en"}
EXACT = {"01": 13, "03": 13, "05": 11, "07": 16, "09": 16, "11": 1}
"""Lines of each expected text that are met exactly; never to become fewer."""


def heard(number: str) -> list[str]:
    text = (MESSAGES / f"{number}.md").read_text(encoding="utf-8")
    return [sentence.text for sentence in spoken_sentences(text, "announce")]


def expected(number: str) -> tuple[dict[str, list[str]], list[str]]:
    """The KEEP and DROP lists, and the lines of the expected text."""
    lists: dict[str, list[str]] = {"KEEP": [], "DROP": []}
    lines = []
    for line in (MESSAGES / f"{number}.spoken.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("# "):
            lines.append(line)
            continue
        key, _, rest = line[2:].partition(": ")
        if key in lists:
            lists[key] += rest.split(" | ")
    return lists, lines


@pytest.mark.parametrize("number", EXACT)
def test_everything_to_keep_is_heard(number: str) -> None:
    joined = "\n".join(heard(number))
    lists, _ = expected(number)
    assert lists["KEEP"]
    assert [token for token in lists["KEEP"] if token not in joined] == []


@pytest.mark.parametrize("number", EXACT)
def test_nothing_to_drop_is_heard(number: str) -> None:
    joined = "\n".join(heard(number))
    lists, _ = expected(number)
    assert [token for token in lists["DROP"] if token in joined] == []


@pytest.mark.parametrize("number", EXACT)
def test_the_expected_sentences_are_met(number: str) -> None:
    got = heard(number)
    _, lines = expected(number)
    assert sum(line in got for line in lines) >= EXACT[number]
    assert len(got) == len(lines)


@pytest.mark.parametrize(("number", "code"), LANGUAGES.items())
def test_a_message_is_in_one_language(number: str, code: str) -> None:
    text = (MESSAGES / f"{number}.md").read_text(encoding="utf-8")
    assert {sentence.language for sentence in spoken_sentences(text, "announce")} == {code}


def test_dropping_code_leaves_all_other_sentences() -> None:
    text = (MESSAGES / "09.md").read_text(encoding="utf-8")
    dropped = [sentence.text for sentence in spoken_sentences(text, "drop")]
    assert dropped == [
        line for line in heard("09") if line not in ("Eine Tabelle mit 4 Zeilen.", "Ein Shell-Codeblock.")
    ]
