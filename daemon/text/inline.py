"""The inside of a paragraph: emphasis goes, names keep their underscores, code and images are marked."""

from __future__ import annotations

import re

from markdown_it.token import Token

from daemon.text import html
from daemon.text.characters import starts_with_emoji
from daemon.text.marks import CODE_CLOSE, CODE_OPEN, IMAGE_CLOSE, IMAGE_OPEN, UNDERSCORE
from daemon.text.tables import word_set

_STRAY_STRONG = re.compile(r"\*\*(?![\s*])([^*\n]{1,400})(?<!\s)\*\*")
_FOOTNOTE_MARK = re.compile(r"\[\^[^\]\s]{1,60}\]")
_NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)
_DUNDERS = word_set("dunders")


def rendered(tokens: list[Token]) -> str:
    """The spoken prose of inline tokens, with marks for code and images, and "\\n" where a line must end."""
    # Parts are joined once at the end: a paragraph can have thousands of tokens.
    parts: list[str] = []
    opened: list[int] = []
    for index, token in enumerate(tokens):
        kind = token.type
        if kind in ("em_open", "strong_open"):
            opened.append(len(parts))
            parts.append("")
        elif kind in ("em_close", "strong_close"):
            _restore(parts, opened.pop(), token.markup, tokens, index)
        elif kind == "code_inline":
            parts.append(f"{CODE_OPEN}{token.content.strip()}{CODE_CLOSE}")
        elif kind == "image":
            alt = rendered(token.children or []).strip()
            parts.append(f"{IMAGE_OPEN}{alt}{IMAGE_CLOSE}" if alt else "")
        elif kind == "html_inline":
            parts.append(html.tag_text(token.content))
        elif kind == "hardbreak":
            parts.append("\n")
        elif kind == "softbreak":
            parts.append("\n" if _begins_line(tokens, index + 1) else " ")
        elif kind == "text":
            parts.append(_FOOTNOTE_MARK.sub("", token.content) if "[^" in token.content else token.content)
        elif token.content and kind != "link_open":
            parts.append(token.content)
    text = "".join(parts).replace(UNDERSCORE, "_")
    # CommonMark refuses **「…」** between kana; its author meant emphasis all the same.
    return _STRAY_STRONG.sub(r"\1", text) if "**" in text else text


def _begins_line(tokens: list[Token], at: int) -> bool:
    """Whether the next line was meant as a line of its own: it opens with an emoji or a typed bullet."""
    content = next((token.content for token in tokens[at : at + 3] if token.content), "")
    return content.startswith(("•", "・", "‣", "◦", "– ", "— ")) or starts_with_emoji(content)


def _restore(parts: list[str], start: int, markup: str, tokens: list[Token], index: int) -> None:
    """Puts the markup back where it was no emphasis: __init__, 2*3*4."""
    inside = "".join(parts[start:])
    before = "".join(parts[max(0, start - 1) : start])[-1:]
    following = tokens[index + 1].content[:1] if index + 1 < len(tokens) else ""
    if markup[0] == "_":
        is_name = bool(_NAME.fullmatch(inside)) and (inside in _DUNDERS or "_" in inside or following == "(")
        literal = is_name and (len(markup) == 2 or "_" in inside or following == "(")
    else:
        literal = _word(before) and _word(following) and " " not in inside
    if literal:
        parts[start] = markup
        parts.append(markup)


def _word(character: str) -> bool:
    return character.isascii() and character.isalnum()
