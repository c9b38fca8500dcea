"""The fields that requests have in common, checked."""

from __future__ import annotations

from typing import Any

from tts_plugin.protocol import BadLine, ErrorCode

Message = dict[str, Any]
"""A request, or the reply to one, as JSON has it."""


def text_of(request: Message) -> str:
    text = request.get("text")
    if not isinstance(text, str) or not text.strip():
        raise BadLine(ErrorCode.BAD_REQUEST, 'the field "text" must hold some text')
    return text


def voice_of(request: Message) -> str | None:
    """The voice that is asked for by name; None for those of the settings."""
    return _name_of(request, "voice")


def engine_of(request: Message) -> str | None:
    """The translation engine that is asked for by name; None for those of the settings."""
    return _name_of(request, "engine")


def _name_of(request: Message, field: str) -> str | None:
    if (name := request.get(field)) is None:
        return None
    from tts_plugin.settings import TRANSLATORS, VOICES  # pydantic; not before the server accepts

    names = {"voice": VOICES, "engine": TRANSLATORS}[field]
    if name not in names:
        raise BadLine(ErrorCode.BAD_REQUEST, f'the field "{field}" must be one of {", ".join(names)}')
    return str(name)


def session_of(request: Message) -> str:
    session = request.get("session")
    return session if isinstance(session, str) else ""
