"""Markdown: from its text to blocks of prose and things to announce."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

from daemon.text import html
from daemon.text.inline import rendered
from daemon.text.marks import FOOTNOTE, UNDERSCORE

Kind = Literal["heading", "item", "paragraph", "code", "table"]
_FOOTNOTE_TEXT = re.compile(r"^ {0,3}\[\^[^\]\s]{1,60}\]:[ \t]*", re.MULTILINE)
_ALERT = re.compile(r"^( {0,3}>[ >]*)\[!(note|tip|important|warning|caution)\][ \t]*$", re.MULTILINE | re.IGNORECASE)
_DUNDER = re.compile(r"(?<![\w*])__(?=(\w{1,60}?)__(?:\.\w|\(|/))", re.ASCII)
_TASK = re.compile(r"\[[ xX]\] +")
_MAX_NESTING = 40


@dataclass(frozen=True)
class Block:
    """One piece of a message, in order."""

    kind: Kind
    text: str = ""
    """Prose with marks (marks.py); "\\n" where a line must end. A code block's info string."""
    number: int | None = None
    """An ordered item's number, on its first paragraph."""
    quoted: bool = False
    """Opens a block quote of the outermost level."""
    rows: int = 0
    """Body rows of a table."""


@functools.cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING}).enable(["table", "strikethrough"])


def blocks(text: str) -> list[Block]:
    """The blocks of a markdown text. Rules, comments and empty items give none."""
    text = _FOOTNOTE_TEXT.sub(f"\n{FOOTNOTE}", text)
    text = _ALERT.sub(lambda hit: f"{hit[1]}{hit[2].capitalize()}:", text)
    text = _DUNDER.sub(UNDERSCORE * 2, text)
    return _Walk(_parser().parse(text)).blocks


class _Walk:
    """One pass over the parser's flat tokens."""

    def __init__(self, tokens: list[Token]) -> None:
        self.blocks: list[Block] = []
        self._kind: Kind = "paragraph"
        self._items: list[int | None] = []
        self._fresh_item = False
        self._quotes = 0
        self._fresh_quote = False
        self._rows: int | None = None
        self._in_body = False
        for token in tokens:
            self._handlers.get(token.type, _Walk._skip)(self, token)

    def _skip(self, token: Token) -> None:
        """Most closing tokens say nothing."""

    def _inline(self, token: Token) -> None:
        if self._rows is not None:
            return
        text = rendered(token.children or [])
        number = self._items[-1] if self._items and self._fresh_item else None
        kind: Kind = "item" if self._items and self._kind == "paragraph" else self._kind
        if kind == "item":
            text = _TASK.sub("", text, count=1) if _TASK.match(text) else text
        if text.strip():
            self.blocks.append(Block(kind, text, number, self._fresh_quote))
            self._fresh_item = self._fresh_quote = False

    def _code(self, token: Token) -> None:
        # A fence that holds nothing is a stray line of backticks, not a block.
        if token.content.strip():
            self.blocks.append(Block("code", token.info.strip()))
            self._fresh_item = False

    def _html(self, token: Token) -> None:
        rows = html.table_rows(token.content)
        if rows is not None:
            self.blocks.append(Block("table", rows=rows))
        elif html.is_code(token.content):
            self.blocks.append(Block("code"))
        else:
            text = html.text(token.content)
            if text.strip():
                self.blocks.append(Block("item" if self._items else "paragraph", text))

    def _item(self, token: Token) -> None:
        self._items.append(int(token.info) if token.info.isdecimal() else None)
        self._fresh_item = True

    def _item_end(self, token: Token) -> None:
        self._items.pop()
        self._fresh_item = False

    def _quote(self, token: Token) -> None:
        self._quotes += 1
        self._fresh_quote = self._fresh_quote or self._quotes == 1

    def _quote_end(self, token: Token) -> None:
        self._quotes -= 1
        self._fresh_quote = False

    def _heading(self, token: Token) -> None:
        self._kind = "heading"

    def _heading_end(self, token: Token) -> None:
        self._kind = "paragraph"

    def _table(self, token: Token) -> None:
        self._rows = 0

    def _body(self, token: Token) -> None:
        self._in_body = token.nesting > 0

    def _row(self, token: Token) -> None:
        if self._rows is not None and self._in_body:
            self._rows += 1

    def _table_end(self, token: Token) -> None:
        self.blocks.append(Block("table", rows=self._rows or 0))
        self._rows = None

    _handlers: dict[str, Callable[[_Walk, Token], None]] = {  # noqa: RUF012 - filled once, read only
        "inline": _inline,
        "fence": _code,
        "code_block": _code,
        "html_block": _html,
        "list_item_open": _item,
        "list_item_close": _item_end,
        "blockquote_open": _quote,
        "blockquote_close": _quote_end,
        "heading_open": _heading,
        "heading_close": _heading_end,
        "table_open": _table,
        "tbody_open": _body,
        "tbody_close": _body,
        "tr_open": _row,
        "table_close": _table_end,
    }
