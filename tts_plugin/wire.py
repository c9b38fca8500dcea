"""What the socket's two ends agree on, and the line that a hook sends.

Python 3.9, standard library, nothing imported: hooks pay for every import. `protocol` has the JSON side.
"""

PROTOCOL = 1
"""Raised when an old client and a new daemon could misunderstand each other."""

MAX_LINE = 1 << 20
"""Longest line, in bytes, with its newline."""

_ROOM = 1024
"""What the fields beside the payload need at most."""

# The mark of a second attempt after a restart. Fixed bytes, so that a hook can find it without parsing.
FIRST_TRY = b'"restarted":false'
SECOND_TRY = b'"restarted":true'
RESTART_REPLY = b'"error":"restart"'


def hook_line(version: str, event: str, session: str, started: float, payload: bytes) -> bytes:
    """One request line that carries Claude Code's JSON as it came.

    `payload` is not parsed: a raw newline cannot stand inside a JSON string, so each may become a blank.
    One too long for a line is left out and only its size told: a prompt of 2 MB must still cut speech.
    """
    body = payload.strip().replace(b"\n", b" ")
    size = len(body)
    if not body or size > MAX_LINE - _ROOM:
        body = b"null"
    safe = "".join(c for c in session[:64] if c.isalnum() or c in "-_")
    head = '{"protocol":%d,"version":"%s","restarted":false,"command":"hook","event":"%s","session":"%s",' % (
        PROTOCOL,
        version,
        event,
        safe,
    )
    return head.encode() + b'"hook_started":%.6f,"payload_bytes":%d,"payload":%s}\n' % (started, size, body)
