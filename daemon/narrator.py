"""Makes a narration of a text: numbered, remembered, and in its place in the schedule."""

from __future__ import annotations

import itertools
import logging

from daemon.app import App
from daemon.narration import Narration, Priority, Timeline

log = logging.getLogger(__name__)


class Narrator:
    """Where every text comes through that is to be spoken."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._ids = itertools.count(1)

    def narrate(
        self,
        text: str,
        priority: Priority,
        session: str,
        timeline: Timeline,
        *,
        voice: str | None = None,
        preferred_voice: str | None = None,
        project: str = "",
    ) -> Narration:
        narration = Narration(
            next(self._ids),
            text,
            priority,
            session,
            timeline,
            voice=voice,
            preferred_voice=preferred_voice,
            project=project,
        )
        self._app.history.add(narration)
        accepted = self._app.schedule.add(narration)
        log.info(
            "narration %d: %s, %d characters%s",
            narration.id,
            priority.name,
            len(text),
            "" if accepted else ", gave way",
        )
        return narration
