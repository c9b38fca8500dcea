"""A long narration while translation works beside it. `bench.long_narration` does the same for ten minutes."""

from __future__ import annotations

from tests.rig.endurance import endure
from tests.rig.sound import SoundServer
from tests.rig.user import User


def test_speech_is_not_interrupted_by_translation_beside_it(user: User, sound: SoundServer) -> None:
    heard = endure(user, sound, seconds=15)
    assert heard.pauses == heard.sentences - 1
    assert heard.translations > 10, "translation worked beside it"
    assert (heard.holes, heard.late) == ([], [])
