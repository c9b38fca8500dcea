"""As it comes: no model downloaded, no network, and the reply is heard in Japanese."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.rig.claude import ClaudeCode
from tests.rig.ear import Ear, error_rate
from tests.rig.messages_api import MessagesApi, Reply
from tests.rig.sound import Recorder, SoundServer
from tests.rig.user import User
from tts_plugin.settings import Settings

UNDERSTOOD = 0.3
SENTENCE = "The scheduled task failed because the disk is full."


@pytest.fixture
def user(sound: SoundServer) -> Iterator[User]:
    user = User(dict(os.environ))
    defaults = Settings()
    user.settings(translators=list(defaults.translators), model=defaults.model)
    yield user
    print(user.read_log())
    user.leave()


def test_a_reply_is_heard_in_japanese_without_a_download(
    claude: ClaudeCode, messages_api: MessagesApi, user: User, recorder: Recorder, ear: Ear
) -> None:
    said = user.run("translate", "--engine", "starter", SENTENCE)
    assert said.returncode == 0 and "ディスク" in said.stdout and "失敗" in said.stdout, said.stderr
    messages_api.script("what happened", Reply(SENTENCE))
    done = claude.ask("what happened")
    assert done.returncode == 0, done.stderr
    recorder.wait_for_sound(timeout=60)
    recorder.wait_for_silence(1.0, timeout=60)
    heard = ear.transcribe(recorder.samples())
    assert error_rate(heard, said.stdout.strip()) < UNDERSTOOD, (heard, said.stdout)
    translators = user.status()["translators"]
    assert translators["starter"]["state"] == "ready" and translators["nllb"]["state"] != "ready"
