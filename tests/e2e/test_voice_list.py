"""`yomiage voices`, as a person uses it."""

from __future__ import annotations

import json
import time

from tests.rig.ear import Ear, error_rate
from tests.rig.sound import Recorder
from tests.rig.user import User
from tests.rig.voicevox import VoicevoxEngine
from tts_plugin.settings import VOICES
from tts_plugin.voices import SAMPLE


def test_every_voice_is_listed_with_its_cure(user: User) -> None:
    user.settings(voices=["openjtalk", "voicevox"], voicevox_url="http://127.0.0.1:9")
    done = user.run("voices", "--json")
    assert done.returncode == 0, done.stderr
    listed = {voice["name"]: voice for voice in json.loads(done.stdout)["voices"]}
    assert set(listed) == set(VOICES)
    assert list(listed)[:2] == ["openjtalk", "voicevox"]
    assert listed["openjtalk"] == {"name": "openjtalk", "chosen": 1, "can_run": True, "reason": None}
    assert listed["voicevox"]["can_run"] is False and "Start VOICEVOX" in listed["voicevox"]["reason"]
    table = user.run("voices").stdout
    assert all(name in table for name in VOICES) and "Start VOICEVOX" in table


def test_a_sample_of_a_voice_that_the_settings_do_not_choose_is_heard(user: User, recorder: Recorder, ear: Ear) -> None:
    with VoicevoxEngine() as engine:
        user.settings(voices=["openjtalk"], voicevox_url=engine.url, gtts_url="http://127.0.0.1:9")
        user.warm()
        begun = time.monotonic()
        done = user.run("voices", "--play", "--json")
        played = {voice["name"]: voice.get("sample") for voice in json.loads(done.stdout)["voices"]}
        assert (played["openjtalk"], played["voicevox"], played["openai"]) == ("heard", "heard", None)
        spoken = "".join(request.query["text"] for request in engine.asked("/audio_query"))
    assert spoken == SAMPLE
    heard = ear.transcribe(recorder.samples(begun))
    assert error_rate(heard[: len(SAMPLE)], SAMPLE) < 0.4, heard


def test_a_voice_that_cannot_speak_is_told(user: User) -> None:
    user.settings(gtts_url="http://127.0.0.1:9")
    done = user.run("voices", "--play")
    assert done.returncode == 1
    assert {"gtts", "openjtalk"} <= set(done.stdout.split())
    assert [line for line in done.stderr.splitlines() if "yomiage: gtts: " in line and "cannot be reached" in line]
    assert "openjtalk" not in done.stderr


def test_an_edit_of_rate_and_volume_counts_at_the_next_sentence(user: User) -> None:
    def seconds() -> float:
        done = user.run("say", "ひとつ、ふたつ、みっつ、よっつ、いつつ、むっつ。", "--output", "a.wav")
        return float(done.stderr.partition("(")[2].partition(" s")[0])

    plain = seconds()
    user.settings(rate=2.0)
    end = time.monotonic() + 10
    while seconds() > 0.7 * plain:
        assert time.monotonic() < end, "the edit did not count"
    log = user.read_log()
    assert "Traceback" not in log
