"""Speaking Claude's output as it arrives: `pipe` and `ask`."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

from tts_plugin import protocol, stream
from tts_plugin.errors import RequestRefused, YomiageError

FULL_SECONDS = 600.0
"""How long to wait for room when much is waiting to be spoken."""
SPEAK_SECONDS = 620.0


def pipe(descriptor: int, *, wait: bool) -> int:
    """Speaks what comes from a file descriptor; 1 where nothing came that can be spoken."""
    return 0 if _speak(stream.pieces_of(descriptor), wait=wait) else 1


def ask(prompt: str, *, wait: bool) -> int:
    """Runs `claude -p`, prints its prose and speaks it; Claude's own exit code where it failed."""
    command = [
        "claude",
        "-p",
        prompt,
        "--output-format",
        "stream-json",
        "--verbose",
        "--include-partial-messages",
    ]
    # The plugin would speak the reply a second time.
    environment = {**os.environ, "YOMIAGE_ENABLED": "0"}
    try:
        claude = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment)
    except FileNotFoundError as error:
        raise YomiageError("`claude` was not found; install Claude Code, or put it on the PATH.") from error
    assert claude.stdout is not None
    with claude:
        try:
            spoken = _speak(_printed(stream.pieces_of(claude.stdout.fileno())), wait=wait)
        except BaseException:
            claude.terminate()
            raise
    if claude.returncode:
        return 1
    return 0 if spoken else 1


def _printed(pieces: Iterator[str]) -> Iterator[str]:
    for piece in pieces:
        print(piece, end="\n\n", flush=True)
        yield piece


def _speak(pieces: Iterator[str], *, wait: bool) -> bool:
    """Hands each piece to the daemon in turn. False where there was none."""
    session = f"pipe-{os.getpid()}"
    any_piece = False
    for piece in pieces:
        any_piece = True
        _say(piece, session)
    if not any_piece:
        print("yomiage: nothing came that can be spoken", file=sys.stderr)
    elif wait:
        protocol.request("wait", timeout=SPEAK_SECONDS, session=session)
    return any_piece


def _say(text: str, session: str) -> None:
    deadline = time.monotonic() + FULL_SECONDS
    while True:
        try:
            protocol.request("say", text=text, session=session)
            return
        except RequestRefused as error:
            if error.code != protocol.ErrorCode.BUSY.value or time.monotonic() > deadline:
                raise
        time.sleep(0.5)
