"""A speech service on loopback: what its kinds share. Faults are the ones of tests/rig/google.py.

with VoicevoxEngine() as engine:
    voice = Voicevox(Settings(voicevox_url=engine.url))
    engine.fault = Status(503)                # every request that makes speech, from now on
    engine.faults.append(HangUp())            # the next such request only
"""

from __future__ import annotations

import functools
import io
import json
import threading
import wave
from collections import deque
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np

from tests.rig.google import LONGEST_WAIT, Body, Fault, HangUp, Hold, Status, Trickle


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    """Names in lower case."""
    body: Any
    """The JSON of the request; None where it had none."""
    connection: int
    """Which of the accepted connections it came by, counted from 1."""


@dataclass(frozen=True)
class Answer:
    code: int
    data: bytes = b""
    kind: str = "application/json"

    @classmethod
    def json(cls, value: Any, code: int = 200) -> Answer:
        return cls(code, json.dumps(value).encode())


class SpeechService:
    """The server. What it was asked lies in `requests`."""

    speech_path = ""
    """Faults happen to requests for this path."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.fault: Fault | None = None
        self.faults: deque[Fault] = deque()
        self.closing = threading.Event()
        self.lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.service = self
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, request: Request) -> Answer:
        raise NotImplementedError

    def asked(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    def __enter__(self) -> Any:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        if isinstance(self.fault, Hold):
            self.fault.until.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    service: SpeechService

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves is what some tests want."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        with self.server.service.lock:
            self.server.service.connections += 1
            self._number = self.server.service.connections

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def _handle(self) -> None:
        service = self.server.service
        target = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(
            self.command,
            target.path,
            dict(parse_qsl(target.query)),
            {name.lower(): value for name, value in self.headers.items()},
            json.loads(body) if body else None,
            self._number,
        )
        fault: Fault | None = None
        with service.lock:
            service.requests.append(request)
            if request.path == service.speech_path:
                fault = service.faults.popleft() if service.faults else service.fault
        match fault:
            case Status(code, retry_after, location):
                self._send(Answer(code), {"Retry-After": retry_after, "Location": location})
            case Body(data):
                self._send(Answer(200, data, "audio/wav"))
            case HangUp():
                self.close_connection = True
            case Trickle():
                self.send_response(200)
                self.send_header("Content-Length", "1000000")
                self.end_headers()
                while not service.closing.wait(0.02):
                    self.wfile.write(b" ")
            case _:
                if isinstance(fault, Hold):
                    fault.until.wait(LONGEST_WAIT)
                self._send(service.answer(request))

    def _send(self, answer: Answer, headers: dict[str, str | None] | None = None) -> None:
        self.send_response(answer.code)
        if answer.code != 204:
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(answer.data)))
        for name, value in (headers or {}).items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.data)


@functools.lru_cache(maxsize=64)
def wav(text: str, rate: int = 24_000, speed: float = 1.0, channels: int = 1) -> bytes:
    """The text as Open JTalk speaks it, between silences, as a 16-bit WAV."""
    import pyopenjtalk

    wave_48k, made = pyopenjtalk.tts(text, speed=speed)
    assert made % rate == 0
    step = made // rate
    samples = wave_48k[: len(wave_48k) // step * step].reshape(-1, step).mean(axis=1)
    silence = np.zeros(rate // 10)
    samples = np.clip(np.concatenate([silence, samples, silence]) * 0.5, -32768, 32767).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(np.repeat(samples, channels).tobytes())
    return file.getvalue()
