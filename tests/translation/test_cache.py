"""The cache of translations: bounded, private, and never in the way."""

from __future__ import annotations

import logging
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from daemon.translation.cache import LONGEST, TranslationCache

ENGINE = "nllb@1"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "made on the way" / "translations.sqlite"


def test_what_was_kept_comes_back_in_another_life(file: Path) -> None:
    first = TranslationCache(file)
    assert first.get(ENGINE, "en", "Done.") is None
    first.put(ENGINE, "en", "Done.", "終わりました。")
    first.close()
    assert TranslationCache(file).get(ENGINE, "en", "Done.") == "終わりました。"


@pytest.mark.parametrize("other", [("nllb@2", "en", "Gift"), (ENGINE, "de", "Gift"), (ENGINE, "en", "Gift ")])
def test_engine_language_and_text_all_count(file: Path, other: tuple[str, str, str]) -> None:
    cache = TranslationCache(file)
    cache.put(ENGINE, "en", "Gift", "贈り物")
    assert cache.get(*other) is None
    assert cache.get(ENGINE, "en", "Gift") == "贈り物"


def test_a_new_translation_takes_the_old_ones_place(file: Path) -> None:
    cache = TranslationCache(file)
    cache.put(ENGINE, "en", "Done.", "一")
    cache.put(ENGINE, "en", "Done.", "二")
    assert cache.get(ENGINE, "en", "Done.") == "二"


def test_the_least_recently_used_goes_first(file: Path) -> None:
    cache = TranslationCache(file, rows=3)
    for text in "abc":
        cache.put(ENGINE, "en", text, text.upper())
    assert cache.get(ENGINE, "en", "a") == "A"
    cache.put(ENGINE, "en", "d", "D")
    assert [cache.get(ENGINE, "en", text) for text in "abcd"] == ["A", None, "C", "D"]


def test_the_characters_are_bounded_too(file: Path) -> None:
    cache = TranslationCache(file, rows=3, characters=10)
    cache.put(ENGINE, "en", "a", "一二三四五六")
    cache.put(ENGINE, "en", "b", "一二三四五")
    assert [cache.get(ENGINE, "en", text) for text in "ab"] == [None, "一二三四五"]


def test_a_full_cache_stays_bounded(file: Path) -> None:
    cache = TranslationCache(file, rows=100)
    for number in range(1000):
        cache.put(ENGINE, "en", str(number), "訳")
    held = [number for number in range(1000) if cache.get(ENGINE, "en", str(number))]
    assert 100 <= len(held) < 105
    assert held[-100:] == list(range(900, 1000))


def test_a_novel_is_not_kept(file: Path) -> None:
    cache = TranslationCache(file)
    cache.put(ENGINE, "en", "a", "長" * (LONGEST + 1))
    assert cache.get(ENGINE, "en", "a") is None


def test_only_the_user_can_read_it_and_sources_are_hashes(file: Path) -> None:
    cache = TranslationCache(file)
    cache.put(ENGINE, "en", "The secret plan works.", "計画は成功です。")
    kept = [made for made in file.parent.iterdir() if made.name.startswith(file.name)]
    assert {made.stat().st_mode & 0o777 for made in kept} == {0o600}
    everything = b"".join(made.read_bytes() for made in kept)
    assert "計画".encode() in everything
    assert b"secret plan" not in everything


def test_a_file_that_others_could_read_is_closed_to_them(file: Path) -> None:
    file.parent.mkdir()
    file.touch(mode=0o644)
    TranslationCache(file).put(ENGINE, "en", "a", "A")
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damage", ["garbage", "middle", "format"])
def test_a_damaged_file_begins_anew_and_is_told_once(file: Path, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    cache = TranslationCache(file)
    for number in range(200):
        cache.put(ENGINE, "en", str(number), "長い訳文" * 50)
    cache.close()
    if damage == "garbage":
        file.write_bytes(b"no database at all" * 500)
    elif damage == "middle":
        whole = bytearray(file.read_bytes())
        whole[4096:] = b"\xff" * len(whole[4096:])
        file.write_bytes(whole)
    else:
        with sqlite3.connect(file) as database:
            database.execute("PRAGMA user_version = 99")
        database.close()
    with caplog.at_level(logging.WARNING):
        again = TranslationCache(file)
        assert again.get(ENGINE, "en", "7") is None
        again.put(ENGINE, "en", "7", "七")
        assert again.get(ENGINE, "en", "7") == "七"
    assert len(caplog.records) == 1
    assert str(file) in caplog.text


def test_a_place_that_cannot_be_written_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    cache = TranslationCache(tmp_path / "file" / "translations.sqlite")
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            cache.put(ENGINE, "en", "a", "A")
            assert cache.get(ENGINE, "en", "a") is None
    assert len(caplog.records) == 1


def test_another_process_that_holds_the_file_costs_no_data(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.translation.cache._BUSY_SECONDS", 0.01)
    cache = TranslationCache(file)
    cache.put(ENGINE, "en", "a", "A")
    with sqlite3.connect(file, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        cache.put(ENGINE, "en", "b", "B")
        other.execute("ROLLBACK")
    other.close()
    assert [cache.get(ENGINE, "en", text) for text in "ab"] == ["A", None]


def test_threads_share_it(file: Path) -> None:
    cache = TranslationCache(file)
    together = threading.Barrier(8, timeout=30)

    def work(thread: int) -> list[str | None]:
        together.wait()
        for number in range(20):
            cache.put(ENGINE, "en", f"{thread} {number}", f"{thread}の{number}")
        return [cache.get(ENGINE, "en", f"{thread} {number}") for number in range(20)]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(work, range(8)))
    assert found == [[f"{thread}の{number}" for number in range(20)] for thread in range(8)]
