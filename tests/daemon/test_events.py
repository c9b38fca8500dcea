"""Hook events become narrations and cuts: on input captured from Claude Code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from daemon.events import Cut, Speak, Warm, action_for
from daemon.narration import Priority
from tts_plugin.settings import Settings

SAMPLES = Path(__file__).parents[1] / "samples"


def captured(event: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SAMPLES / f"{event}.jsonl").read_text(encoding="utf-8").splitlines()]


def test_a_finished_reply_is_narrated() -> None:
    for payload in captured("Stop"):
        assert action_for("Stop", payload, Settings()) == Speak(payload["last_assistant_message"], Priority.TEXT)


def test_a_reply_without_text_is_silent() -> None:
    payload = captured("Stop")[0]
    del payload["last_assistant_message"]
    assert action_for("Stop", payload, Settings()) is None


def test_replies_can_be_switched_off() -> None:
    assert action_for("Stop", captured("Stop")[0], Settings(replies=False)) is None


def test_a_permission_notice_is_important() -> None:
    for payload in captured("Notification"):
        assert action_for("Notification", payload, Settings()) == Speak(payload["message"], Priority.IMPORTANT)


def test_an_idle_notice_gives_way() -> None:
    payload = {"message": "Claude is waiting for your input", "notification_type": "idle_prompt"}
    assert action_for("Notification", payload, Settings()) == Speak(payload["message"], Priority.NOTIFICATION)


def test_notices_that_the_settings_leave_out_are_silent() -> None:
    payload = {"message": "Claude is waiting for your input", "notification_type": "idle_prompt"}
    assert action_for("Notification", payload, Settings(notifications=("permission_prompt",))) is None


def test_a_notice_of_unknown_type_is_silent() -> None:
    assert action_for("Notification", {"message": "m", "notification_type": "of tomorrow"}, Settings()) is None


def test_a_prompt_cuts_speech() -> None:
    for payload in captured("UserPromptSubmit"):
        assert action_for("UserPromptSubmit", payload, Settings()) == Cut()
    assert action_for("UserPromptSubmit", {}, Settings()) == Cut(), "also one too long to be passed on"


def test_a_background_task_is_not_the_user_speaking() -> None:
    payload = {"prompt": "<task-notification>\n<task-id>1</task-id>…"}
    assert action_for("UserPromptSubmit", payload, Settings()) is None


def test_barge_in_can_be_switched_off() -> None:
    assert action_for("UserPromptSubmit", {"prompt": "stop"}, Settings(barge_in=False)) is None


def test_a_session_start_warms_the_models() -> None:
    for payload in captured("SessionStart"):
        assert action_for("SessionStart", payload, Settings()) == Warm()


def test_the_end_of_a_print_run_lets_the_reply_be_heard() -> None:
    actions = [action_for("SessionEnd", payload, Settings()) for payload in captured("SessionEnd")]
    assert actions == [None, None, Cut()], "other, other, clear"


@pytest.mark.parametrize("payload", [{}, {"last_assistant_message": 7}, {"message": None, "prompt": [], "reason": {}}])
@pytest.mark.parametrize("event", ["Stop", "Notification", "SessionEnd", "OfTomorrow", ""])
def test_missing_and_ill_typed_fields_do_nothing(event: str, payload: dict[str, Any]) -> None:
    assert action_for(event, payload, Settings()) is None
