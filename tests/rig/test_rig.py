"""The rig's own tests: before anything is proved with these parts, they must work themselves."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.rig.claude import ClaudeCode
from tests.rig.ear import Ear, error_rate
from tests.rig.messages_api import MessagesApi, Reply, ToolUse
from tests.rig.sound import RATE, Recorder, Samples, SoundServer, similarity

SENTENCE = "テストが全て成功しました。次に、設定ファイルを更新します。"


def tone(seconds: float) -> Samples:
    return (8000 * np.sin(2 * np.pi * 440 * np.arange(round(RATE * seconds)) / RATE)).astype(np.int16)


def play(samples: Samples) -> None:
    """With PulseAudio's own player, so that nothing of Yomiage is in the way."""
    # A stream's first and last 10 ms can fall between two blocks of the sink.
    rest = np.zeros(RATE // 20, dtype=np.int16)
    samples = np.concatenate([rest, samples, rest])
    command = ["pacat", "--playback", "--raw", "--format=s16le", f"--rate={RATE}", "--channels=1", "--latency-msec=50"]
    subprocess.run(command, input=samples.tobytes(), check=True, timeout=30)


def test_what_is_played_is_recorded_entire(recorder: Recorder) -> None:
    samples = tone(0.5)
    play(samples)
    heard_at = recorder.wait_for_sound(5)
    ended_at = recorder.wait_for_silence(0.3, 5)
    assert ended_at - heard_at == pytest.approx(0.5, abs=0.02)
    assert recorder.holes(longer_than_ms=5) == []
    assert recorder.sound_between(heard_at, heard_at + 0.1)
    assert not recorder.sound_between(ended_at, ended_at + 0.2)
    assert similarity(recorder.samples(), samples) > 0.999


def test_holes_are_found(recorder: Recorder) -> None:
    play(np.concatenate([tone(0.2), np.zeros(RATE // 10, dtype=np.int16), tone(0.2)]))
    recorder.wait_for_silence(0.3, 5, since=recorder.wait_for_sound(5))
    assert [round(milliseconds, -1) for _, milliseconds in recorder.holes(longer_than_ms=30)] == [100]


def test_no_sound_is_no_sound(recorder: Recorder) -> None:
    with pytest.raises(AssertionError, match="no sound within"):
        recorder.wait_for_sound(0.3)


def test_killed_sound_server_comes_back(sound: SoundServer) -> None:
    sound.kill()
    sound.start()
    with sound.recording() as recorder:
        play(tone(0.2))
        recorder.wait_for_sound(5)


def test_ear_understands_japanese(ear: Ear) -> None:
    import pyopenjtalk

    speech, rate = pyopenjtalk.tts(SENTENCE)
    assert rate == RATE
    heard = ear.transcribe(speech.astype(np.int16))
    assert error_rate(heard, SENTENCE) < 0.2, heard
    assert error_rate(heard, "今日は良い天気なので散歩に行きましょう。") > 0.5


def test_ear_hears_nothing_in_silence(ear: Ear) -> None:
    assert ear.transcribe(np.zeros(RATE, dtype=np.int16)) == ""


def test_spelling_does_not_count_as_an_error() -> None:
    assert error_rate("せっていを こうしんしました", "設定を更新しました。") == 0


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """A throwaway plugin that writes down what its Stop hook gets."""
    directory = tmp_path / "witness"
    (directory / ".claude-plugin").mkdir(parents=True)
    (directory / ".claude-plugin/plugin.json").write_text('{"name": "witness", "version": "1.0.0", "description": "x"}')
    hook = {"type": "command", "command": 'cat >>"$HOME/stops"; echo >>"$HOME/stops"', "timeout": 10}
    (directory / "hooks").mkdir()
    (directory / "hooks/hooks.json").write_text(json.dumps({"hooks": {"Stop": [{"hooks": [hook]}]}}))
    return directory


@pytest.fixture
def claude(claude_path: Path, home: Path, messages_api: MessagesApi, plugin: Path) -> ClaudeCode:
    return ClaudeCode(claude_path, home, messages_api, (plugin,))


def stops(home: Path) -> list[str]:
    """The last message of each Stop that the hook saw."""
    lines = [line for line in (home / "stops").read_text(encoding="utf-8").splitlines() if line]
    return [json.loads(line)["last_assistant_message"] for line in lines]


def test_stop_hook_fires_in_print_mode(claude: ClaudeCode, messages_api: MessagesApi, home: Path) -> None:
    messages_api.script("look", Reply("Let me look.", ToolUse("Bash", {"command": "true"})), Reply("It is **done**."))
    done = claude.ask("look around", "--allowedTools", "Bash")
    assert (done.returncode, done.stdout.strip()) == (0, "It is **done**."), done.stderr
    assert stops(home) == ["It is **done**."]


def test_api_error_is_seen(claude: ClaudeCode, messages_api: MessagesApi) -> None:
    messages_api.script("fail", Reply(status=400, message="out of ink"))
    done = claude.ask("please fail")
    assert "out of ink" in done.stdout + done.stderr


def test_stop_hook_fires_in_a_terminal(claude: ClaudeCode, messages_api: MessagesApi, home: Path) -> None:
    messages_api.script("hello", Reply("Hello, how are you today?"))
    messages_api.script("again", Reply("Once more."))
    with claude.terminal() as terminal:
        terminal.type("hello there")
        messages_api.wait_for_prompt("hello there")
        terminal.wait_for("how are you today?")
        terminal.wait_until(lambda: (home / "stops").exists() and len(stops(home)) == 1, "the first Stop")
        terminal.type("and again")
        terminal.wait_until(lambda: len(stops(home)) == 2, "the second Stop")
    assert stops(home) == ["Hello, how are you today?", "Once more."]


def test_python39_runs(python39: Path) -> None:
    said = subprocess.run(
        [python39, "-V"], capture_output=True, text=True, check=True, timeout=10, env=dict(os.environ)
    )
    assert said.stdout.startswith("Python 3.9.")
