"""Sessions of several projects in one daemon."""

from __future__ import annotations

from tests.rig.user import User
from tests.rig.voicevox import VoicevoxEngine

WARMING = "はい。"
"""What voicevox is asked for as it is loaded."""


def speak(user: User, session: str, directory: str, text: str) -> None:
    """A reply, to its end."""
    before = len(user.status()["narrations"])
    user.hook("Stop", session_id=session, cwd=directory, last_assistant_message=text)
    user.wait_until(lambda s: len(s["narrations"]) > before and "done" in s["narrations"][0]["stages"], "spoken")


def test_the_projects_name_comes_first_where_sessions_alternate(user: User) -> None:
    with VoicevoxEngine() as engine:
        user.settings(voices=["voicevox"], voicevox_url=engine.url, output="wav", speech_cache=False)
        user.warm()
        begun = len(engine.asked("/audio_query"))
        speak(user, "a", "/work/docker", "一つ目。")
        speak(user, "b", "/work/web-app", "二つ目。")
        speak(user, "b", "/work/web-app/src", "三つ目。")
        assert user.run("say", "--wait", "四つ目。").returncode == 0
        speak(user, "a", "/work/docker", "五つ目。")
        spoken = [request.query["text"] for request in engine.asked("/audio_query")][begun:]
    assert spoken == ["一つ目。", "ウェブアップ、", "二つ目。", "三つ目。", "四つ目。", "ドッカー、", "五つ目。"]


def test_a_project_has_a_voice_of_its_own_and_the_others_stand_by(user: User) -> None:
    with VoicevoxEngine() as engine:
        user.settings(voices=["openjtalk"], voicevox_url=engine.url, output="wav")
        user.settings(project_voices={"/work": "voicevox"}, session_label=False)
        user.warm()
        speak(user, "a", "/home", "一つ目。")
        speak(user, "b", "/work/api", "二つ目。")
        spoken = [request.query["text"] for request in engine.asked("/audio_query")]
        assert [text for text in spoken if text != WARMING] == ["二つ目。"]
    speak(user, "b", "/work/api", "誰かが話します。")
    assert "first_audio_out" in user.status()["narrations"][0]["stages"], "openjtalk spoke where voicevox is gone"
