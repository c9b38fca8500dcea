"""What Claude Code runs: quick, silent, exit 0, whatever is broken."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tts_plugin import wire

CHECKOUT = Path(__file__).parents[2]
SAMPLES = Path(__file__).parents[1] / "samples"
HOOKS = json.loads((CHECKOUT / "hooks/hooks.json").read_text(encoding="utf-8"))["hooks"]
EVENTS = sorted(HOOKS)
STARTERS = {"Stop", "Notification", "SessionStart"}
"""Events that bring the daemon to life; the others have nothing to say to one that is not there."""


def script(event: str) -> Path:
    name = "".join("_" + c.lower() if c.isupper() else c for c in event).lstrip("_")
    return CHECKOUT / "hooks" / f"{name}.py"


class Ear:
    """Listens where the daemon would, and keeps the lines that come."""

    def __init__(self, path: Path, reply: bytes | None = b'{"ok":true}\n') -> None:
        self.lines: list[bytes] = []
        self._reply = reply
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._held: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self._reply is None:
                self._held.append(connection)  # a daemon that hangs: it accepts and never answers
                continue
            with connection:
                line = b""
                while not line.endswith(b"\n") and (block := connection.recv(65536)):
                    line += block
                self.lines.append(line)
                connection.sendall(self._reply)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)


@pytest.fixture
def socket_path(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="yomi-") as short:
        path = Path(short) / "daemon.sock"
        monkeypatch.setenv("YOMIAGE_SOCKET", str(path))
        yield path


@pytest.fixture
def ear(socket_path: Path) -> Iterator[Ear]:
    ear = Ear(socket_path)
    yield ear
    ear.close()


@pytest.fixture(params=["this Python", "Python 3.9"])
def python(request: pytest.FixtureRequest) -> str:
    return sys.executable if request.param == "this Python" else str(request.getfixturevalue("python39"))


def run(command: list[str], data: bytes = b"{}\n", **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, input=data, capture_output=True, timeout=30, env={**os.environ, **environment})


def run_hook(event: str, data: bytes = b"{}\n", root: Path = CHECKOUT, **environment: str) -> Any:
    """As Claude Code does: the command of hooks.json, through a shell."""
    (entry,) = HOOKS[event][0]["hooks"]
    return run(["/bin/sh", "-c", entry["command"]], data, CLAUDE_PLUGIN_ROOT=str(root), **environment)


def silent(done: subprocess.CompletedProcess[bytes]) -> bool:
    return (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize("event", EVENTS)
def test_the_payload_arrives_as_it_came(event: str, python: str, ear: Ear) -> None:
    payload = (SAMPLES / f"{event}.jsonl").read_bytes().splitlines(keepends=True)[0]
    done = run([python, "-I", "-S", str(script(event))], payload, CLAUDE_CODE_SESSION_ID="s-1")
    assert silent(done)
    (line,) = ear.lines
    request = json.loads(line)
    assert request["payload"] == json.loads(payload)
    assert (request["command"], request["event"], request["session"]) == ("hook", event, "s-1")
    assert request["protocol"] == wire.PROTOCOL and isinstance(request["hook_started"], float)


@pytest.mark.parametrize(
    "data",
    [b"", b"\n", b"not json", b'{"a":', bytes(range(256)) * 40, b'{"prompt":"' + b"x" * 10_000_000 + b'"}\n'],
    ids=["empty", "blank", "text", "torn", "binary", "10 MB"],
)
def test_whatever_comes_in_the_hook_is_silent(data: bytes, python: str, ear: Ear) -> None:
    assert silent(run([python, "-I", "-S", str(script("UserPromptSubmit"))], data, CLAUDE_CODE_SESSION_ID="s-2"))
    (line,) = ear.lines
    assert len(line) <= wire.MAX_LINE and line.count(b"\n") == 1
    assert b'"session":"s-2"' in line, "the session is known even where the payload is not"


@pytest.mark.parametrize("event", EVENTS)
def test_a_muted_session_sends_nothing(event: str, python: str, ear: Ear) -> None:
    assert silent(run([python, str(script(event))], YOMIAGE_ENABLED="0"))
    assert ear.lines == []


def test_a_daemon_that_hangs_does_not_hold_the_hook(socket_path: Path, python: str) -> None:
    ear = Ear(socket_path, reply=None)
    assert silent(run([python, "-I", "-S", str(script("Stop"))]))
    ear.close()


@pytest.mark.parametrize("event", sorted(set(EVENTS) - STARTERS))
def test_an_event_that_cannot_matter_starts_no_daemon(event: str, socket_path: Path, installed: Path) -> None:
    assert silent(run_hook(event))
    assert list(socket_path.parent.iterdir()) == []


@pytest.mark.parametrize("event", EVENTS)
def test_without_installation_only_the_session_start_speaks(event: str, socket_path: Path) -> None:
    done = run_hook(event)
    assert (done.returncode, done.stderr) == (0, b"")
    if event == "SessionStart":
        assert str(CHECKOUT / "install.sh") in json.loads(done.stdout)["systemMessage"]
    else:
        assert done.stdout == b""


def test_a_plugin_directory_with_odd_characters_works(tmp_path: Path, ear: Ear, installed: Path) -> None:
    odd = tmp_path / 'my "plug\'ins" $HOME'
    odd.mkdir()
    (odd / "hooks").symlink_to(CHECKOUT / "hooks")
    (odd / "tts_plugin").symlink_to(CHECKOUT / "tts_plugin")
    assert silent(run_hook("Stop", root=odd))
    assert len(ear.lines) == 1


def test_the_message_of_an_odd_directory_is_still_json(tmp_path: Path) -> None:
    odd = tmp_path / 'a "b" \\c'
    odd.mkdir()
    (odd / "hooks").symlink_to(CHECKOUT / "hooks")
    assert "install.sh" in json.loads(run_hook("SessionStart", root=odd).stdout)["systemMessage"]


@pytest.mark.parametrize(
    "body", ["#!/bin/sh\necho oops; echo oops >&2; exit 3\n", "not a program", "#!/no/such/thing\n"]
)
def test_a_broken_environment_stays_silent(home: Path, body: str) -> None:
    python = home / ".local/share/yomiage/venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(body)
    python.chmod(0o755)
    for event in EVENTS:
        assert silent(run_hook(event))


def test_a_missing_home_stays_silent() -> None:
    for event in set(EVENTS) - {"SessionStart"}:
        (entry,) = HOOKS[event][0]["hooks"]
        command = ["env", "-i", f"CLAUDE_PLUGIN_ROOT={CHECKOUT}", "/bin/sh", "-c", entry["command"]]
        assert silent(run(command))


def test_hooks_import_no_more_than_they_must(python: str, socket_path: Path) -> None:
    """Every import is paid for by every event: these cost 2 to 20 ms each."""
    code = "import sys; p = sys.argv[1]; exec(open(p).read(), {'__file__': p}); print(*sys.modules)"
    done = run([python, "-I", "-S", "-c", code, str(script("UserPromptSubmit"))])
    loaded = set(done.stdout.decode().split())
    assert "tts_plugin.client" in loaded
    dear = loaded & {"json", "socket", "subprocess", "pathlib", "re", "logging", "typing", "platformdirs", "signal"}
    assert not dear


def test_every_event_has_a_time_limit_and_one_script() -> None:
    for event, groups in HOOKS.items():
        (group,) = groups
        (entry,) = group["hooks"]
        assert entry["timeout"] <= 5 and script(event).is_file()
