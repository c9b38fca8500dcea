"""Quotes, dashes and spaces as translation models know them. Models drop what stands between other ones."""

from __future__ import annotations

import re
import unicodedata

_CHARACTERS = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛ʼ′", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys(
            "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f", " "
        ),
        **dict.fromkeys("‐‑‒−", "-"),
        **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff"),
        "…": "...",
    }
)
_RANGE = re.compile(r"(?<=\d)\s?[–—]\s?(?=\d)")
_DASH = re.compile(r"\s*[–—―]+\s*")
_SPACES = re.compile(r"[^\S\n]{2,}")


def plain(text: str) -> str:
    """The text with straight quotes, plain spaces and hyphens; a dash becomes a comma, as a voice would make it."""
    text = unicodedata.normalize("NFC", text).translate(_CHARACTERS)
    text = _DASH.sub(_comma, _RANGE.sub("-", text))
    return _SPACES.sub(" ", text).strip()


def _comma(dash: re.Match[str]) -> str:
    text, start, end = dash.string, dash.start(), dash.end()
    if start == 0 or end == len(text):
        return " " if dash[0] != text else ""
    return " " if text[start - 1] in ",;:.!?(" or text[end] in ",;:.!?)" else ", "
