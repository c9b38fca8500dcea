"""A hook's request: what the event means, and doing it."""

from __future__ import annotations

import logging
from typing import Any

from daemon.app import App
from daemon.events import Cut, Speak, Warm, action_for
from daemon.fields import Message
from daemon.narration import Timeline
from daemon.narrator import Narrator
from daemon.projects import Projects, voice_of
from tts_plugin.protocol import BadLine, ErrorCode

log = logging.getLogger(__name__)

ACTED = ("/yomiage:stop", "/yomiage:replay")
"""Our slash commands whose effect is heard. Spoken, "Stopped." would break the silence that was asked for, and
"Replaying." would be the reply that the next replay finds."""


class HookEvents:
    """Knows of each session where it works, and whether the reply to come is one to a command of ours."""

    def __init__(self, app: App, narrator: Narrator) -> None:
        self._app = app
        self._narrator = narrator
        self._projects = Projects()
        self._acted: set[str] = set()

    def handle(self, request: Message) -> Message:
        """Does what the event asks for; the reply names it. Raises BadLine where no event is named."""
        event, payload = request.get("event"), request.get("payload")
        if not isinstance(event, str):
            raise BadLine(ErrorCode.BAD_REQUEST, "a hook without event")
        if not isinstance(payload, dict):
            # Claude Code's own prompt can outgrow a line; its session is known all the same.
            log.warning("%s came without a usable payload (%s bytes)", event, request.get("payload_bytes"))
            payload = {}
        session = str(payload.get("session_id") or request.get("session") or "")
        settings = self._app.settings
        if not settings.enabled:
            return {"action": "disabled"}
        cwd = payload.get("cwd")
        directory = cwd if isinstance(cwd, str) else ""
        project = self._projects.of(session, directory)
        answers_us = self._answers_us(event, payload, session)
        action = None if answers_us else action_for(event, payload, settings)
        if isinstance(action, Warm):
            self._app.warm()
        elif isinstance(action, Cut):
            self._app.schedule.cut(session)
        elif isinstance(action, Speak):
            started = request.get("hook_started")
            timeline = Timeline(float(started) if isinstance(started, (int, float)) else None)
            preferred = voice_of(directory, settings.project_voices)
            self._narrator.narrate(
                action.text, action.priority, session, timeline, preferred_voice=preferred, project=project
            )
        else:
            log.debug("nothing to do on %s", event)
        return {"action": type(action).__name__.lower() if action else "none"}

    def _answers_us(self, event: str, payload: dict[str, Any], session: str) -> bool:
        """Whether this is the end of a turn that was one of our commands."""
        if event == "UserPromptSubmit":
            prompt = payload.get("prompt")
            own = isinstance(prompt, str) and prompt.strip().partition(" ")[0] in ACTED
            (self._acted.add if own else self._acted.discard)(session)
        elif event in ("Stop", "SessionEnd"):
            ours = session in self._acted
            self._acted.discard(session)
            return ours and event == "Stop"
        return False
