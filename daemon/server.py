"""The Unix socket: one line in, one line out, close. No engine work happens here."""

from __future__ import annotations

import logging
import os
import socket
import struct
import sys
import threading
from collections.abc import Callable
from typing import Any

from tts_plugin import protocol, wire
from tts_plugin.protocol import BadLine

log = logging.getLogger(__name__)

READ_SECONDS = 5.0
"""How long a client may take to send its line, or to fetch its reply."""
MAX_CONNECTIONS = 64

Handler = Callable[[dict[str, Any]], dict[str, Any]]


class Server:
    """Accepts connections on its own thread and answers each on another, MAX_CONNECTIONS at most."""

    def __init__(self, listener: socket.socket, handle: Handler) -> None:
        self._listener = listener
        self._handle = handle
        self._free = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self._open = 0
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._accept, name="server", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def drain(self, seconds: float) -> None:
        """Waits until every open connection has had its reply, but no longer than that."""
        with self._changed:
            self._changed.wait_for(lambda: self._open == 0, seconds)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # closed: the daemon is leaving
            if not self._free.acquire(timeout=READ_SECONDS):
                log.warning("refused a connection: %d are open already", MAX_CONNECTIONS)
                connection.close()
                continue
            with self._changed:
                self._open += 1
            threading.Thread(target=self._serve, args=(connection,), name="connection", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection:
                connection.settimeout(READ_SECONDS)
                if not _is_same_user(connection):
                    log.warning("refused a connection of another user")
                    return
                line = _read_line(connection)
                if line:  # nothing at all: somebody looked whether a daemon listens
                    connection.sendall(protocol.encode(self._answer(line)))
        except (BrokenPipeError, ConnectionResetError):
            log.debug("the client left before its reply")  # hooks may: they need no reply
        except TimeoutError:
            log.warning("dropped a client that neither sent its line nor fetched its reply in %.0f s", READ_SECONDS)
        except Exception:
            log.exception("a connection failed")
        finally:
            self._free.release()
            with self._changed:
                self._open -= 1
                self._changed.notify_all()

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            return self._handle(protocol.decode(line))
        except BadLine as error:
            log.warning("refused a line: %s", error)
            return protocol.refusal(error.code, str(error))


def _read_line(connection: socket.socket) -> bytes:
    """What comes up to the newline, or to the end; a little over MAX_LINE at most. TimeoutError."""
    line = bytearray()
    while not line.endswith(b"\n") and len(line) <= wire.MAX_LINE:
        block = connection.recv(65536)
        if not block:
            break
        line += block
    return bytes(line)


def _is_same_user(connection: socket.socket) -> bool:
    """Asks the kernel who is at the other end."""
    if sys.platform == "darwin":
        # struct xucred { u_int cr_version; uid_t cr_uid; … }, by LOCAL_PEERCRED (1) at level SOL_LOCAL (0)
        found = struct.unpack_from("=II", connection.getsockopt(0, 1, 76))[1]
    else:
        found = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1]
    return bool(found == os.getuid())
