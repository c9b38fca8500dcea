"""Google Translate's speech service on loopback: batchexecute in, real MP3s out.

    with Google() as google:
        voice = Gtts(Settings(gtts_url=google.url))
        google.fault = Status(429, retry_after="120")          # every request from now on
        google.faults.append(HangUp())                         # the next request only

The MP3s are Open JTalk's speech, encoded as Google encodes: 24 kHz mono, 32 kbit/s, silence at both ends.
"""

from __future__ import annotations

import base64
import functools
import json
import ssl
import threading
import urllib.parse
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

import numpy as np

PATH = "/_/TranslateWebserverUi/data/batchexecute"
RATE = 24_000
SILENCE_SECONDS = 0.25
"""Before and after the speech in every MP3."""
LONGEST_WAIT = 30.0


@dataclass(frozen=True)
class Status:
    """An answer without speech."""

    code: int
    retry_after: str | None = None
    location: str | None = None


@dataclass(frozen=True)
class Body:
    """An answer 200 with this instead of a reply."""

    data: bytes


@dataclass(frozen=True)
class Audio:
    """A well-formed reply with this instead of a whole MP3."""

    data: bytes


@dataclass(frozen=True)
class Cut:
    """The MP3 breaks off in its middle, within a frame."""


@dataclass(frozen=True)
class HangUp:
    """The connection is closed without an answer."""


@dataclass(frozen=True)
class Hold:
    """No answer until the event is set."""

    until: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Trickle:
    """A byte now and then: never silent for long, and never done."""


Fault = Status | Body | Audio | Cut | HangUp | Hold | Trickle


@dataclass(frozen=True)
class Request:
    text: str
    language: str
    target: str
    """The request line's: a whole URL where a proxy was asked."""
    connection: int
    """Which of the accepted connections it came by, counted from 1."""


class Google:
    """The server. What it was asked lies in `requests`."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.fault: Fault | None = None
        self.faults: deque[Fault] = deque()
        self.together: threading.Barrier | None = None
        """Where set, no request is answered before so many are there."""
        self.closing = threading.Event()
        self.lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.google = self
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def __enter__(self) -> Google:
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
    google: Google

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that refuses the certificate or leaves is what some tests want."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        google = self.server.google
        with google.lock:
            google.connections += 1
            self._number = google.connections

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        google = self.server.google
        body = self.rfile.read(int(self.headers["Content-Length"])).decode("ascii")
        [[[procedure, parameters, _, _]]] = json.loads(urllib.parse.parse_qs(body)["f.req"][0])
        text, language, *_ = json.loads(parameters)
        with google.lock:
            google.requests.append(Request(text, language, self.path, self._number))
            fault = google.faults.popleft() if google.faults else google.fault
        if procedure != "jQ1olc" or not self.path.endswith(PATH):
            return self._answer(404)
        if google.together is not None:
            try:
                google.together.wait(LONGEST_WAIT)
            except threading.BrokenBarrierError:
                return self._answer(500)
        match fault:
            case Status(code, retry_after, location):
                self._answer(code, headers={"Retry-After": retry_after, "Location": location})
            case Body(data):
                self._answer(200, data)
            case Audio(data):
                self._answer(200, reply(data))
            case Cut():
                whole = speech(text)
                self._answer(200, reply(whole[: len(whole) // 2 // 96 * 96 + 40]))
            case HangUp():
                self.close_connection = True
            case Trickle():
                self._trickle()
            case _:
                if isinstance(fault, Hold):
                    fault.until.wait(LONGEST_WAIT)
                self._answer(200, reply(speech(text)))

    def _trickle(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        while not self.server.google.closing.wait(0.02):
            self.wfile.write(b" ")

    def _answer(self, code: int, data: bytes = b"", headers: dict[str, str | None] | None = None) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


def reply(mp3: bytes) -> bytes:
    """A batchexecute reply around the MP3: guard, length, a line of JSON with JSON inside."""
    payload = json.dumps([base64.b64encode(mp3).decode()]) if mp3 else None
    lines = [
        json.dumps([["wrb.fr", "jQ1olc", payload, None, None, None, "generic"], ["di", 61], ["af.httprm", 61, "1", 3]]),
        json.dumps([["e", 4, None, None, 132]]),
    ]
    return (")]}'\n\n" + "".join(f"{len(line) + 2}\n{line}\n" for line in lines)).encode()


@functools.lru_cache(maxsize=64)
def speech(text: str) -> bytes:
    """The text as an MP3 like Google's."""
    import lameenc
    import pyopenjtalk

    wave, rate = pyopenjtalk.tts(text)
    assert rate == 2 * RATE
    halved = wave[: len(wave) // 2 * 2].reshape(-1, 2).mean(axis=1)
    silence = np.zeros(int(SILENCE_SECONDS * RATE))
    samples = np.clip(np.concatenate([silence, halved, silence]), -32768, 32767).astype(np.int16)
    encoder = lameenc.Encoder()
    encoder.set_bit_rate(32)
    encoder.set_in_sample_rate(RATE)
    encoder.set_channels(1)
    encoder.set_quality(7)
    encoder.silence()
    return bytes(encoder.encode(samples.tobytes()) + encoder.flush())
