"""One pair a fact: tests/text/golden/*.tsv holds input and expected output of the text stage."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.text.cleaning import spoken_sentences
from daemon.text.language import detect
from daemon.text.marks import SECRET
from daemon.text.secrets import redact

GOLDEN = Path(__file__).with_name("golden")
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "e": "\x1b", "0": "\0"}


def unescaped(cell: str) -> str:
    def character(escape: re.Match[str]) -> str:
        code = escape[1]
        return chr(int(code[1:], 16)) if len(code) == 5 else ESCAPES.get(code, code)

    return re.sub(r"\\(u[0-9a-f]{4}|.)", character, cell)


def spoken(text: str) -> str:
    return " ¶ ".join(sentence.text for sentence in spoken_sentences(text, "announce"))


STAGES: dict[str, Callable[[str], str]] = {
    "cleaning": spoken,
    "secrets": lambda text: redact(text).replace(SECRET, "§"),
    "language": detect,
}


def pairs() -> list[tuple[str, str, str, str]]:
    found = []
    for stage in STAGES:
        for line in (GOLDEN / f"{stage}.tsv").read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("# "):
                fact, given, expected = line.split("\t")
                found.append((stage, fact, unescaped(given), unescaped(expected)))
    return found


@pytest.mark.parametrize(("stage", "given", "expected"), [
    pytest.param(stage, given, expected, id=f"{stage}: {fact}") for stage, fact, given, expected in pairs()
])  # fmt: skip
def test_golden_pair(stage: str, given: str, expected: str) -> None:
    assert STAGES[stage](given) == expected


def test_every_pair_states_its_own_fact() -> None:
    facts = [(stage, fact) for stage, fact, _, _ in pairs()]
    assert len(facts) >= 120
    assert sorted(facts) == sorted(set(facts))
