"""What goes to Google and what does not, and who speaks when Google does not answer."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.rig.ear import Ear, error_rate
from tests.rig.google import Google, HangUp, Hold
from tests.rig.sound import Recorder
from tests.rig.user import User

EXPECTED = "テストはすべてとーっています。"


@pytest.fixture
def google() -> Iterator[Google]:
    with Google() as google:
        yield google


@pytest.fixture
def online(user: User, google: Google) -> User:
    """A user whose settings allow Google, which is on loopback here."""
    user.settings(voices=["gtts", "openjtalk"], gtts_url=google.url, translators=["phrasebook"])
    user.warm()
    return user


def heard(recorder: Recorder, ear: Ear, since: float) -> str:
    recorder.wait_for_sound(timeout=30, since=since)
    recorder.wait_for_silence(1.0, timeout=30, since=since)
    return ear.transcribe(recorder.samples(since))


def test_a_reply_is_heard_in_googles_voice(online: User, google: Google, recorder: Recorder, ear: Ear) -> None:
    begun = time.monotonic()
    online.hook("Stop", last_assistant_message="All tests pass.")
    assert error_rate(heard(recorder, ear, begun), EXPECTED) < 0.3
    assert google.requests, "it was Google that spoke"


@pytest.mark.parametrize("fault", [HangUp(), Hold()], ids=["closed", "hanging"])
def test_a_reply_is_heard_without_google(
    online: User, google: Google, recorder: Recorder, ear: Ear, fault: HangUp | Hold
) -> None:
    online.settings(gtts_timeout=0.5)
    google.fault = fault
    begun = time.monotonic()
    online.hook("Stop", last_assistant_message="All tests pass.")
    assert error_rate(heard(recorder, ear, begun), EXPECTED) < 0.3
    status = online.status()
    assert status["voices"]["gtts"]["state"] == "failed" and status["voices"]["gtts"]["reason"]


def test_no_secret_is_sent(online: User, google: Google, recorder: Recorder) -> None:
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" * 2
    begun = time.monotonic()
    online.hook("Stop", last_assistant_message=f"新しいトークンは {secret} です。")
    recorder.wait_for_sound(timeout=30, since=begun)
    recorder.wait_for_silence(1.0, timeout=30, since=begun)
    sent = " ".join(str(request) for request in google.requests)
    assert google.requests and secret[4:24] not in sent


def test_nothing_leaves_the_machine_without_gtts(user: User, google: Google, recorder: Recorder) -> None:
    user.settings(voices=["openjtalk"], gtts_url=google.url, translators=["phrasebook"])
    user.hook("Stop", last_assistant_message="All tests pass.")
    recorder.wait_for_sound(timeout=60)
    recorder.wait_for_silence(1.0, timeout=30)
    assert google.requests == []


def test_a_permission_notice_interrupts_a_reply_which_then_goes_on(user: User, recorder: Recorder, ear: Ear) -> None:
    user.settings(translators=["phrasebook"])
    user.warm()
    reply = "最初の文はとても短いです。二番目の文では、データベースの接続について説明します。三番目の文で終わります。"
    user.hook("Stop", last_assistant_message=reply)
    first = recorder.wait_for_sound(timeout=30)
    recorder.wait_until(first + 3.0, timeout=10)
    asked = time.monotonic()
    user.hook(
        "Notification",
        session_id="other",
        message="Claude needs your permission to use Bash",
        notification_type="permission_prompt",
    )
    user.wait_until(lambda s: not s["speaking"] and s["waiting"] == 0, "quiet again")
    recorder.wait_for_silence(1.0, timeout=30, since=asked)
    text = ear.transcribe(recorder.samples(asked))
    assert "許可" in text and "三" in text.replace("3", "三"), text
    assert text.index("許可") < text.replace("3", "三").index("三"), text
