"""A user with a home of her own, in which Yomiage is installed: her command line, her hooks, her daemon."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tts_plugin import protocol

CHECKOUT = Path(__file__).parents[2]
CHECKPOINT = CHECKOUT / "tests/checkpoint/nllb-tiny"


class User:
    """Everything that she runs sees `environment` and nothing else of whoever runs the tests."""

    def __init__(self, environment: dict[str, str]) -> None:
        # Short, because the socket lies in it.
        self.home = Path(tempfile.mkdtemp(prefix="yomi-"))
        kept = {name: value for name, value in environment.items() if name.startswith("PULSE_")}
        self.environment = {
            "HOME": str(self.home),
            "PATH": f"{Path(sys.prefix) / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            **kept,
        }
        self.data = self.home / ".local/share/yomiage"
        self.data.mkdir(parents=True)
        (self.data / "venv").symlink_to(sys.prefix)
        self.socket = self.data / "run/daemon.sock"
        self.log = self.home / ".local/state/yomiage/daemon.log"
        # The tiny checkpoint says for certain what the tests expect; the starter model has tests of its own.
        self.settings(voices=["openjtalk"], model=str(CHECKPOINT), translators=["phrasebook", "nllb", "nllb_torch"])

    def settings(self, **changes: Any) -> None:
        """Edits settings.json as an editor does: the keys given, the rest stays."""
        file = self.home / ".config/yomiage/settings.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        current = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        staged = file.with_suffix(".swp")
        staged.write_text(json.dumps({**current, **changes}), encoding="utf-8")
        staged.replace(file)

    def run(
        self, *arguments: str, stdin: bytes | None = None, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """`yomiage ARGUMENTS…`, to its end."""
        done = subprocess.run(
            [str(Path(sys.prefix) / "bin" / "yomiage"), *arguments],
            input=stdin if stdin is not None else b"",
            env=self.environment,
            cwd=self.home,
            capture_output=True,
            timeout=timeout,
        )
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    def hook_process(self, event: str, **payload: Any) -> subprocess.Popen[bytes]:
        """One event as Claude Code tells it, to the command of hooks.json; started and not waited for."""
        hooks = json.loads((CHECKOUT / "hooks/hooks.json").read_text(encoding="utf-8"))["hooks"]
        (entry,) = hooks[event][0]["hooks"]
        process = subprocess.Popen(
            ["/bin/sh", "-c", entry["command"]],
            env={
                **self.environment,
                "CLAUDE_PLUGIN_ROOT": str(CHECKOUT),
                "CLAUDE_CODE_SESSION_ID": payload.get("session_id", "s"),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps({"hook_event_name": event, "session_id": "s", **payload}).encode() + b"\n")
        process.stdin.close()
        return process

    def hook(self, event: str, **payload: Any) -> None:
        """One event, to the hook's end, which must be silent."""
        process = self.hook_process(event, **payload)
        assert process.wait(30) == 0
        assert process.stdout is not None and process.stderr is not None
        with process.stdout, process.stderr:
            assert (process.stdout.read(), process.stderr.read()) == (b"", b"")

    def ask(self, command: str, **fields: Any) -> dict[str, Any]:
        """One request to the daemon, over its socket."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(60)
            connection.connect(str(self.socket))
            connection.sendall(protocol.encode({"command": command, **fields}))
            with connection.makefile("rb") as lines:
                return dict(json.loads(lines.readline()))

    def status(self) -> dict[str, Any]:
        done = self.run("status", "--json")
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    def wait_until(self, condition: Callable[[dict[str, Any]], bool], what: str, timeout: float = 60) -> dict[str, Any]:
        """Until the daemon's status is so; the status."""
        end = time.monotonic() + timeout
        while not condition(status := self.status()):
            if time.monotonic() > end:
                raise AssertionError(f"not {what} within {timeout} s: {status}\n{self.read_log()}")
        return status

    def warm(self) -> None:
        """The daemon, with the engines loaded that the settings put first."""
        self.hook("SessionStart", source="startup")
        self.wait_until(_is_warm, "warm")

    def daemons(self) -> list[int]:
        """Process ids of all daemons that run with this home."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                command = (process / "cmdline").read_bytes().split(b"\0")
                environment = (process / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if command[2:4] == [b"-m", b"daemon"] and f"HOME={self.home}".encode() in environment:
                found.append(int(process.name))
        return found

    def read_log(self) -> str:
        return self.log.read_text(encoding="utf-8") if self.log.exists() else "(no log)"

    def leave(self) -> None:
        for pid in self.daemons():
            os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.home, ignore_errors=True)


def _is_warm(status: dict[str, Any]) -> bool:
    if status.get("state") != "ready":
        return False
    # Of the engines with a model the first that can be had is enough.
    translators = status["translators"]
    models = [translators.pop(name) for name in ("starter", "nllb", "nllb_torch") if name in translators]
    if models and not any(engine["state"] == "ready" for engine in models):
        return False
    engines = list(translators.values())
    engines += list(status["voices"].values())
    return not {engine["state"] for engine in engines} & {"idle", "loading"}
