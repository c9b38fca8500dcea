"""One spelling for the model's sides: quotes, spaces and punctuation."""

from __future__ import annotations

import re
import unicodedata

JAPANESE = r"\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Kana and kanji, for use inside a character class."""
PRIVATE = "\ue000-\uf8ff"
"""Unicode's private use area, where the placeholders live: a class's inside. No text may hold these by itself."""

_QUOTES = str.maketrans({"‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "…": "...", "\u2011": "-"})
_SOURCE = str.maketrans({"—": " - ", "–": "-", "（": "(", "）": ")", "：": ":", "，": ", "})
_TARGET = str.maketrans(
    {"（": "(", "）": ")", "：": ":", "；": ";", "，": "、", "．": "。", "～": "〜", "［": "[", "］": "]"}
)
_PRIVATE = re.compile(f"[{PRIVATE}]")
# Of Unicode's compatibility forms only those that are another way to write ASCII letters and digits, or kana.
_WIDE = re.compile(r"[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff65-\uff9f\u00a0\u3000\u2000-\u200a]+")
_SPACES = re.compile(r"\s+")
_NEXT_TO_JAPANESE = re.compile(
    rf"(?<=[{JAPANESE}{PRIVATE}、。？！「」『』]) (?=\S)|(?<=\S) (?=[{JAPANESE}{PRIVATE}、。？！「」『』])"
)
_BETWEEN_CODE = re.compile(rf"(?<=[{PRIVATE}A-Za-z0-9`]) (?=[{PRIVATE}A-Za-z0-9`])")
_MARK = re.compile(rf"(?<=[{JAPANESE}）」』])\s*([,.?!])(?=\s|$|[{JAPANESE}「])")
_MARKS = str.maketrans(",.?!", "、。？！")
_BEFORE_PLACEHOLDER = re.compile(rf" (?=[{PRIVATE}])")


def plain(text: str) -> str:
    """The text without private-use characters and invisible marks, with single spaces."""
    if text.isprintable():  # then it has none of those
        return _SPACES.sub(" ", text).strip()
    text = _PRIVATE.sub("", text)
    text = "".join(c for c in text if c.isspace() or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    return _SPACES.sub(" ", text).strip()


def source(text: str) -> str:
    """An English sentence, its identifiers already replaced."""
    text = _WIDE.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text.translate(_QUOTES))
    return _SPACES.sub(" ", _BEFORE_PLACEHOLDER.sub("", text.translate(_SOURCE))).strip()


def target(text: str) -> str:
    """A Japanese sentence. Spaces stay only between two words that are not Japanese."""
    text = _WIDE.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text.translate(_QUOTES))
    text = _MARK.sub(lambda found: found[1].translate(_MARKS), _SPACES.sub(" ", text.translate(_TARGET)))
    # "` `" between two pieces of code is the one space beside a placeholder that says something.
    text = _BETWEEN_CODE.sub("\0", text)
    return _NEXT_TO_JAPANESE.sub("", text).replace("\0", " ").strip()


def private(text: str) -> list[str]:
    """The text's private-use characters, which are placeholders."""
    return _PRIVATE.findall(text)
