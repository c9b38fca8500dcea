"""The switch: heard at once, without a restart."""

from __future__ import annotations

import time

import pytest

from tests.e2e.test_claude import long_reply
from tests.rig.ear import Ear, error_rate
from tests.rig.sound import Recorder
from tests.rig.user import User


@pytest.fixture
def speaking(user: User, recorder: Recorder) -> User:
    """A user in whose ears a long reply is being spoken."""
    user.settings(translators=["phrasebook"])
    user.warm()
    user.hook("Stop", last_assistant_message=long_reply())
    recorder.wait_for_sound(timeout=30)
    return user


def test_switching_off_in_the_settings_cuts_speech_and_stops_what_follows(speaking: User, recorder: Recorder) -> None:
    off = time.monotonic()
    speaking.settings(enabled=False)
    silent_from = recorder.wait_for_silence(2.0, timeout=10)
    assert silent_from - off < 2, "not in mid-word"
    speaking.hook("Stop", last_assistant_message="Hello, how are you today?")
    refused = speaking.run("say", "Hello.")
    assert refused.returncode == 1 and "yomiage on" in refused.stderr
    assert not recorder.sound_between(silent_from, time.monotonic() + 1)


def test_switching_on_again_is_heard(speaking: User, recorder: Recorder, ear: Ear) -> None:
    assert speaking.run("off").stdout == "off\n"
    speaking.wait_until(lambda s: not s["enabled"] and not s["speaking"], "off")
    recorder.wait_for_silence(0.5, timeout=10)
    assert speaking.run("on").stdout == "on\n"
    speaking.wait_until(lambda s: s["enabled"], "on")
    on = time.monotonic()
    speaking.hook("Stop", last_assistant_message="Hello, how are you today?")
    recorder.wait_for_sound(timeout=30, since=on)
    recorder.wait_for_silence(1.0, timeout=30, since=on)
    heard = ear.transcribe(recorder.samples(on))
    assert error_rate(heard, "こんにちは。今日の調子はいかがですか？") < 0.3, heard


def test_a_broken_file_keeps_the_last_good_settings_and_says_where(speaking: User, recorder: Recorder) -> None:
    speaking.settings(enabled=False)
    speaking.wait_until(lambda s: not s["enabled"], "off")
    file = speaking.home / ".config/yomiage/settings.json"
    file.write_text('{"enabled": tru}', encoding="utf-8")
    status = speaking.wait_until(lambda s: bool(s["settings_problems"]), "aware of the broken file")
    assert "line 1, column 13" in status["settings_problems"][0] and not status["enabled"]
    # Also over a restart: what the user had switched off must not begin to speak.
    speaking.run("daemon", "stop")
    speaking.hook("SessionStart")
    status = speaking.wait_until(lambda s: s.get("state") == "ready", "ready again")
    assert not status["enabled"] and status["settings_problems"]


def test_stop_cuts_speech(speaking: User, recorder: Recorder) -> None:
    assert speaking.run("stop").returncode == 0
    recorder.wait_for_silence(1.5, timeout=10)
    assert not speaking.status()["speaking"]


def test_a_prompt_of_its_session_cuts_speech_and_of_another_does_not(speaking: User, recorder: Recorder) -> None:
    speaking.hook("UserPromptSubmit", session_id="another", prompt="hello")
    assert speaking.status()["speaking"]
    speaking.hook("UserPromptSubmit", prompt="<task-notification>\n<task-id>b1</task-id>")
    assert speaking.status()["speaking"], "a background task is not the user"
    speaking.hook("UserPromptSubmit", prompt="x" * 2_000_000)
    recorder.wait_for_silence(1.5, timeout=10)
    assert not speaking.status()["speaking"]


def test_replay_speaks_the_last_reply_again(user: User, recorder: Recorder, ear: Ear) -> None:
    user.settings(translators=["phrasebook"])
    user.hook("Stop", last_assistant_message="All tests pass.")
    recorder.wait_for_sound(timeout=30)
    first_end = recorder.wait_for_silence(1.0, timeout=30)
    assert user.run("replay", "--wait").returncode == 0
    recorder.wait_for_silence(1.0, timeout=30)
    heard = ear.transcribe(recorder.samples(first_end))
    assert "テスト" in heard, heard
