"""Yomiage's own slash commands, typed into Claude Code: what they do is heard, what the model says of it is not."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from tests.e2e.test_claude import long_reply
from tests.rig.claude import ClaudeCode
from tests.rig.ear import Ear, error_rate
from tests.rig.messages_api import MessagesApi, Reply
from tests.rig.sound import Recorder
from tests.rig.user import User

GREETING = "こんにちは。今日の調子はいかがですか？"


@pytest.fixture
def claude(claude: ClaudeCode, messages_api: MessagesApi) -> ClaudeCode:
    """Claude Code that finds `yomiage`, and a model that answers as the commands ask it to."""
    claude.environment["PATH"] = f"{Path(sys.prefix) / 'bin'}:{claude.environment['PATH']}"
    messages_api.script("It is being spoken already", Reply("Replaying."))
    messages_api.script("The speech is cut already", Reply("Stopped."))
    return claude


def test_replay_says_the_reply_again_and_again(
    claude: ClaudeCode, messages_api: MessagesApi, user: User, recorder: Recorder, ear: Ear
) -> None:
    messages_api.script("greet me", Reply("Hello, how are you today?"))
    with claude.terminal() as terminal:
        terminal.type("greet me")
        recorder.wait_for_sound(timeout=60)
        recorder.wait_for_silence(1.0, timeout=60)
        for time_over in ("first", "second"):
            asked = time.monotonic()
            terminal.type("/yomiage:replay")
            recorder.wait_for_sound(timeout=30, since=asked)
            recorder.wait_for_silence(2.0, timeout=30, since=asked)
            heard = ear.transcribe(recorder.samples(asked))
            assert error_rate(heard, GREETING) < 0.3, (time_over, heard)


def test_after_stop_nothing_is_heard_until_the_next_reply(
    claude: ClaudeCode, messages_api: MessagesApi, user: User, recorder: Recorder, ear: Ear
) -> None:
    messages_api.script("tell me a story", Reply(long_reply()))
    messages_api.script("greet me", Reply("Hello, how are you today?"))
    with claude.terminal() as terminal:
        terminal.type("tell me a story")
        recorder.wait_for_sound(timeout=60)
        terminal.type("/yomiage:stop")
        terminal.wait_for("Stopped.", timeout=30)
        silent_from = recorder.wait_for_silence(3.0, timeout=20)
        terminal.type("greet me")
        recorder.wait_for_sound(timeout=30, since=silent_from)
        recorder.wait_for_silence(1.0, timeout=30, since=silent_from)
        heard = ear.transcribe(recorder.samples(silent_from))
        assert error_rate(heard, GREETING) < 0.3, heard
    assert [n["cut"] for n in reversed(user.status()["narrations"])] == [True, False]
