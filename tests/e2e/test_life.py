"""The daemon's life: one at a time, gone without a trace, back when needed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_claude import long_reply
from tests.rig.sound import Recorder
from tests.rig.user import CHECKOUT, User
from tts_plugin import __version__, wire


def send(user: User, line: bytes, half_close: bool = False) -> bytes:
    """One raw line to the daemon; its raw reply."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(15)
        connection.connect(str(user.socket))
        try:
            connection.sendall(line)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has refused already
        reply = b""
        while block := connection.recv(65536):
            reply += block
        return reply


def request(user: User, command: str, **fields: Any) -> dict[str, Any]:
    line = {"protocol": wire.PROTOCOL, "version": __version__, "command": command, **fields}
    return dict(json.loads(send(user, json.dumps(line).encode() + b"\n")))


def files_left(user: User) -> set[str]:
    return {path.name for path in user.socket.parent.iterdir()}


def test_twenty_hooks_at_once_start_one_daemon_and_all_are_served(user: User) -> None:
    sessions = [f"session-{i}" for i in range(20)]
    user.settings(output="wav")
    hooks = [user.hook_process("Stop", session_id=s, last_assistant_message="Done.") for s in sessions]
    for hook in hooks:
        assert hook.wait(30) == 0
        assert hook.stdout is not None and hook.stderr is not None
        with hook.stdout, hook.stderr:
            assert (hook.stdout.read(), hook.stderr.read()) == (b"", b"")
    user.wait_until(lambda s: s["running"] and len(s["narrations"]) == 20, "told of all twenty")
    end = time.monotonic() + 20
    while len(user.daemons()) != 1:
        assert time.monotonic() < end, f"more than one daemon: {user.daemons()}"


def test_a_stale_socket_is_no_hindrance(user: User) -> None:
    user.socket.parent.mkdir(parents=True, mode=0o700)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(user.socket))
    assert user.run("daemon", "start").returncode == 0
    assert user.status()["running"]


def test_a_killed_daemon_is_back_with_the_next_reply(user: User, recorder: Recorder) -> None:
    user.settings(translators=["phrasebook"])
    user.warm()
    user.hook("Stop", last_assistant_message=long_reply())
    recorder.wait_for_sound(timeout=30)
    (pid,) = user.daemons()
    os.kill(pid, signal.SIGKILL)
    silent_from = recorder.wait_for_silence(1.0, timeout=10)
    assert user.socket.exists(), "the dead daemon's socket is still there"
    user.hook("Stop", last_assistant_message="All tests pass.")
    recorder.wait_for_sound(timeout=60, since=silent_from + 0.5)
    assert user.status()["pid"] != pid


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_speech_and_leaves_no_file(user: User, recorder: Recorder, number: signal.Signals) -> None:
    user.settings(translators=["phrasebook"])
    user.warm()
    user.hook("Stop", last_assistant_message=long_reply())
    recorder.wait_for_sound(timeout=30)
    (pid,) = user.daemons()
    os.kill(pid, number)
    recorder.wait_for_silence(1.5, timeout=10)
    end = time.monotonic() + 10
    while user.daemons():
        assert time.monotonic() < end, user.read_log()
    assert files_left(user) == set()


def test_daemon_stop_waits_until_it_has_left(user: User) -> None:
    assert user.run("daemon", "start").returncode == 0
    assert user.run("daemon", "stop").stdout == "stopped\n"
    assert files_left(user) == set()
    assert user.run("daemon", "stop").stdout == "not running\n"
    assert user.status() == {"running": False, "reason": user.status()["reason"]}


def test_daemon_run_stays_in_the_terminal(user: User) -> None:
    program = [str(Path(sys.prefix) / "bin/yomiage"), "daemon", "run"]
    process = subprocess.Popen(program, env=user.environment, cwd=user.home)
    try:
        user.wait_until(lambda s: s.get("pid") == process.pid, "running in that process")
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0
    finally:
        process.kill()


