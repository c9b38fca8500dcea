"""The offline voice."""

from __future__ import annotations

import importlib.util
import shutil
import threading
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest

from daemon.narration import SAMPLE_RATE
from daemon.speech import openjtalk, parts
from daemon.speech.openjtalk import OpenJTalk
from daemon.text.reading import to_reading
from tests.rig.ear import Ear, error_rate
from tts_plugin.errors import EngineUnavailable
from tts_plugin.settings import Settings

SENTENCE = "テストが全て成功しました。次に、設定ファイルを更新します。"


@pytest.fixture(scope="module")
def voice() -> OpenJTalk:
    return OpenJTalk(Settings())


def test_a_sentence_is_understood(voice: OpenJTalk, ear: Ear) -> None:
    assert error_rate(ear.transcribe(voice.synthesize(SENTENCE).samples, SAMPLE_RATE), SENTENCE) < 0.2


def test_identifiers_are_understood_as_a_developer_says_them(voice: OpenJTalk, ear: Ear) -> None:
    written = "getUserName関数を修正し、Dockerのサーバーを200msで起動しました。"
    meant = "ゲットユーザーネーム関数を修正し、ドッカーのサーバーを二百ミリ秒で起動しました。"
    heard = ear.transcribe(voice.synthesize(to_reading(written)).samples, SAMPLE_RATE)
    assert error_rate(heard, meant) < 0.3


def test_a_clip_is_speech_from_end_to_end(voice: OpenJTalk) -> None:
    samples = voice.synthesize(SENTENCE).samples
    loud = np.flatnonzero(np.abs(samples.astype(int)) > 500)
    assert samples.dtype == np.int16
    assert 4 * SAMPLE_RATE < len(samples) < 8 * SAMPLE_RATE
    assert loud[0] < 0.08 * SAMPLE_RATE
    assert len(samples) - loud[-1] < 0.15 * SAMPLE_RATE


@pytest.mark.parametrize(
    "text", ["アイウ", "はい。", "200ミリ秒", "あ" * 50, "アイウエオ" * 16, "ああ" * 8 + "いえあお" * 8]
)
def test_loud_vowels_are_turned_down_not_clipped(voice: OpenJTalk, text: str) -> None:
    samples = np.abs(voice.synthesize(text).samples.astype(int))
    assert 3_000 < samples.max() < 32_767
    # A clipped or wrapped wave lies on its ceiling for runs of samples.
    assert np.count_nonzero(samples >= 0.969 * 32_767) < 20 * len(samples) / SAMPLE_RATE


@pytest.mark.parametrize(
    "text", ["", " ", "。", "、、、", "!?", "…", "---", "\x00\x01\x7f", "\u200b\ufeff", "😀", "\ud800"]
)
def test_nothing_to_speak_is_an_empty_clip(voice: OpenJTalk, text: str) -> None:
    assert voice.synthesize(text).seconds == 0


