"""A Messages API server on loopback that answers Claude Code by a script.

    with MessagesApi() as api:
        api.script("hello", Reply("Hello there."))                    # a prompt that contains "hello"
        api.script("list", Reply("Let me look.", ToolUse("Bash", {"command": "ls"})), Reply("Two files."))
        api.script("fail", Reply(status=400, message="no credit"))

The answer depends on the request alone (which prompt, and how many steps of the turn are done), so
Claude Code may retry, ask in parallel or summarize without upsetting the script.
"""

from __future__ import annotations

import itertools
import json
import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

_ids = itertools.count(1)


@dataclass(frozen=True)
class ToolUse:
    """A tool call; Claude Code runs it and comes back with the result, for the next Reply."""

    name: str
    input: dict[str, Any]


@dataclass(frozen=True)
class Thinking:
    text: str


Block = str | ToolUse | Thinking


@dataclass(frozen=True, init=False)
class Reply:
    """One answer of the model: blocks (a str is a text block), or an error."""

    blocks: tuple[Block, ...]
    status: int
    message: str
    """What an error says."""
    hold: threading.Event | None
    """The stream stops before its last block until this is set (30 s at most)."""

    def __init__(
        self, *blocks: Block, status: int = 200, message: str = "", hold: threading.Event | None = None
    ) -> None:
        object.__setattr__(self, "blocks", blocks)
        object.__setattr__(self, "status", status)
        object.__setattr__(self, "message", message)
        object.__setattr__(self, "hold", hold)


@dataclass
class Request:
    """One request that came in."""

    path: str
    body: dict[str, Any]
    at: float = field(default_factory=time.monotonic)

    @property
    def prompt(self) -> str:
        return _prompt_and_step(self.body)[0]


class MessagesApi:
    """The server; `url` is what ANTHROPIC_BASE_URL names."""

    def __init__(self) -> None:
        self._turns: list[tuple[str, tuple[Reply, ...]]] = []
        self._default = Reply("All right.")
        self._changed = threading.Condition()
        self._requests: list[Request] = []
        api = self

        class Handler(_Handler):
            owner = api

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="messages-api", daemon=True
        )
        self._thread.start()

    def __enter__(self) -> MessagesApi:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def script(self, prompt: str, *replies: Reply) -> None:
        """Answers a prompt that contains this text; one reply for each step of the turn. Later scripts win."""
        self._turns.insert(0, (prompt, replies))

    def requests(self) -> list[Request]:
        with self._changed:
            return list(self._requests)

    def wait_for_prompt(self, prompt: str, timeout: float = 30) -> Request:
        """Until Claude Code has asked with a prompt that contains this."""
        end = time.monotonic() + timeout
        with self._changed:
            while True:
                for request in self._requests:
                    if request.body.get("tools") and prompt in request.prompt:
                        return request
                if not self._changed.wait(end - time.monotonic()) and time.monotonic() >= end:
                    raise AssertionError(f"Claude Code did not ask {prompt!r} within {timeout} s")

    def note(self, request: Request) -> None:
        with self._changed:
            self._requests.append(request)
            self._changed.notify_all()

    def answer(self, body: dict[str, Any]) -> Reply:
        # Without tools it is Claude Code's own question (a title, a topic), not a step of the turn.
        if not body.get("tools"):
            return Reply("ok")
        prompt, step = _prompt_and_step(body)
        for wanted, replies in self._turns:
            if wanted in prompt:
                return replies[min(step, len(replies) - 1)]
        return self._default


def _prompt_and_step(body: dict[str, Any]) -> tuple[str, int]:
    """The user's last prompt, and how many answers it has had so far."""
    step = 0
    for message in reversed(body.get("messages", [])):
        if message["role"] == "assistant":
            step += 1
        if message["role"] != "user":  # Claude Code also puts "system" messages between them
            continue
        content = message["content"]
        texts = [content] if isinstance(content, str) else [part["text"] for part in content if part["type"] == "text"]
        prompt = re.sub(r"<system-reminder>.*?</system-reminder>", "", "\n".join(texts), flags=re.DOTALL).strip()
        if prompt:
            return prompt, step
    return "", step


class _Handler(BaseHTTPRequestHandler):
    owner: MessagesApi
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.partition("?")[0]
        try:
            body = json.loads(data)
        except ValueError:
            body = {}
        self.owner.note(Request(path, body))
        if path.endswith("/count_tokens"):
            self._send_json(200, {"input_tokens": 10})
        elif path == "/v1/messages":
            reply = self.owner.answer(body)
            if reply.status != 200:
                error = {"type": "invalid_request_error", "message": reply.message}
                self._send_json(reply.status, {"type": "error", "error": error})
            elif body.get("stream"):
                self._stream(reply, body.get("model", "scripted"))
            else:
                self._send_json(200, _message(reply, body.get("model", "scripted")))
        else:
            self._send_json(200, {})

    def do_GET(self) -> None:
        self._send_json(404, {"type": "error", "error": {"type": "not_found_error", "message": self.path}})

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _send_json(self, status: int, answer: dict[str, Any]) -> None:
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, reply: Reply, model: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        try:
            message = _message(reply, model)
            self._event("message_start", message={**message, "content": [], "stop_reason": None})
            for index, block in enumerate(message["content"]):
                if reply.hold is not None and index == len(message["content"]) - 1:
                    reply.hold.wait(30)
                self._block(index, block)
            stop = {"stop_reason": message["stop_reason"], "stop_sequence": None}
            self._event("message_delta", delta=stop, usage={"output_tokens": 10})
            self._event("message_stop")
        except (BrokenPipeError, ConnectionResetError):
            pass  # Claude Code was interrupted and hung up

    def _block(self, index: int, block: dict[str, Any]) -> None:
        if block["type"] == "text":
            start: dict[str, Any] = {"type": "text", "text": ""}
            deltas = [{"type": "text_delta", "text": piece} for piece in _pieces(block["text"])]
        elif block["type"] == "thinking":
            start = {"type": "thinking", "thinking": "", "signature": ""}
            deltas = [{"type": "thinking_delta", "thinking": piece} for piece in _pieces(block["thinking"])]
            deltas.append({"type": "signature_delta", "signature": "c2lnbmVk"})
        else:
            start = {**block, "input": {}}
            deltas = [
                {"type": "input_json_delta", "partial_json": piece} for piece in _pieces(json.dumps(block["input"]))
            ]
        self._event("content_block_start", index=index, content_block=start)
        for delta in deltas:
            self._event("content_block_delta", index=index, delta=delta)
        self._event("content_block_stop", index=index)

    def _event(self, kind: str, **fields: Any) -> None:
        self.wfile.write(f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode())
        self.wfile.flush()


def _message(reply: Reply, model: str) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    stop: Literal["end_turn", "tool_use"] = "end_turn"
    for block in reply.blocks:
        if isinstance(block, str):
            content.append({"type": "text", "text": block})
        elif isinstance(block, Thinking):
            content.append({"type": "thinking", "thinking": block.text, "signature": "c2lnbmVk"})
        else:
            stop = "tool_use"
            content.append(
                {"type": "tool_use", "id": f"toolu_{next(_ids):08d}", "name": block.name, "input": block.input}
            )
    return {
        "id": f"msg_{next(_ids):08d}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 10},
    }


def _pieces(text: str, size: int = 24) -> list[str]:
    return [text[i : i + size] for i in range(0, len(text), size)] or [""]