def test_an_idle_daemon_unloads_its_models_and_then_leaves(user: User) -> None:
    user.warm()
    user.settings(idle_unload_seconds=1)
    user.wait_until(
        lambda s: s["translators"]["nllb"]["state"] == s["translators"]["nllb_torch"]["state"] == "idle", "unloaded"
    )
    user.settings(idle_exit_seconds=1)
    user.wait_until(lambda s: not s["running"], "gone")
    assert files_left(user) == set()
    user.hook("Stop", last_assistant_message="Done.")
    user.wait_until(lambda s: s["running"] and bool(s["narrations"]), "back")


def test_status_answers_while_the_models_load(user: User) -> None:
    user.hook("SessionStart", source="startup")
    seen = user.wait_until(lambda s: s["running"], "running")
    assert seen["state"] in ("starting", "ready")
    user.hook("Stop", last_assistant_message=long_reply())
    for _ in range(5):
        assert user.status()["running"]


def test_another_version_restarts_the_daemon_once(user: User) -> None:
    user.run("daemon", "start")
    (pid,) = user.daemons()
    line = {"protocol": wire.PROTOCOL, "version": "99.0.0", "restarted": False, "command": "hook", "event": "Stop"}
    first = json.loads(send(user, json.dumps({**line, "payload": {}}).encode() + b"\n"))
    assert first["error"] == "restart"
    assert not user.socket.exists(), "it has left its socket before it answered"
    user.hook("SessionStart")
    user.wait_until(lambda s: s["running"] and s["pid"] != pid, "a new daemon")
    second = json.loads(send(user, json.dumps({**line, "restarted": True, "payload": {}}).encode() + b"\n"))
    assert second["ok"], "after the restart it must do"
    third = json.loads(send(user, json.dumps({**line, "payload": {}}).encode() + b"\n"))
    assert third["ok"], "and from then on without another"
    assert user.status()["other_versions"] == ["99.0.0"]


def test_a_hook_of_another_version_is_heard(user: User, recorder: Recorder, tmp_path: Path) -> None:
    user.run("daemon", "start")
    newer = tmp_path / "plugin"
    (newer / "tts_plugin").mkdir(parents=True)
    (newer / "hooks").symlink_to(CHECKOUT / "hooks")
    for name in ("client", "runtime", "wire"):
        (newer / f"tts_plugin/{name}.py").symlink_to(CHECKOUT / f"tts_plugin/{name}.py")
    (newer / "tts_plugin/__init__.py").write_text('__version__ = "99.0.0"\n')
    # -P of a link is the checkout; the copy of the script is what finds its neighbour.
    (newer / "stop.py").write_text((CHECKOUT / "hooks/stop.py").read_text())
    (newer / "deep").mkdir()
    (newer / "deep/stop.py").write_text((CHECKOUT / "hooks/stop.py").read_text())
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(newer / "deep/stop.py")],
        input=json.dumps({"session_id": "s", "last_assistant_message": "All tests pass."}).encode(),
        env=user.environment,
        capture_output=True,
        timeout=30,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    recorder.wait_for_sound(timeout=60)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"hello\n", "bad_request"),
        (b"[]\n", "bad_request"),
        (b"{}\n", "bad_request"),
        (b"\xff\xfe\x00\n", "bad_request"),
        (b"[" * 100_000 + b"\n", "bad_request"),
        (b'{"protocol":1,"version":"%s","command":"dance"}\n' % __version__.encode(), "unknown_command"),
        (b'{"protocol":1,"version":"%s","command":["say"]}\n' % __version__.encode(), "unknown_command"),
        (b'{"protocol":1,"version":"%s","command":"say"}\n' % __version__.encode(), "bad_request"),
        (b'{"protocol":1,"version":"%s","command":"hook"}\n' % __version__.encode(), "bad_request"),
        (
            b'{"protocol":1,"version":"%s","command":"render","text":"a","file":"b"}\n' % __version__.encode(),
            "bad_request",
        ),
        (b'{"a":"' + b"x" * wire.MAX_LINE + b'"}\n', "too_large"),
        (b'{"torn":', "bad_request"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, bytes) else value,
)
def test_a_bad_line_is_refused_and_the_daemon_lives(bad: User, line: bytes, code: str) -> None:
    reply = json.loads(send(bad, line, half_close=True))
    assert (reply["ok"], reply["error"]) == (False, code)
    assert bad.read_log().splitlines()[-1].count("WARNING") == 1, "one line in the log"
    assert bad.status()["running"]