@pytest.fixture
def in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is that runs the tests."""
    monkeypatch.setattr(openjtalk, "_IN_TIME", float("inf"))


@pytest.mark.usefixtures("in_time")
def test_a_sentences_first_words_come_before_the_others_are_made(voice: OpenJTalk, ear: Ear) -> None:
    pieces = list(voice.stream(SENTENCE))
    whole = voice.synthesize(SENTENCE)
    assert 0.3 < pieces[0].seconds < 1.2
    assert sum(piece.seconds for piece in pieces) == pytest.approx(whole.seconds, abs=0.03)
    together = np.concatenate([piece.samples for piece in pieces])
    assert error_rate(ear.transcribe(together, SAMPLE_RATE), SENTENCE) < 0.2


@pytest.mark.parametrize(
    "text", ["認証のミドルウェアで、トークンの有効期限が確認されていません。", "変更を保存して、終了しました。"]
)
def test_there_is_no_joint_to_be_heard_between_two_pieces(voice: OpenJTalk, text: str) -> None:
    pieces = [piece.samples.astype(float) for piece in voice.stream(text)]
    together, whole = np.concatenate(pieces), voice.synthesize(text).samples.astype(float)
    steepest = np.abs(np.diff(whole)).max()
    for end in np.cumsum([len(piece) for piece in pieces[:-1]]):
        around = together[end - SAMPLE_RATE // 20 : end + SAMPLE_RATE // 20]
        assert np.abs(np.diff(around)).max() < steepest  # no click
        silent = np.diff(np.flatnonzero(np.abs(around) > 1), prepend=0, append=len(around))
        assert silent.max() < 0.03 * SAMPLE_RATE  # no hole
    for piece in pieces[1:]:  # as loud as the one before it
        assert 0.5 < np.sqrt(np.mean(piece**2)) / np.sqrt(np.mean(pieces[0] ** 2)) < 2


def test_where_the_next_piece_would_come_late_it_is_waited_for(
    voice: OpenJTalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openjtalk, "_IN_TIME", 0)
    (piece,) = voice.stream(SENTENCE)
    assert piece.seconds == pytest.approx(voice.synthesize(SENTENCE).seconds, abs=0.03)


def test_at_another_rate_a_sentence_is_one_piece(voice: OpenJTalk) -> None:
    (piece,) = voice.stream(SENTENCE, 1.5)
    assert np.array_equal(piece.samples, voice.synthesize(SENTENCE, 1.5).samples)


@pytest.mark.usefixtures("in_time")
@pytest.mark.parametrize("text", ["", "。", "ア", "アイウエオ" * 16, "ああ" * 8 + "いえあお" * 8, "漢字を読む。" * 40])
def test_pieces_of_whatever_is_spoken_are_as_long_as_the_whole(voice: OpenJTalk, text: str) -> None:
    pieces = list(voice.stream(text))
    assert sum(piece.seconds for piece in pieces) == pytest.approx(voice.synthesize(text).seconds, abs=0.1)
    assert all(np.abs(piece.samples.astype(int)).max() < 32_767 for piece in pieces)


def test_control_characters_are_not_spoken(voice: OpenJTalk) -> None:
    plain, strewn = voice.synthesize("テスト中です"), voice.synthesize("\x07テスト\u200b中\x00です\x1b")
    assert strewn.seconds == pytest.approx(plain.seconds, rel=0.2)


def test_a_very_long_text_is_bounded(voice: OpenJTalk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "LONGEST_TEXT", 100)
    assert 10 < voice.synthesize("漢字を読む。" * 2_000).seconds < 30


def test_a_higher_pitch_is_higher_and_as_long(voice: OpenJTalk) -> None:
    plain, higher = voice.synthesize("ああああ。"), OpenJTalk(Settings(openjtalk_pitch=12)).synthesize("ああああ。")
    assert higher.seconds == pytest.approx(plain.seconds, rel=0.05)
    assert _pitch(higher.samples) / _pitch(plain.samples) == pytest.approx(2, rel=0.2)


@pytest.mark.usefixtures("in_time")
def test_a_voice_file_of_the_users_own_speaks(voice: OpenJTalk, ear: Ear, tmp_path: Path) -> None:
    import pyopenjtalk

    file = tmp_path / "mine.htsvoice"
    shutil.copy(Path(pyopenjtalk.__file__).parent / "htsvoice/mei_normal.htsvoice", file)
    settings = Settings(openjtalk_voice=str(file))
    OpenJTalk.check(settings)
    mine = OpenJTalk(settings)
    assert error_rate(ear.transcribe(mine.synthesize(SENTENCE).samples, SAMPLE_RATE), SENTENCE) < 0.2
    assert next(mine.stream(SENTENCE)).seconds < 1.2


def test_a_voice_at_another_sampling_rate_is_resampled() -> None:
    wave = 90_000 * np.sin(2 * np.pi * 220 * np.arange(16_000) / 16_000)
    made = openjtalk._at_our_rate(wave, 16_000)
    assert len(made) == pytest.approx(SAMPLE_RATE, rel=0.01)
    assert np.abs(made).max() == pytest.approx(90_000, rel=0.05)
    assert _pitch(made) == pytest.approx(220, rel=0.02)


def test_a_voice_file_that_is_missing_or_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="openjtalk_voice"):
        OpenJTalk.check(Settings(openjtalk_voice=str(tmp_path / "none.htsvoice")))
    (tmp_path / "bad.htsvoice").write_text("no voice", encoding="utf-8")
    with pytest.raises(EngineUnavailable, match="openjtalk_voice"):
        OpenJTalk(Settings(openjtalk_voice=str(tmp_path / "bad.htsvoice")))


def _pitch(samples: np.ndarray[tuple[int], np.dtype[np.generic]]) -> float:
    """The fundamental, by the strongest repetition between 80 and 800 Hz in the middle of the sound."""
    middle = samples[len(samples) // 3 : len(samples) // 3 + SAMPLE_RATE // 8].astype(float)
    repeated = np.correlate(middle, middle, "full")[len(middle) - 1 :]
    low, high = SAMPLE_RATE // 800, SAMPLE_RATE // 80
    return SAMPLE_RATE / float(low + np.argmax(repeated[low:high]))


def test_threads_do_not_disturb_each_other(voice: OpenJTalk) -> None:
    sentences = ["一つ目です。", "二つ目の文です。", "三つ目の少し長い文です。"]
    expected = [voice.synthesize(sentence).samples for sentence in sentences]
    got: dict[int, object] = {}

    def speak(number: int) -> None:
        got[number] = voice.synthesize(sentences[number % 3]).samples

    threads = [threading.Thread(target=speak, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert all(np.array_equal(got[number], expected[number % 3]) for number in range(6))


def test_check_passes_where_everything_is_there() -> None:
    OpenJTalk.check(Settings())


def test_check_names_the_cure_where_the_package_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EngineUnavailable, match=r"install\.sh"):
        OpenJTalk.check(Settings())


def test_check_names_the_dictionary_that_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def find(name: str) -> ModuleSpec:
        return ModuleSpec(name, None, origin=str(tmp_path / "__init__.py"))

    monkeypatch.setattr(importlib.util, "find_spec", find)
    with pytest.raises(EngineUnavailable, match=r"dictionary/sys\.dic was not found in .*install\.sh"):
        OpenJTalk.check(Settings())
