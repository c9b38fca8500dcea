"""Claude's output on a pipe, cut into pieces that can be spoken as they arrive."""

from __future__ import annotations

import codecs
import json
import os
import select
from collections.abc import Iterator
from typing import Any

IDLE_SECONDS = 0.5
"""A writer that pauses this long after a whole line has finished a thought."""
_FENCES = ("```", "~~~")


class Paragraphs:
    """Collects Markdown and gives whole paragraphs back; never one torn inside a code fence."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._partial = ""
        self._fence = ""

    def feed(self, text: str) -> Iterator[str]:
        """The paragraphs that this piece of text has completed."""
        *lines, self._partial = (self._partial + text).split("\n")
        for line in lines:
            bare = line.strip()
            if self._fence:
                if bare.startswith(self._fence):
                    self._fence = ""
            elif bare.startswith(_FENCES):
                self._fence = bare[:3]
            elif not bare:
                yield from self._complete()
                continue
            self._lines.append(line)

    def pause(self) -> Iterator[str]:
        """What stands complete when the writer pauses: whole lines outside a fence."""
        if not self._partial and not self._fence:
            yield from self._complete()

    def flush(self) -> Iterator[str]:
        """All that is left."""
        if self._partial:
            self._lines.append(self._partial)
            self._partial = ""
        self._fence = ""
        yield from self._complete()

    def _complete(self) -> Iterator[str]:
        text = "\n".join(self._lines).strip()
        self._lines.clear()
        if text:
            yield text


class Messages:
    """Reads Claude's JSON: one message, `--output-format json`, or stream-json a line at a time."""

    def __init__(self) -> None:
        self._paragraphs = Paragraphs()
        self._streamed = False
        self._said_something = False

    def feed(self, message: Any) -> Iterator[str]:
        """The pieces of text that one JSON value completes. Unknown shapes are passed over."""
        if isinstance(message, list):
            for part in message:
                yield from self.feed(part)
            return
        if not isinstance(message, dict) or message.get("parent_tool_use_id"):
            return  # a subagent talks to its agent, not to the user
        for piece in self._pieces(message):
            self._said_something = True
            yield piece

    def _pieces(self, message: dict[str, Any]) -> Iterator[str]:
        kind = message.get("type")
        if kind == "stream_event":
            event = message.get("event")
            yield from self._event(event if isinstance(event, dict) else {})
        elif kind == "result":
            # It repeats the last block; alone, it is all there is.
            if not self._said_something and isinstance(message.get("result"), str):
                yield from self._whole(message["result"])
        elif kind == "assistant" and isinstance(message.get("message"), dict):
            # With --include-partial-messages the block came in deltas before.
            if not self._streamed:
                yield from self._content(message["message"].get("content"))
        elif kind in (None, "message"):
            yield from self._content(message.get("content"))

    def flush(self) -> Iterator[str]:
        yield from self._paragraphs.flush()

    def _event(self, event: dict[str, Any]) -> Iterator[str]:
        delta = event.get("delta")
        if event.get("type") == "content_block_delta" and isinstance(delta, dict):
            if delta.get("type") == "text_delta" and isinstance(delta.get("text"), str):
                self._streamed = True
                yield from self._paragraphs.feed(delta["text"])
        elif event.get("type") == "content_block_stop":
            yield from self._paragraphs.flush()
            self._streamed = False

    def _content(self, content: Any) -> Iterator[str]:
        if isinstance(content, str):
            yield from self._whole(content)
        elif isinstance(content, list):
            for block in content:
                if isinstance(block, dict) and block.get("type") == "text" and isinstance(block.get("text"), str):
                    yield from self._whole(block["text"])

    def _whole(self, text: str) -> Iterator[str]:
        yield from self._paragraphs.feed(text)
        yield from self._paragraphs.flush()


def pieces_of(descriptor: int) -> Iterator[str]:
    """Reads a file descriptor to its end and yields what can be spoken, as soon as it can be.

    JSON (one value, or one a line) is told from plain text by the first character.
    """
    chunks = _decoded(descriptor)
    head = ""
    for chunk in chunks:
        head += chunk
        if head.strip():
            break
    if head.lstrip().startswith(("{", "[")):
        yield from _json_pieces(head, chunks)
    else:
        yield from _text_pieces(head, chunks)


def _text_pieces(head: str, chunks: Iterator[str]) -> Iterator[str]:
    paragraphs = Paragraphs()
    yield from paragraphs.feed(head)
    for chunk in chunks:
        yield from paragraphs.feed(chunk) if chunk else paragraphs.pause()
    yield from paragraphs.flush()


def _json_pieces(head: str, chunks: Iterator[str]) -> Iterator[str]:
    messages = Messages()
    rest = head
    one_a_line = True  # until a line shows that a value is spread over several
    for chunk in chunks:
        rest += chunk
        while one_a_line and "\n" in rest:
            line, after = rest.split("\n", 1)
            try:
                value = json.loads(line) if line.strip() else None
            except ValueError:
                one_a_line = False
                break
            rest = after
            yield from messages.feed(value)
    if rest.strip():
        try:
            yield from messages.feed(json.loads(rest))
        except ValueError:
            # It only looked like JSON: "[1] is a footnote"
            yield from _text_pieces(rest, iter(()))
    yield from messages.flush()


def _decoded(descriptor: int) -> Iterator[str]:
    """Text as it arrives; "" when the writer pauses."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    paused = True
    while True:
        if not paused and not select.select([descriptor], [], [], IDLE_SECONDS)[0]:
            paused = True
            yield ""
            continue
        block = os.read(descriptor, 65536)
        paused = False
        if not block:
            yield decoder.decode(b"", final=True)
            return
        yield decoder.decode(block)
