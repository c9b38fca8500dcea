"""One spelling for what the starter model reads: quotes, spaces and punctuation."""

from __future__ import annotations

import re
import unicodedata

PRIVATE = "\ue000-\uf8ff"
"""Unicode's private use area, where the placeholders live: a class's inside. No text may hold these by itself."""

_QUOTES = str.maketrans({"‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "…": "...", "\u2011": "-"})
_SOURCE = str.maketrans({"—": " - ", "–": "-", "（": "(", "）": ")", "：": ":", "，": ", "})
_PRIVATE = re.compile(f"[{PRIVATE}]")
# Of Unicode's compatibility forms only those that are another way to write ASCII letters and digits, or kana.
_WIDE = re.compile(r"[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff65-\uff9f\u00a0\u3000\u2000-\u200a]+")
_SPACES = re.compile(r"\s+")
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
    return folded(_BEFORE_PLACEHOLDER.sub("", folded(text).translate(_SOURCE)))


def folded(text: str) -> str:
    """Quotes, letters and digits in one form, and single spaces."""
    text = _WIDE.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text.translate(_QUOTES))
    return _SPACES.sub(" ", text).strip()


def private(text: str) -> list[str]:
    """The text's private-use characters, which are placeholders."""
    return _PRIVATE.findall(text)
