"""HTML inside markdown: the words stay, the tags go."""

from __future__ import annotations

import re
from html import unescape

from daemon.text.marks import IMAGE_CLOSE, IMAGE_OPEN
from daemon.text.tables import word_set

_SILENT = re.compile(r"<(script|style|head|svg|template)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)|<!\[CDATA\[|\]\]>|<![a-z][^<>]*>|<\?[^<>]*\?>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"</?([A-Za-z][\w:.-]*)(?:\s[^<>]*)?/?>")
_ALT = re.compile(r"\balt\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_NAMES = word_set("html tags")
_BREAKS = word_set("html blocks")


def tag_text(tag: str) -> str:
    """What one inline tag says: <br> a line end, <img> its text, <String> (no HTML) its own name."""
    found = _TAG.fullmatch(tag)
    if not found or tag.startswith("<!"):
        return ""
    name = found[1].lower()
    if name == "img":
        alt = _ALT.search(tag)
        text = unescape((alt[1] or alt[2] or "") if alt else "").strip()
        return f"{IMAGE_OPEN}{text}{IMAGE_CLOSE}" if text else ""
    if name in _NAMES:
        return "\n" if name in _BREAKS else ""
    # Option<String>, <your-name>: not markup but what the author means.
    return "" if tag.startswith("</") else f" {found[1]} "


def text(source: str) -> str:
    """The words of an HTML block, one line for each block element."""
    source = _COMMENT.sub("", _SILENT.sub("", source))
    return unescape(_TAG.sub(lambda tag: tag_text(tag[0]), source))


def table_rows(source: str) -> int | None:
    """Body rows of an HTML table; None where the block holds none."""
    lowered = source.lower()
    if "<table" not in lowered:
        return None
    rows = re.findall(r"<tr\b.*?(?=<tr\b|\Z)", lowered, re.DOTALL)
    return sum("<th" not in row for row in rows)


def is_code(source: str) -> bool:
    return source.lstrip().lower().startswith("<pre")
