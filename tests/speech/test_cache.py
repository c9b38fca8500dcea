"""Clips that are kept on the disk."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np
import pytest

from daemon.narration import AudioClip
from daemon.speech.cache import ClipCache, clip_key
from tts_plugin.settings import Settings


def clip(value: int = 1, samples: int = 1_000) -> AudioClip:
    return AudioClip(np.full(samples, value, np.int16))


@pytest.fixture
def cache(tmp_path: Path) -> ClipCache:
    return ClipCache(tmp_path / "speech")


def test_a_kept_clip_comes_back(cache: ClipCache) -> None:
    cache.put("a", clip(7))
    kept = cache.get("a")
    assert kept is not None
    assert np.array_equal(kept.samples, clip(7).samples)
    assert cache.get("b") is None


def test_files_are_for_their_user_alone(cache: ClipCache) -> None:
    before = os.umask(0)
    try:
        cache.put("a", clip())
    finally:
        os.umask(before)
    assert stat.S_IMODE(cache.directory.stat().st_mode) == 0o700
    assert stat.S_IMODE((cache.directory / "a").stat().st_mode) == 0o600
    assert [file.name for file in cache.directory.iterdir()] == ["a"]


@pytest.mark.parametrize("damage", [b"", b"RIFF", b"yomiage clip 1\n", None], ids=["empty", "other", "head", "a bit"])
def test_a_damaged_clip_is_thrown_away(cache: ClipCache, damage: bytes | None) -> None:
    cache.put("a", clip())
    file = cache.directory / "a"
    data = bytearray(file.read_bytes())
    data[-5] ^= 1
    file.write_bytes(bytes(data) if damage is None else damage)
    assert cache.get("a") is None
    assert not file.exists()


def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    cache = ClipCache(tmp_path / "speech", largest=100_000)
    for number in range(40):
        cache.put(str(number), clip(number, 2_000))
        used = cache.directory / "0"
        assert used.exists(), f"the clip in use left after {number}"
        for age, name in enumerate(sorted(cache.directory.iterdir(), key=lambda file: int(file.name))):
            os.utime(name, (age, age))  # as if the clips had come seconds apart
        os.utime(used, (1_000, 1_000))
    left = {file.name for file in cache.directory.iterdir()}
    assert sum(file.stat().st_size for file in cache.directory.iterdir()) <= 100_000
    assert {"0", "39", "38"} <= left
    assert not {"1", "2", "3"} & left


def test_reading_is_using(cache: ClipCache) -> None:
    cache.put("a", clip())
    os.utime(cache.directory / "a", (1, 1))
    cache.get("a")
    assert (cache.directory / "a").stat().st_mtime > 1_000_000


def test_what_an_earlier_process_kept_counts(tmp_path: Path) -> None:
    first = ClipCache(tmp_path, largest=1 << 30)
    for number in range(20):
        first.put(str(number), clip(samples=5_000))
    ClipCache(tmp_path, largest=100_000).put("new", clip())
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 100_000


def test_a_directory_that_cannot_be_written_only_forgets(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    cache = ClipCache(tmp_path / "file")
    cache.put("a", clip())
    assert cache.get("a") is None
    assert "could not be kept" in caplog.text


def test_nothing_and_too_much_are_not_kept(tmp_path: Path) -> None:
    cache = ClipCache(tmp_path / "speech", largest=8_000)
    cache.put("nothing", clip(samples=0))
    cache.put("too much", clip(samples=5_000))
    assert not cache.directory.exists()


def test_clear_leaves_nothing(cache: ClipCache) -> None:
    cache.put("a", clip())
    cache.clear()
    assert list(cache.directory.iterdir()) == []
    cache.put("a", clip())
    assert cache.get("a") is not None


def test_a_key_changes_with_all_that_is_heard() -> None:
    plain = Settings()
    depends = ("openjtalk_pitch",)
    keys = {
        clip_key("openjtalk", depends, plain, "はい。"),
        clip_key("gtts", depends, plain, "はい。"),
        clip_key("openjtalk", depends, Settings(openjtalk_pitch=2), "はい。"),
        clip_key("openjtalk", depends, Settings(rate=2), "はい。"),
        clip_key("openjtalk", depends, plain, "いいえ。"),
    }
    assert len(keys) == 5
    # The volume is given afterwards.
    assert clip_key("openjtalk", depends, plain, "はい。") == clip_key(
        "openjtalk", depends, Settings(volume=2), "はい。"
    )
