"""Waking the main thread, from any thread and from a signal's handler."""

from __future__ import annotations

import contextlib
import os
import select


class Wake:
    """An event that a signal's handler may set.

    threading.Event is none: its lock may be held by the very code that the signal interrupts.
    """

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(self._writing, False)

    def set(self) -> None:
        with contextlib.suppress(BlockingIOError):  # full: it is awake already
            os.write(self._writing, b".")

    def wait(self, seconds: float) -> None:
        """Returns when it is set, at the latest after so many seconds, and is unset then."""
        if select.select([self._reading], [], [], seconds)[0]:
            os.read(self._reading, 65536)
