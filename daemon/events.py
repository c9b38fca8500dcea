"""What Claude Code's hooks mean to us: events into narrations and cuts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from daemon.narration import Priority
from tts_plugin.settings import Settings

WAITS_FOR_USER = frozenset({"permission_prompt", "worker_permission_prompt", "agent_needs_input", "elicitation_dialog"})
"""Notification types after which Claude Code does nothing until the user acts."""

USER_LEFT = frozenset({"clear", "logout", "prompt_input_exit"})
"""SessionEnd reasons with which the user turned away. "other" ends every `claude -p`: its reply is yet to be heard."""


@dataclass(frozen=True)
class Speak:
    """Narrate this text."""

    text: str
    priority: Priority


@dataclass(frozen=True)
class Cut:
    """Drop the session's narrations, in mid-word."""


@dataclass(frozen=True)
class Warm:
    """A session begins: load the models while the user types."""


Action = Speak | Cut | Warm | None


def action_for(event: str, payload: dict[str, Any], settings: Settings) -> Action:
    """What to do on an event; None for nothing. Missing and ill-typed fields count as absent."""
    reader = _READERS.get(event)
    return reader(payload, settings) if reader else None


def _stop(payload: dict[str, Any], settings: Settings) -> Action:
    # Absent where the final message is empty or thinking only.
    text = _text(payload, "last_assistant_message")
    return Speak(text, Priority.TEXT) if settings.replies and text else None


def _notification(payload: dict[str, Any], settings: Settings) -> Action:
    text, kind = _text(payload, "message"), _text(payload, "notification_type")
    # A type that a later Claude Code brings cannot be in the settings yet; a notice without type is an old one's.
    if not text or (kind and kind not in settings.notifications):
        return None
    return Speak(text, Priority.IMPORTANT if kind in WAITS_FOR_USER else Priority.NOTIFICATION)


def _user_prompt_submit(payload: dict[str, Any], settings: Settings) -> Action:
    # A background agent's result arrives as a prompt: that is not the user speaking.
    if not settings.barge_in or _text(payload, "prompt").lstrip().startswith("<task-notification>"):
        return None
    return Cut()


def _session_start(payload: dict[str, Any], settings: Settings) -> Action:
    return Warm()


def _session_end(payload: dict[str, Any], settings: Settings) -> Action:
    return Cut() if _text(payload, "reason") in USER_LEFT else None


_READERS = {
    "Stop": _stop,
    "Notification": _notification,
    "UserPromptSubmit": _user_prompt_submit,
    "SessionStart": _session_start,
    "SessionEnd": _session_end,
}


def _text(payload: dict[str, Any], key: str) -> str:
    value = payload.get(key)
    return value if isinstance(value, str) else ""
