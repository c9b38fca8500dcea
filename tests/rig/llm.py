"""A language model's server on loopback, as Ollama's /v1 is, with levers for what such models do.

with LanguageModel() as llm:
    Llm(Settings(llm_url=llm.url, llm_model="tiny"))
    llm.answers["Done."] = "<think>Easy.</think>終わりました。"
    llm.fault = Hang()
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

LONGEST_WAIT = 30.0


@dataclass(frozen=True)
class Status:
    """An error instead of an answer."""

    code: int
    message: str = "model not found"
    location: str | None = None


@dataclass(frozen=True)
class Body:
    """An answer 200 with this instead of a reply."""

    data: bytes


@dataclass(frozen=True)
class Hang:
    """Silence until the event is set; then the answer."""

    until: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Trickle:
    """A byte now and then: never silent for long, and never done."""


@dataclass(frozen=True)
class HangUp:
    """The connection is closed without an answer."""


@dataclass(frozen=True)
class CutOff:
    """The answer ends where the tokens were used up."""


Fault = Status | Body | Hang | Trickle | HangUp | CutOff


class LanguageModel:
    """The server. What it was asked lies in `requests`."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.answers: dict[str, str] = {}
        """Source -> what the model says to it."""
        self.otherwise: Callable[[str], str] = lambda text: "それは知りません。"
        self.fault: Fault | None = None
        self.knows_reasoning = True
        """False: a request with reasoning_effort is refused, as some servers do."""
        self.closing = threading.Event()
        server = self

        class Handler(_Handler):
            llm = server

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def __enter__(self) -> LanguageModel:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        if isinstance(self.fault, Hang):
            self.fault.until.set()
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    llm: LanguageModel

    def log_message(self, format: str, *args: Any) -> None:
        """Not on the tests' output; `requests` tells."""

    def do_POST(self) -> None:
        llm = self.llm
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        llm.requests.append(body)
        fault = llm.fault
        if self.path != "/v1/chat/completions":
            return self._send(404, b"{}")
        if "reasoning_effort" in body and not llm.knows_reasoning:
            return self._refuse(Status(400, "unknown field: reasoning_effort"))
        match fault:
            case Status():
                return self._refuse(fault)
            case Body(data):
                return self._send(200, data)
            case HangUp():
                self.close_connection = True
                return None
            case Trickle():
                return self._trickle()
            case Hang(until):
                until.wait(LONGEST_WAIT)
        said = body["messages"][-1]["content"]
        answer = llm.answers.get(said) or llm.otherwise(said)
        ended = "length" if isinstance(fault, CutOff) else "stop"
        message = {"role": "assistant", "content": answer}
        reply = {"object": "chat.completion", "choices": [{"index": 0, "message": message, "finish_reason": ended}]}
        self._send(200, json.dumps(reply).encode())

    def _refuse(self, fault: Status) -> None:
        body = json.dumps({"error": {"message": fault.message, "type": "invalid_request_error"}}).encode()
        self._send(fault.code, body, fault.location)

    def _trickle(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        try:
            while not self.llm.closing.wait(0.02):
                self.wfile.write(b" ")
        except OSError:
            self.close_connection = True  # the client had enough

    def _send(self, code: int, data: bytes, location: str | None = None) -> None:
        try:
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            if location is not None:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(data)
        except OSError:
            self.close_connection = True
