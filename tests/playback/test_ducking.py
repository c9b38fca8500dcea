"""Other players, turned down while speech is heard, at a real sound server."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from daemon.playback import ducking
from daemon.playback.ducking import Ducking
from daemon.playback.loudspeaker import Loudspeaker
from tests.playback.conftest import sweep
from tests.rig.sound import RATE, SoundServer
from tts_plugin import paths
from tts_plugin.errors import EngineUnavailable
from tts_plugin.settings import Settings

if sys.platform != "linux":
    pytest.skip("PulseAudio and PipeWire are Linux's", allow_module_level=True)

SETTINGS = Settings(others_volume=0.25)


@contextlib.contextmanager
def music(sound: SoundServer, name: str = "Music", volume: float | None = 0.8) -> Iterator[None]:
    """Another player, which plays a tone for as long as the block runs; None for the volume that it had last."""
    command = ["pacat", "--playback", "--raw", "--format=s16le", f"--rate={RATE}", "--channels=2"]
    command += [f"--client-name={name}", f"--property=application.name={name}"]
    command += [f"--volume={round(65536 * volume)}"] if volume is not None else []
    player = subprocess.Popen(command, stdin=subprocess.PIPE)
    assert player.stdin is not None
    tone = (3000 * np.sin(np.arange(RATE) / 20)).astype(np.int16).repeat(2).tobytes()
    over = threading.Event()

    def feed() -> None:
        with contextlib.suppress(OSError):
            while not over.is_set():
                player.stdin.write(tone)  # type: ignore[union-attr]

    feeding = threading.Thread(target=feed, daemon=True)
    feeding.start()
    eventually(lambda: name in volumes(sound), f"{name} plays")
    try:
        yield
    finally:
        over.set()
        player.kill()
        player.wait(5)


def volumes(sound: SoundServer) -> dict[str, float]:
    """The volume of each player's stream, by the player's name."""
    told = json.loads(sound.ask("--format=json", "list", "sink-inputs") or "[]")
    return {
        stream["properties"]["application.name"]: next(iter(stream["volume"].values()))["value"] / 65536
        for stream in told
    }


def eventually(condition: Callable[[], bool], what: str, seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.02)


def has(sound: SoundServer, name: str, volume: float) -> Callable[[], bool]:
    return lambda: abs(volumes(sound).get(name, -1) - volume) < 0.01


@pytest.fixture
def ducks(sound: SoundServer) -> Iterator[Ducking]:
    ducks = Ducking(SETTINGS)
    yield ducks
    ducks.close()


def test_another_player_is_down_while_speech_is_heard(sound: SoundServer, going: threading.Event) -> None:
    output = Loudspeaker(SETTINGS)
    try:
        with music(sound):
            assert output.write(sweep(2.0), going)
            eventually(has(sound, "Music", 0.2), "turned down")
            assert volumes(sound)["Yomiage"] == pytest.approx(1, abs=0.01), "but not ourselves"
            assert output.drain(going)
            eventually(has(sound, "Music", 0.8), "as loud as before")
            assert output.write(sweep(5.0), going)
            eventually(has(sound, "Music", 0.2), "turned down again")
            output.stop()
            eventually(has(sound, "Music", 0.8), "as loud as before, after a stop")
    finally:
        output.close()


def test_by_default_others_are_left_alone(sound: SoundServer, going: threading.Event) -> None:
    output = Loudspeaker(Settings())
    with music(sound):
        assert output.write(sweep(1.0), going)
        assert output.drain(going)
        assert volumes(sound)["Music"] == pytest.approx(0.8, abs=0.01)
    output.close()
    assert output._ducking._process is None


def test_a_player_that_begins_in_mid_speech_is_turned_down_too(sound: SoundServer, ducks: Ducking) -> None:
    ducks.begin()
    with music(sound):
        eventually(has(sound, "Music", 0.2), "turned down")
        ducks.end()
        eventually(has(sound, "Music", 0.8), "as loud as before")


def test_whom_the_user_turns_in_mid_speech_stays_as_she_left_him(sound: SoundServer, ducks: Ducking) -> None:
    with music(sound), music(sound, "Radio", 0.6):
        ducks.begin()
        eventually(has(sound, "Radio", 0.15), "turned down")
        for line in sound.ask("list", "short", "sink-inputs").splitlines():
            sound.ask("set-sink-input-volume", line.split()[0], "50%")
        ducks.end()
        ducks.close()
        assert volumes(sound) == {"Music": pytest.approx(0.5, abs=0.01), "Radio": pytest.approx(0.5, abs=0.01)}


def test_closing_turns_others_up_before_it_returns(sound: SoundServer, ducks: Ducking) -> None:
    with music(sound):
        ducks.begin()
        eventually(has(sound, "Music", 0.2), "turned down")
        ducks.close()
        assert volumes(sound)["Music"] == pytest.approx(0.8, abs=0.01)


def test_others_are_up_again_when_the_daemon_was_killed(sound: SoundServer) -> None:
    daemon = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from daemon.playback.ducking import Ducking; from tts_plugin.settings import Settings; import time;"
            "ducks = Ducking(Settings(others_volume=0.25)); ducks.begin(); time.sleep(60)",
        ]
    )
    with music(sound):
        eventually(has(sound, "Music", 0.2), "turned down", 15)
        daemon.send_signal(signal.SIGKILL)
        daemon.wait(5)
        eventually(has(sound, "Music", 0.8), "as loud as before")


def test_what_a_killed_process_left_is_put_right_at_the_next_start(sound: SoundServer, ducks: Ducking) -> None:
    file = paths.state_dir() / "ducked.json"
    with music(sound):
        ducks.begin()
        eventually(has(sound, "Music", 0.2), "turned down")
        assert ducks._process is not None
        os.kill(ducks._process.pid, signal.SIGKILL)
        ducks._process.wait(5)
        assert volumes(sound)["Music"] == pytest.approx(0.2, abs=0.01)
        assert file.exists()
        # Even where the setting has gone back to its default meanwhile.
        again = Ducking(Settings())
        eventually(has(sound, "Music", 0.8), "as loud as before")
        eventually(lambda: not file.exists(), "forgotten")
        again.close()


def test_another_sound_server_than_the_one_that_was_noted_is_left_alone(sound: SoundServer) -> None:
    file = paths.state_dir() / "ducked.json"
    file.parent.mkdir(parents=True)
    with music(sound):
        index = int(sound.ask("list", "short", "sink-inputs").split()[0])
        entry = {"index": index, "before": [1.0, 1.0], "during": [0.8, 0.8], "memory": None}
        file.write_text(json.dumps({"server": 1, "lowered": [entry]}), encoding="utf-8")
        Ducking(Settings()).close()
        assert volumes(sound)["Music"] == pytest.approx(0.8, abs=0.01)


def test_a_player_whose_title_ends_meanwhile_begins_the_next_one_as_loud_as_before(
    sound: SoundServer, ducks: Ducking
) -> None:
    module = sound.ask("load-module", "module-stream-restore").strip()
    try:
        with music(sound):
            ducks.begin()
            eventually(has(sound, "Music", 0.2), "turned down")
        with music(sound, volume=None):
            eventually(has(sound, "Music", 0.2), "the next one, too")
            ducks.end()
            eventually(has(sound, "Music", 0.8), "as loud as before")
            ducks.begin()
            eventually(has(sound, "Music", 0.2), "turned down")
        ducks.close()
        with music(sound, volume=None):
            eventually(has(sound, "Music", 0.8), "begins as loud as before")
    finally:
        sound.ask("unload-module", module)


def test_a_sound_server_that_restarts_is_found_again(sound: SoundServer, ducks: Ducking) -> None:
    with music(sound):
        ducks.begin()
        eventually(has(sound, "Music", 0.2), "turned down")
        sound.kill()
    sound.start()
    with music(sound):
        eventually(has(sound, "Music", 0.2), "turned down")
        ducks.end()
        eventually(has(sound, "Music", 0.8), "as loud as before")


def test_check_names_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    ducking.check()
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
    with pytest.raises(EngineUnavailable, match="libpulse0"):
        ducking.check()
