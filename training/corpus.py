"""Sentence pairs: where they come from, how good they are, and which are not taken."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from daemon.translation import placeholders, spelling
from training import paired

STYLE_DIRECTORY = Path(__file__).resolve().parent / "data" / "style"
STYLE, AGENT, HUMAN, VENDOR, MACHINE = range(5)
"""Tiers, the best first: our own pairs; coding assistants' documents and interfaces; documentation that people
translated; a vendor's documentation, said to be translated by people; the same, by machine."""
TIERS = ("style", "agent", "human", "vendor", "machine")
AGENT_SOURCES = frozenset(
    {"claude-code-guide", "gsd-agent", "agent-docs", "agent-ui", "vscode", "vscode-ext", "ms-edu"}
)
DROPPED = frozenset({"cpp-docs:mt", "dotnet-docs:mt"})
"""Machine translation that misplaces what it should keep."""

_JAPANESE = re.compile(f"[{paired.JAPANESE}]")
_LETTERS = re.compile(r"[A-Za-z]")
_FOREIGN = re.compile(r"[^\x00-\x7f\u2000-\u27bf\ue000-\uf8fféèüöäçñ°µ×©®£€¥]")
_STRONG = re.compile(r"[\d_/\\.()=:$]|[a-z][A-Z]")
_WORD = re.compile(r"(?<![\w.@/$-])[A-Za-z][A-Za-z+#-]*[A-Za-z+#](?![\w/])")
_LATIN = re.compile(r"[A-Za-z][A-Za-z+#-]*[A-Za-z+#]")
_LEFT_OVER = re.compile(r"https?:|</?\w+>|\[\d+\]|&\w+;|\\\w|\|")
_LOOP = re.compile(r"(\S{2,20}?)\1{3,}")


class Pair(NamedTuple):
    english: str
    japanese: str
    tier: int
    source: str


def read(corpus: Path | None) -> Iterator[Pair]:
    """Our own pairs, then those of the corpus: a table of English, Japanese and source (.tsv or .tsv.zst)."""
    for file in sorted(STYLE_DIRECTORY.glob("*.tsv")):
        for line in file.read_text(encoding="utf-8").splitlines():
            english, japanese, _ = line.split("\t", 2)
            yield Pair(english, japanese, STYLE, f"style-{file.stem}")
    if corpus is None:
        return
    for line in _lines(corpus):
        columns = line.rstrip("\n").split("\t")
        if len(columns) == 3 and columns[2] not in DROPPED:
            yield Pair(columns[0], columns[1], tier(columns[2]), columns[2])


def tier(source: str) -> int:
    name, _, kind = source.partition(":")
    return MACHINE if kind == "mt" else VENDOR if kind else AGENT if name in AGENT_SOURCES else HUMAN


def _lines(file: Path) -> Iterator[str]:
    if file.suffix != ".zst":
        with file.open(encoding="utf-8") as lines:
            yield from lines
        return
    with subprocess.Popen(["zstd", "-dc", str(file)], stdout=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdout is not None
        yield from process.stdout
    if process.returncode:
        raise OSError(f"zstd could not read {file} to its end")


def kept_names(pairs: Iterable[Pair], least: int = 4, share: float = 0.9) -> set[str]:
    """Words that Japanese leaves as they are (Docker, null): so often of all the times that they come."""
    seen: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    for pair in pairs:
        if pair.tier == MACHINE:
            continue  # a machine leaves words as they are that nobody else does
        words = set(_WORD.findall(pair.english))
        seen.update(words)
        kept.update(words.intersection(_LATIN.findall(pair.japanese)))
    often = {word for word, times in kept.items() if times >= least and times >= share * seen[word]}
    return {word for word in often if not placeholders.spans(word)}


def usable(pair: Pair, names: Collection[str]) -> Pair | str:
    """The pair in the model's spelling, or why it is not taken."""
    english, japanese, missing = paired.protect_pair(pair.english, pair.japanese, names)
    if pair.tier != STYLE and (reason := _fault(pair, english, japanese, missing)):
        return reason
    if english.endswith((".", "!")) and _JAPANESE.match(japanese[-1:]):
        japanese += "。"
    return Pair(english, japanese, pair.tier, pair.source)


def _fault(pair: Pair, english: str, japanese: str, missing: list[str]) -> str | None:
    letters, kana = len(_LETTERS.findall(english)), len(_JAPANESE.findall(japanese))
    held = spelling.private(japanese)
    if letters < 3 or kana < 2 or english == japanese:
        return "no sentence"
    if len(english) > 350 or len(japanese) > 200:
        return "too long"
    if _FOREIGN.search(english) or kana < 0.35 * len(japanese) - len(held):
        return "another language"
    if not 0.2 <= (len(japanese) + 3) / (len(english) + 3) <= 1.4:
        return "lengths"
    if any(_STRONG.search(text) for text in missing):
        return "an identifier or number is missing"
    if set(held) != set(spelling.private(english)):
        return "placeholders differ"
    if _LEFT_OVER.search(english) or _LEFT_OVER.search(japanese) or _LOOP.search(japanese):
        return "left-over markup"
    if english.count("(") != english.count(")") or japanese.count("(") != japanese.count(")"):
        return "brackets"
    if pair.tier == MACHINE and re.search(r"[a-z]{3,}。$|^[A-Za-z]{3,}[\u4e00-\u9fff]", japanese):
        return "an identifier left behind"
    return None
