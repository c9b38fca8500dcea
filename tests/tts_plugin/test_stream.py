"""Claude's output on a pipe."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tts_plugin import stream

SAMPLES = Path(__file__).parents[1] / "samples"


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)


def pieces(pipe: tuple[int, int], data: str | bytes) -> list[str]:
    reading, writing = pipe

    def write() -> None:
        with os.fdopen(writing, "wb") as stream:
            stream.write(data.encode() if isinstance(data, str) else data)

    thread = threading.Thread(target=write)
    thread.start()
    found = list(stream.pieces_of(reading))
    thread.join(5)
    return found


def test_one_message_is_read(pipe: tuple[int, int]) -> None:
    message = '{"content":[{"type":"text","text":"Hello, how are you today?"}]}'
    assert pieces(pipe, message) == ["Hello, how are you today?"]


def test_a_message_over_several_lines_is_read(pipe: tuple[int, int]) -> None:
    message = json.dumps({"content": [{"type": "text", "text": "One."}, {"type": "text", "text": "Two."}]}, indent=2)
    assert pieces(pipe, message) == ["One.", "Two."]


def test_tool_use_and_thinking_are_passed_over(pipe: tuple[int, int]) -> None:
    content = [
        {"type": "thinking", "thinking": "hm"},
        {"type": "tool_use", "name": "Bash"},
        {"type": "text", "text": "Done."},
    ]
    assert pieces(pipe, json.dumps({"type": "message", "content": content})) == ["Done."]


def test_the_json_output_format_is_read(pipe: tuple[int, int]) -> None:
    assert pieces(pipe, json.dumps({"type": "result", "subtype": "success", "result": "All done."})) == ["All done."]


def test_a_partial_stream_is_spoken_once(pipe: tuple[int, int]) -> None:
    captured = (SAMPLES / "stream_partial.jsonl").read_text(encoding="utf-8")
    whole = [
        block["text"]
        for line in captured.splitlines()
        if (event := json.loads(line))["type"] == "assistant" and not event["parent_tool_use_id"]
        for block in event["message"]["content"]
        if block["type"] == "text"
    ]
    assert whole, "the sample holds prose"
    heard = "\n".join(pieces(pipe, captured))
    assert heard.split() == "\n".join(whole).split()


def test_subagents_are_not_spoken(pipe: tuple[int, int]) -> None:
    captured = (SAMPLES / "stream_subagent.jsonl").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in captured.splitlines()]
    assert any(line.get("parent_tool_use_id") for line in lines)
    heard = pieces(pipe, captured)
    assert heard and not any("Sub:" in piece for piece in heard)


def test_plain_text_comes_by_paragraphs(pipe: tuple[int, int]) -> None:
    assert pieces(pipe, "One\ntwo.\n\n\nThree.\n") == ["One\ntwo.", "Three."]


def test_a_code_block_is_never_torn(pipe: tuple[int, int]) -> None:
    text = "Look:\n\n```python\na = 1\n\n\nb = 2\n```\n\nDone."
    assert pieces(pipe, text) == ["Look:", "```python\na = 1\n\n\nb = 2\n```", "Done."]


def test_an_unclosed_code_block_ends_with_the_text(pipe: tuple[int, int]) -> None:
    assert pieces(pipe, "```\na\n\nb\n") == ["```\na\n\nb"]


def test_text_that_only_looks_like_json_is_text(pipe: tuple[int, int]) -> None:
    assert pieces(pipe, "[1] is a footnote.\n\n{braces} too.") == ["[1] is a footnote.", "{braces} too."]


def test_a_broken_line_in_a_stream_loses_nothing_after_it(pipe: tuple[int, int]) -> None:
    good = json.dumps({"type": "assistant", "message": {"content": [{"type": "text", "text": "Good."}]}})
    assert "Good." in " ".join(pieces(pipe, f'{good}\n{{"broken\n'))


@pytest.mark.parametrize("data", ["", " \n\n ", "{}", "[]", "null\n", "\n"])
def test_nothing_yields_nothing_or_itself(pipe: tuple[int, int], data: str) -> None:
    assert pieces(pipe, data) == ([] if data != "null\n" else ["null"])


def test_broken_utf8_is_replaced(pipe: tuple[int, int]) -> None:
    assert pieces(pipe, b"caf\xc3\xa9 \xff ok") == ["café \ufffd ok"]


def test_a_paragraph_is_given_while_the_writer_goes_on(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    found = stream.pieces_of(reading)
    os.write(writing, b"First.\n\nSec")
    assert next(found) == "First."
    os.write(writing, b"ond.\n")
    assert next(found) == "Second.", "a pause after a whole line ends a thought"
    os.close(writing)
    assert list(found) == []
