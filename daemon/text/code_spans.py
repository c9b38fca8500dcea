"""Where the inline code of a message stands in the sentences that are said."""

from __future__ import annotations

import re

from daemon.text.marks import CODE

_MARKS = re.compile("[\ue000-\uf8ff]")
_SPACE = re.compile(r"\s+")

Spans = tuple[tuple[int, int], ...]


def code_spans(marked: str, said: str) -> Spans:
    """Start and end of each piece of code in a sentence, given the sentence as it was with its marks.

    What follows it tells which one of several equal words it is: prefixes are put before a sentence, and its end stays.
    """
    spans = []
    for code in CODE.finditer(marked):
        word = _plain(code[1])
        found = [match.start() for match in re.finditer(re.escape(word), said)] if word else []
        following = _plain(marked[code.end() :]).count(word) if word else 0
        if following < len(found):
            start = found[-1 - following]
            spans.append((start, start + len(word)))
    return tuple(spans)


def _plain(text: str) -> str:
    return _SPACE.sub(" ", _MARKS.sub("", text)).strip()
