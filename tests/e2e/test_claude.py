"""A real Claude Code session is heard in Japanese."""

from __future__ import annotations

import json
import time

import pytest

from tests.rig.claude import ClaudeCode
from tests.rig.ear import Ear, error_rate
from tests.rig.messages_api import MessagesApi, Reply, ToolUse
from tests.rig.sound import Recorder
from tests.rig.user import CHECKOUT, CHECKPOINT, User

UNDERSTOOD = 0.3
"""Error rate below which the ear has understood a sentence (see rig/ear.py)."""

STORY = [
    line.split("\t")
    for line in (CHECKPOINT.parent / "story.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


def long_reply() -> str:
    """A minute of speech that needs no translation, for tests of what comes after it."""
    return "".join(japanese for _, japanese, *_ in STORY)


def test_the_reply_of_a_print_run_is_heard_in_japanese(
    claude: ClaudeCode, messages_api: MessagesApi, user: User, recorder: Recorder, ear: Ear
) -> None:
    messages_api.script("greet me", Reply("Hello, how are you today?"))
    done = claude.ask("greet me")
    assert done.returncode == 0 and "Hello, how are you today?" in done.stdout, done.stderr
    recorder.wait_for_sound(timeout=60)
    recorder.wait_for_silence(1.0, timeout=60)
    heard = ear.transcribe(recorder.samples())
    assert error_rate(heard, "こんにちは。今日の調子はいかがですか？") < UNDERSTOOD, heard
    (narration,) = [n for n in user.status()["narrations"] if n["priority"] == "TEXT"]
    stages = narration["stages"]
    order = ["hook_started", "received", "cleaned", "first_translated", "first_synthesized", "first_audio_out", "done"]
    assert list(stages) == order and sorted(stages.values()) == list(stages.values())


def test_prose_after_a_tool_is_heard_and_its_code_is_not(
    claude: ClaudeCode, messages_api: MessagesApi, user: User, recorder: Recorder, ear: Ear
) -> None:
    reply = Reply(f"{STORY[0][0]}\n\n```python\nprint('print print print')\n```\n\n{STORY[1][0]}")
    messages_api.script("look", Reply("Let me look.", ToolUse("Bash", {"command": "echo hi"})), reply)
    done = claude.ask("look", "--allowedTools", "Bash")
    assert done.returncode == 0, done.stderr
    recorder.wait_for_sound(timeout=60)
    recorder.wait_for_silence(1.5, timeout=60)
    heard = ear.transcribe(recorder.samples())
    expected = STORY[0][1] + "Pythonのコードブロックです。".replace("Python", "パイソン") + STORY[1][1]
    assert error_rate(heard, expected) < UNDERSTOOD, heard


def test_an_interactive_session_is_heard_and_a_new_prompt_cuts_it(
    claude: ClaudeCode, messages_api: MessagesApi, user: User, recorder: Recorder
) -> None:
    messages_api.script("tell me a story", Reply(" ".join(english for english, *_ in STORY)))
    # The second turn stays open, so that only the prompt itself can be what cuts.
    messages_api.script("enough", Reply("Done.", ToolUse("Bash", {"command": "sleep 20"})))
    with claude.terminal() as terminal:
        user.wait_until(lambda s: s["running"], "running after the session's start")
        terminal.type("tell me a story")
        began = recorder.wait_for_sound(timeout=60)
        assert not recorder.sound_between(0, began - 0.1)
        before = time.monotonic()
        terminal.type("enough please")
        silent_from = recorder.wait_for_silence(2.0, timeout=20)
        assert silent_from > before - 1, "it was still speaking when the prompt came"
        (story,) = [n for n in user.status()["narrations"] if n["priority"] == "TEXT"]
        assert story["cut"]


def test_a_permission_request_is_heard(
    claude: ClaudeCode, messages_api: MessagesApi, user: User, recorder: Recorder, ear: Ear
) -> None:
    messages_api.script("make a file", Reply("", ToolUse("Bash", {"command": "touch made"})), Reply("Done."))
    with claude.terminal("--permission-mode", "default") as terminal:
        terminal.type("make a file")
        began = recorder.wait_for_sound(timeout=60)
        recorder.wait_for_silence(1.0, timeout=30, since=began)
        heard = ear.transcribe(recorder.samples(began - 0.2))
        assert "許可" in heard, heard
        assert user.status()["narrations"][0]["priority"] == "IMPORTANT"
        terminal.press("Escape")


def test_a_session_muted_by_its_environment_is_silent(
    claude: ClaudeCode, messages_api: MessagesApi, user: User, recorder: Recorder
) -> None:
    user.warm()
    (user.home / ".claude").mkdir(exist_ok=True)
    (user.home / ".claude/settings.json").write_text(json.dumps({"env": {"YOMIAGE_ENABLED": "0"}}))
    messages_api.script("greet me", Reply("Hello, how are you today?"))
    assert claude.ask("greet me").returncode == 0
    assert user.status()["narrations"] == []


def test_the_plugin_is_valid(claude: ClaudeCode) -> None:
    done = claude.run("plugin", "validate", str(CHECKOUT))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("event", ["hooks", "commands"])
def test_claude_code_finds_no_fault_with_the_plugin(claude: ClaudeCode, messages_api: MessagesApi, event: str) -> None:
    done = claude.ask("hello", "--output-format", "stream-json", "--verbose", "--debug")
    assert done.returncode == 0
    first = next(json.loads(line) for line in done.stdout.splitlines() if '"subtype":"init"' in line)
    (plugin,) = [p for p in first["plugins"] if p["name"] == "yomiage"]
    assert plugin and (event == "hooks" or {"yomiage:stop", "yomiage:status"} <= set(first["slash_commands"]))
    assert "hook failed" not in (done.stdout + done.stderr).lower()
