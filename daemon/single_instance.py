"""One daemon a user: the lock first, the socket after."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

from filelock import FileLock, Timeout

from tts_plugin import runtime

BACKLOG = 64
_LEAVING_SECONDS = 5.0
"""How long a predecessor that has left its socket may still hold the lock."""


class SingleInstance:
    """Holds the lock and the listening socket. Only the lock's holder may unlink the socket."""

    def __init__(self) -> None:
        runtime.socket_directory()  # there, and private, before anything lies in it
        self.path = Path(runtime.socket_path())
        self.lock_path = Path(runtime.lock_path())
        # The lock's name does not depend on the version, so that every version excludes every other.
        self._lock = FileLock(self.lock_path, mode=0o600)
        self.listener: socket.socket | None = None

    def take(self) -> bool:
        """Takes the lock and binds; False where another daemon serves already."""
        deadline = time.monotonic() + _LEAVING_SECONDS
        while True:
            try:
                self._lock.acquire(blocking=False)
                break
            except Timeout:
                if self._somebody_listens() or time.monotonic() > deadline:
                    return False
                time.sleep(0.02)
        # Whatever lies at the path now is a dead daemon's: a live one would hold the lock.
        self.path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        previous = os.umask(0o177)
        try:
            listener.bind(str(self.path))
        finally:
            os.umask(previous)
        listener.listen(BACKLOG)
        self.listener = listener
        return True

    def stop_listening(self) -> None:
        """Removes the socket, so that the next client finds no daemon and starts one. May be called twice."""
        if self.listener is not None:
            # Unlink before close: in the other order a client could be refused by a socket that still has its name
            # and start a daemon whose fresh socket we would then remove.
            self.path.unlink(missing_ok=True)
            self.listener.close()
            self.listener = None

    def release(self) -> None:
        """Leaves no file behind. The lock is free once this returns."""
        self.stop_listening()
        # Unlinked while held: a waiter that opened the old file sees that it has no name any more and starts over.
        self.lock_path.unlink(missing_ok=True)
        self._lock.release()

    def _somebody_listens(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(1.0)
            try:
                probe.connect(str(self.path))
            except OSError:
                return False
            return True