@pytest.mark.parametrize(
    "payload",
    [b"", b"not json", b'{"torn":', bytes(range(256)), b'{"session_id":7,"last_assistant_message":{"a":[]}}', b"[]"],
    ids=["empty", "text", "torn", "binary", "ill-typed", "list"],
)
def test_a_hook_with_bad_input_is_silent_and_the_daemon_lives(bad: User, payload: bytes) -> None:
    script = CHECKOUT / "hooks/stop.py"
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(script)], input=payload, env=bad.environment, capture_output=True, timeout=30
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert bad.status()["narrations"] == []


@pytest.fixture(scope="module")
def bad(sound_server: Any) -> Any:
    """One daemon for all that bad input: that it still serves is the point."""
    user = User({**os.environ, **sound_server.environment})
    assert user.run("daemon", "start").returncode == 0
    user.wait_until(lambda s: s.get("state") == "ready", "ready")
    pid = user.status()["pid"]
    yield user
    assert user.status()["pid"] == pid
    user.leave()


def test_a_client_that_says_nothing_is_dropped(bad: User) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(15)
        connection.connect(str(bad.socket))
        assert connection.recv(1) == b""
    assert bad.status()["running"]


def test_another_user_is_refused(user: User, tmp_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can pretend to be somebody else")
    user.run("daemon", "start")
    # Open every door that is in the way, so that only the check of credentials is left.
    for path in (user.socket, *user.socket.parents):
        if path.is_relative_to(user.home):
            path.chmod(0o777)
    code = (
        "import os, socket, sys; os.setgid(65534); os.setuid(65534); s = socket.socket(socket.AF_UNIX);"
        f"s.connect({str(user.socket)!r}); s.sendall(b'{{}}\\n'); sys.stdout.buffer.write(s.recv(100))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, timeout=30)
    assert done.stdout == b"", "not a word to another user"
    assert "another user" in user.read_log()


def test_the_socket_is_this_users_alone(user: User) -> None:
    user.run("daemon", "start")
    assert oct(user.socket.parent.stat().st_mode)[-3:] == "700"
    assert oct(user.socket.stat().st_mode)[-3:] == "600"
    assert oct(user.log.stat().st_mode)[-3:] == "600"


def test_the_log_holds_none_of_the_users_text(user: User) -> None:
    user.settings(log_level="debug", output="wav", translators=["phrasebook"])
    user.hook("Stop", last_assistant_message="The zebra crossed the Rubicon. すべて終わりました。")
    user.wait_until(lambda s: bool(s["narrations"]) and "done" in s["narrations"][0]["stages"], "done")
    log = user.read_log()
    assert "narration 1" in log
    assert not any(word in log for word in ("zebra", "Rubicon", "終わり"))


def test_nothing_is_written_outside_of_our_own_directories(user: User) -> None:
    user.settings(output="wav")
    assert user.run("say", "--wait", "Nobody could hear it, because it had no voice.").returncode == 0
    assert "nllb" in user.status()["translators"]
    for folder in (".cache", ".config", ".local/share", ".local/state"):
        assert [path.name for path in (user.home / folder).iterdir()] == ["yomiage"], folder
    assert {path.name for path in user.home.iterdir()} == {".cache", ".config", ".local"}
