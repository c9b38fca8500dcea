"""Where speech goes, and what becomes of it where it can go nowhere."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from tests.rig.sound import Recorder, SoundServer
from tests.rig.user import User


@pytest.fixture
def headphones(sound: SoundServer) -> Iterator[Recorder]:
    """What is heard in a second device, which is not the default."""
    with sound.second_sink("Headphones"), sound.recording("Headphones") as recorder:
        yield recorder


def test_speech_goes_to_the_device_of_the_settings(user: User, recorder: Recorder, headphones: Recorder) -> None:
    user.settings(output_device="headph")
    user.warm()
    (chosen,) = [d for d in json.loads(user.run("devices", "--json").stdout)["devices"] if d["chosen"]]
    assert chosen == {"name": "Headphones", "default": False, "chosen": True}
    assert "Headphones" in user.run("devices").stdout
    begun = time.monotonic()
    assert user.run("say", "--wait", "終わりました。").returncode == 0
    headphones.wait_for_sound(5, since=begun)
    assert not recorder.sound_between(begun, time.monotonic())
    user.settings(output_device=None)
    user.wait_until(lambda s: s["output"]["state"] == "idle", "told of the edit")
    begun = time.monotonic()
    assert user.run("say", "--wait", "終わりました。").returncode == 0
    recorder.wait_for_sound(5, since=begun)
    assert not headphones.sound_between(begun, time.monotonic())


def test_an_unknown_device_leaves_speech_to_the_default_and_is_told(user: User, recorder: Recorder) -> None:
    user.settings(output_device="no such device")
    user.warm()
    assert user.run("say", "--wait", "終わりました。").returncode == 0
    recorder.wait_for_sound(5)
    output = user.status()["output"]
    assert output["state"] == "open" and "no such device" in output["reason"]
    checks = {check["name"]: check for check in json.loads(user.run("doctor", "--json").stdout)["checks"]}
    assert checks["output device"]["level"] == "warning" and "no such device" in checks["output device"]["detail"]
    devices = json.loads(user.run("devices", "--json").stdout)["devices"]
    assert [d["default"] for d in devices] == [True] and not any(d["chosen"] for d in devices)


def test_a_reply_without_a_loudspeaker_waits_for_replay_and_for_nothing_else(user: User, sound: SoundServer) -> None:
    user.warm()
    sound.kill()
    try:
        user.hook("Stop", last_assistant_message="終わりました。次へ進みます。")
        status = user.wait_until(lambda s: bool(s["narrations"]) and "done" in s["narrations"][0]["stages"], "given up")
        assert (status["speaking"], status["waiting"], status["output"]["state"]) == (False, 0, "unavailable")
        assert user.run("devices").returncode == 1
    finally:
        sound.start()
    with sound.recording() as recorder:
        assert user.run("replay", "--wait").returncode == 0
        recorder.wait_for_sound(5)
