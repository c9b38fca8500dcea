"""Requests and replies as JSON lines. docs/protocol.md lists them all; dicts end here."""

from __future__ import annotations

import enum
import json
from typing import Any

from tts_plugin import __version__, client, wire
from tts_plugin.errors import DaemonUnreachable, RequestRefused


class ErrorCode(str, enum.Enum):
    """Why a request was refused."""

    BAD_REQUEST = "bad_request"
    TOO_LARGE = "too_large"
    UNKNOWN_COMMAND = "unknown_command"
    RESTART = "restart"
    DISABLED = "disabled"
    BUSY = "busy"
    FAILED = "failed"
    TIMEOUT = "timeout"


class BadLine(ValueError):
    """A line that is not a request; `code` says why."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code


def decode(line: bytes) -> dict[str, Any]:
    """The request or reply in a line. Raises BadLine."""
    if len(line) > wire.MAX_LINE:
        raise BadLine(ErrorCode.TOO_LARGE, f"a line holds at most {wire.MAX_LINE} bytes")
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadLine(ErrorCode.BAD_REQUEST, f"not a JSON line: {type(error).__name__}") from error
    if not isinstance(message, dict):
        raise BadLine(ErrorCode.BAD_REQUEST, f"a line must hold an object, not {type(message).__name__}")
    return message


def encode(message: dict[str, Any]) -> bytes:
    whole = {"protocol": wire.PROTOCOL, "version": __version__, **message}
    return json.dumps(whole, separators=(",", ":")).encode() + b"\n"


def refusal(code: ErrorCode, message: str) -> dict[str, Any]:
    # "error" directly behind "ok", compact: hooks look for the bytes of wire.RESTART_REPLY.
    return {"ok": False, "error": code.value, "message": message}


def request(command: str, *, timeout: float = 10.0, start: bool = True, **fields: Any) -> dict[str, Any]:
    """Asks the daemon and returns its reply, starting the daemon where `start` allows.

    Raises DaemonUnreachable within about `timeout` seconds, RequestRefused on an error reply.
    """
    line = json.dumps(
        {"protocol": wire.PROTOCOL, "version": __version__, "restarted": False, "command": command, **fields},
        separators=(",", ":"),
    ).encode()
    if len(line) >= wire.MAX_LINE:
        raise RequestRefused(
            ErrorCode.TOO_LARGE.value, "The text is too long for one request (1 MiB); send it in parts."
        )
    try:
        raw = (client.exchange_or_start if start else client.exchange)(line + b"\n", timeout)
    except TimeoutError as error:
        raise DaemonUnreachable(f"The daemon did not answer within {timeout:.0f} s; run `yomiage doctor`.") from error
    except OSError as error:
        cure = "run `yomiage doctor`" if start else "run `yomiage daemon start`"
        raise DaemonUnreachable(f"The daemon cannot be reached ({error}); {cure}.") from error
    if not raw:
        raise DaemonUnreachable("The daemon closed the connection without an answer; see its log, `yomiage doctor`.")
    reply = json.loads(raw)
    if not reply.get("ok"):
        raise RequestRefused(reply.get("error", "failed"), reply.get("message", "The daemon gave no reason."))
    return reply  # type: ignore[no-any-return]
