"""A model hub on loopback: the endpoints that huggingface_hub asks, with levers for what goes wrong."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
_LARGE = 100_000
"""Files from this size on are described by SHA-256, as the real hub does for LFS files."""


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    range: str | None


class Hub:
    """Serves one model. `with Hub("owner/name", {"config.json": b"..."}) as hub: ... hub.url ...`"""

    def __init__(self, model: str, files: dict[str, bytes]) -> None:
        self.model = model
        self.files = files
        self.requests: list[Request] = []
        self.cut_after: dict[str, list[int]] = {}
        """File -> for each coming GET the bytes after which the connection breaks."""
        self.stall_after: dict[str, int] = {}
        """File -> the bytes after which its next GET stands still; `stalled` is set then."""
        self.stalled = threading.Event()
        self.released = threading.Event()
        self.claimed_size: dict[str, int] = {}
        """File -> the size that the hub's API claims."""
        self.corrupt: set[str] = set()
        """Files whose bytes arrive wrong, in the right number."""
        self.status: int | None = None
        """An error status for every request."""
        self.download_status: int | None = None
        """An error status for the files' contents alone."""
        hub = self

        class Handler(_Handler):
            def __init__(self, *args: Any) -> None:
                self.hub = hub
                super().__init__(*args)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Hub:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()

    def ranges(self, name: str) -> list[str | None]:
        """The Range header of each GET of the file, in order."""
        wanted = f"/{self.model}/resolve/{COMMIT}/{name}"
        return [r.range for r in self.requests if r.method == "GET" and r.path == wanted]

    def description(self) -> dict[str, Any]:
        return {
            "id": self.model,
            "modelId": self.model,
            "sha": COMMIT,
            "siblings": [
                _sibling(name, content, self.claimed_size.get(name, len(content)))
                for name, content in self.files.items()
            ],
        }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        hub = self.hub
        path = urlsplit(self.path).path
        hub.requests.append(Request(self.command, path, self.headers["Range"]))
        if hub.status is not None:
            self._refuse(hub.status)
        elif re.fullmatch(rf"/api/models/{hub.model}(/revision/(main|{COMMIT}))?", path):
            self._send(200, json.dumps(hub.description()).encode(), {"Content-Type": "application/json"}, body)
        elif found := re.fullmatch(rf"/{hub.model}/resolve/{COMMIT}/(.+)", path):
            if found[1] not in hub.files:
                self._refuse(404, "EntryNotFound")
            elif body and hub.download_status is not None:
                self._refuse(hub.download_status)
            else:
                self._file(found[1], body)
        else:
            self._refuse(404, "RepoNotFound")

    def _file(self, name: str, body: bool) -> None:
        content = self.hub.files[name]
        headers = {
            "ETag": f'"{_etag(content)}"',
            "X-Repo-Commit": COMMIT,
            "X-Linked-Etag": f'"{_etag(content)}"',
            "X-Linked-Size": str(len(content)),
            "Accept-Ranges": "bytes",
        }
        if body and name in self.hub.corrupt:
            content = bytes(byte ^ 1 for byte in content[:100]) + content[100:]
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
        if asked is None:
            self._send(200, content, headers, body, name)
        elif int(asked[1]) >= len(content):
            self._refuse(416)
        else:
            start = int(asked[1])
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self._send(206, content[start:], headers, body, name)

    def _send(self, status: int, content: bytes, headers: dict[str, str], body: bool, name: str = "") -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if not body:
            return
        cuts = self.hub.cut_after.get(name)
        try:
            if cuts:
                self.wfile.write(content[: cuts.pop(0)])
                self.close_connection = True
            elif name in self.hub.stall_after:
                self.wfile.write(content[: self.hub.stall_after.pop(name)])
                self.hub.stalled.set()
                self.hub.released.wait(60)
                self.close_connection = True
            else:
                self.wfile.write(content)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client went away

    def _refuse(self, status: int, code: str | None = None) -> None:
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Not on the tests' output; `requests` tells."""


def _etag(content: bytes) -> str:
    if len(content) >= _LARGE:
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _sibling(name: str, content: bytes, size: int) -> dict[str, Any]:
    entry: dict[str, Any] = {"rfilename": name, "size": size, "blobId": _etag(content)}
    if len(content) >= _LARGE:
        entry["lfs"] = {"sha256": _etag(content), "size": size, "pointerSize": 134}
    return entry
