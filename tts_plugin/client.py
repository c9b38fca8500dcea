"""The way to the daemon: connect, start it where it is absent, restart it once on version skew.

Python 3.9, standard library. `_socket` instead of `socket` saves a hook about 10 ms.
"""

import _socket
import os
import sys
import time

from tts_plugin import __version__, runtime, wire

CONNECT_SECONDS = 0.3
"""How long a hook waits for a daemon that is there."""
START_SECONDS = 10.0
"""How long a detached courier, or the command line, waits for a daemon that is being started."""

ABSENT = (FileNotFoundError, ConnectionRefusedError, ConnectionResetError, BrokenPipeError)


def exchange(line: bytes, timeout: float) -> bytes:
    """Sends one line and returns the reply line; b"" where the daemon closed without one. Raises OSError."""
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout)
        connection.connect(runtime.socket_path())
        try:
            connection.sendall(line)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before it was all sent: the reply says why
        reply = bytearray()
        while not reply.endswith(b"\n"):
            block = connection.recv(65536)
            if not block:
                break
            reply += block
        return bytes(reply)
    finally:
        connection.close()


def exchange_or_start(line: bytes, timeout: float) -> bytes:
    """As `exchange`, with the daemon started where it is absent, and restarted once where it is of another version.

    Raises OSError where no daemon answered within START_SECONDS of starting one.
    """
    try:
        reply = exchange(line, timeout)
    except ABSENT:
        reply = _start_and_exchange(line, timeout)
    if wire.RESTART_REPLY not in reply:
        return reply
    return _start_and_exchange(_second_try(line), timeout)


def _second_try(line: bytes) -> bytes:
    """The line, marked for a daemon after a restart.

    The daemon that asked for the restart has left its socket already. One that still differs then (the plugin
    was updated and the environment was not) must do.
    """
    return line.replace(wire.FIRST_TRY, wire.SECOND_TRY, 1)


def _start_and_exchange(line: bytes, timeout: float) -> bytes:
    deadline = time.monotonic() + START_SECONDS
    pause = 0.01
    spawn()
    while True:
        try:
            return exchange(line, timeout)
        except ABSENT:
            if time.monotonic() > deadline:
                raise
        time.sleep(pause)
        pause = min(pause * 2, 0.2)


def spawn() -> None:
    """Starts the daemon, detached. Where one runs already, the new one notices and leaves."""
    python = runtime.interpreter()
    if not os.access(python, os.X_OK):
        python = sys.executable
    if not detach():
        return
    try:
        # What Claude Code's environment holds for itself is none of the daemon's business.
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("ANTHROPIC_", "CLAUDE_", "CLAUDECODE"))}
        os.execve(python, [python, "-I", "-m", "daemon"], kept)
    finally:
        os._exit(127)


def detach() -> bool:
    """Forks a process of its own session that holds none of our files. True in that process."""
    first = os.fork()
    if first:
        os.waitpid(first, 0)
        return False
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)
        # A pipe of Claude Code's that stays open here would keep it waiting.
        os.closerange(3, 256)
        os.chdir("/")
    except BaseException:
        os._exit(127)
    return True


def hook(event: str, started: float, start: bool) -> None:
    """Delivers a hook's standard input. Silent, quick and without exception, whatever is broken.

    Where there is no daemon, a detached courier starts one and delivers, and the hook returns at once;
    with `start` false there is then nothing to do.
    """
    try:
        if runtime.muted():
            return
        line = wire.hook_line(
            __version__, event, os.environ.get("CLAUDE_CODE_SESSION_ID", ""), started, _standard_input()
        )
        try:
            reply = exchange(line, CONNECT_SECONDS)
            if wire.RESTART_REPLY not in reply:
                return
            line = _second_try(line)
        except ABSENT:
            if not start:
                return
        if detach():
            try:
                exchange_or_start(line, 5.0)
            finally:
                os._exit(0)
    except Exception:
        # A hook has nobody to tell: what it prints goes to the model or looks like a failure of Claude Code's.
        # `yomiage doctor` finds the cause.
        return


def _standard_input() -> bytes:
    blocks = []
    while True:
        try:
            block = os.read(0, 1 << 20)
        except OSError:
            break
        if not block:
            break
        blocks.append(block)
    return b"".join(blocks)
