"""What was narrated lately: for `replay`, and for the timings that `status` shows."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

from daemon.narration import Narration, Priority

KEPT = 20


class History:
    """The last narrations, in memory only: the user's text is not written down."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._narrations: deque[Narration] = deque(maxlen=KEPT)

    def add(self, narration: Narration) -> None:
        with self._lock:
            self._narrations.append(narration)

    def last_reply(self, session: str | None = None) -> Narration | None:
        """The newest reply or message (of the session, where one is named); notices are not replayed."""
        with self._lock:
            for narration in reversed(self._narrations):
                spoken = narration.priority in (Priority.TEXT, Priority.MESSAGE)
                if spoken and (session is None or narration.session == session):
                    return narration
        return None

    def timelines(self) -> list[dict[str, Any]]:
        """Newest first; times in seconds since the epoch. No text: `status` may be pasted into a bug report."""
        with self._lock:
            newest_first = list(reversed(self._narrations))
        return [
            {
                "id": narration.id,
                "priority": narration.priority.name,
                "cut": narration.timeline.was_cut,
                "stages": narration.timeline.as_dict(),
            }
            for narration in newest_first
        ]
