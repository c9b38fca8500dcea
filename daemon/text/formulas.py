"""Formulas in TeX: short plain ones are spoken, the others are only named."""

from __future__ import annotations

import re

from daemon.text.marks import FORMULA

_DISPLAY = re.compile(r"\$\$(?=\S|\n)[^$`]{1,4000}\$\$|\\\[[^`]{1,4000}?\\\]")
_INLINE = re.compile(
    # Code spans are matched first and left alone.
    r"(?P<code>(?<!`)(`{1,3})(?!`)[^`]{1,1000}\2(?!`))"
    r"|(?<![\w$\\])\$(?P<dollar>[A-Za-z0-9(\\|+-][^$`\n]{0,200})(?<![\s\\])\$(?![\w${(])"
    r"|\\\((?P<round>[^`\n]{1,200}?)\\\)"
)
_TEX = re.compile(r"[\\^_{}=<>+*/]")
_PLAIN = re.compile(r"[A-Za-z0-9 .,()=+<>|-]{1,20}")


def named(text: str) -> str:
    """Math in markdown: $n$ -> n, $\\sum_i x_i$ -> marks.FORMULA; prices and shell variables stay."""
    if "$" not in text and "\\(" not in text and "\\[" not in text:
        return text
    return _INLINE.sub(_inline, _DISPLAY.sub(f" {FORMULA} ", text))


def _inline(hit: re.Match[str]) -> str:
    if hit["code"] is not None:
        return hit[0]
    inside = (hit["dollar"] or hit["round"]).strip()
    if hit["dollar"] is not None and not _TEX.search(inside) and len(inside) > 1:
        return hit[0]  # "costs $5 or 7$" is money
    return inside if _PLAIN.fullmatch(inside) else FORMULA
