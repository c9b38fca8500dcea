"""Whether a sentence is, in whole or in a long part, one of the evaluation's. Only hashes of those are kept here.

python -m training.overlap EVALUATION_DIRECTORY     # writes training/data/evaluation.npy anew
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

FILE = Path(__file__).resolve().parent / "data" / "evaluation.npy"
WORDS = 8
"""English words in a row that no training sentence may share with the evaluation."""
CHARACTERS = 18
"""The same, in Japanese characters."""
_WORD = re.compile(r"[a-z0-9]+")
_JAPANESE = re.compile(r"[^\W_]")


class Evaluation:
    """What is known of the evaluation set: hashes of its sentences and of their n-grams."""

    def __init__(self, file: Path = FILE) -> None:
        self._hashes = frozenset(np.load(file).tolist())

    def shares(self, english: str, japanese: str) -> bool:
        """True where the pair has a whole sentence, or a long run, of the evaluation."""
        return any(_hash(gram) in self._hashes for gram in grams(english, japanese))


def grams(english: str, japanese: str) -> Iterator[str]:
    """What of a pair must not be shared: the sentence as it is without its marks, and its runs."""
    words = _WORD.findall(english.lower())
    yield "en: " + " ".join(words)
    for start in range(len(words) - WORDS + 1):
        yield " ".join(words[start : start + WORDS])
    letters = "".join(_JAPANESE.findall(japanese.lower()))
    yield "ja: " + letters
    for start in range(len(letters) - CHARACTERS + 1):
        yield letters[start : start + CHARACTERS]


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def _sentences(directory: Path) -> Iterator[tuple[str, str]]:
    """Pairs of the evaluation: tables of five columns, and messages in English alone."""
    for file in sorted(directory.rglob("*.tsv")):
        for line in file.read_text(encoding="utf-8").splitlines():
            columns = line.split("\t")
            yield columns[2], columns[3]
    for file in sorted([*directory.rglob("*.md"), *directory.rglob("*.spoken.txt")]):
        for line in file.read_text(encoding="utf-8").splitlines():
            if len(_WORD.findall(line.lower())) > 3:
                yield line, ""


def write(pairs: Iterable[tuple[str, str]], file: Path) -> int:
    """Writes the hashes of the pairs; how many there are."""
    # A sentence of one or two words ("Done.") is nobody's; its hash would forbid it everywhere.
    found = {gram for pair in pairs for gram in grams(*pair) if len(gram) > 12}
    hashes = np.array(sorted(map(_hash, found)), np.uint64)
    np.save(file, hashes)
    return len(hashes)


if __name__ == "__main__":
    print(write(_sentences(Path(sys.argv[1])), FILE), "hashes written to", FILE)
