"""Stock sentences of Claude Code and their Japanese, from phrasebook.tsv."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from daemon.translation import wording
from tts_plugin.errors import EngineUnavailable
from tts_plugin.settings import Settings

TABLE = Path(__file__).with_name("phrasebook.tsv")
LONGEST = 200
"""Characters; no entry is near it, so longer sentences need no look."""

_SLOT = re.compile(r"([^{]*)\{([a-z]+\d*)\}([^}]*)")
_NUMBER_SLOT = re.compile(r"n\d*")


@dataclass(frozen=True)
class _Slot:
    """One word of a pattern that stands for any word of a kind, with what is glued to it: "({n}%"."""

    before: str
    kind: str
    after: str

    def capture(self, word: str) -> str | None:
        """What stands in the slot, word for word; None where the word does not fit."""
        if not (word.lower().startswith(self.before) and word.lower().endswith(self.after)):
            return None
        inner = word[len(self.before) : len(word) - len(self.after)]
        return wording.CAPTURES[self.kind](inner)


@dataclass
class _Node:
    """All patterns that begin with the same words."""

    words: dict[str, _Node] = field(default_factory=dict)
    slots: list[tuple[_Slot, _Node]] = field(default_factory=list)
    japanese: str | None = None
    names: tuple[str, ...] = ()


class Phrasebook:
    """A tree of words: a look-up follows one branch and a few slots, however long the table is."""

    def __init__(self, settings: Settings) -> None:
        self._root = _Node()
        for number, line in enumerate(TABLE.read_text(encoding="utf-8").splitlines(), 1):
            if line.strip() and not line.startswith("#"):
                pattern, separator, japanese = line.partition("\t")
                if not separator:
                    raise EngineUnavailable(f"{TABLE}, line {number}: no tab. Run install.sh again.")
                self._add(pattern, japanese.strip())

    @classmethod
    def check(cls, settings: Settings) -> None:
        if not TABLE.is_file():
            raise EngineUnavailable(f"{TABLE} is missing. Run install.sh again.")

    def translate(self, text: str, language: str) -> str | None:
        if language != "en" or len(text) > LONGEST:
            return None
        words = wording.words(text)
        captured: list[str] = []
        node = _find(self._root, words, 0, captured) if words else None
        if node is None or node.japanese is None:
            return None
        # Slots are filled in one pass: braces in what was captured stay what they are.
        return node.japanese.format_map(dict(zip(node.names, captured, strict=True)))

    def _add(self, pattern: str, japanese: str) -> None:
        node = self._root
        names = []
        for word in wording.words(pattern):
            found = _SLOT.fullmatch(word)
            if found is None:
                node = node.words.setdefault(word.lower(), _Node())
                continue
            before, name, after = found.groups()
            kind = "n" if _NUMBER_SLOT.fullmatch(name) else "file" if name == "file" else "name"
            slot = _Slot(before.lower(), kind, after.lower())
            names.append(name)
            following = dict(node.slots).get(slot)
            if following is None:
                following = _Node()
                node.slots.append((slot, following))
                node.slots.sort(key=lambda edge: ("n", "file", "name").index(edge[0].kind))
            node = following
        if node.japanese is None:  # the first of two entries that match the same stays
            node.japanese, node.names = japanese, tuple(names)


def _find(node: _Node, words: list[str], at: int, captured: list[str]) -> _Node | None:
    """The pattern that these words complete; literal words before slots, numbers before names."""
    if at == len(words):
        return node if node.japanese is not None else None
    following = node.words.get(words[at].lower())
    if following is not None:
        found = _find(following, words, at + 1, captured)
        if found is not None:
            return found
    for slot, following in node.slots:
        inner = slot.capture(words[at])
        if inner is not None:
            captured.append(inner)
            found = _find(following, words, at + 1, captured)
            if found is not None:
                return found
            captured.pop()
    return None
