"""Words of two readings are heard as a developer means them: by Open JTalk itself."""

from __future__ import annotations

import pytest

from daemon.text.homographs import resolve, rows
from daemon.text.reading import to_reading


@pytest.mark.parametrize(("example", "heard"), [row[2:] for row in rows()], ids=lambda value: value)
def test_the_developers_reading_is_heard(example: str, heard: str) -> None:
    import pyopenjtalk

    assert pyopenjtalk.g2p(to_reading(example), kana=True).replace("\u2019", "") == heard


@pytest.mark.parametrize(("example", "heard"), [row[2:] for row in rows()], ids=lambda value: value)
def test_without_the_table_it_would_be_misread(example: str, heard: str) -> None:
    """A row that Open JTalk has learnt to read by itself can go."""
    import pyopenjtalk

    assert pyopenjtalk.g2p(example, kana=True).replace("\u2019", "") != heard


@pytest.mark.parametrize(
    "text",
    [
        "実行します",
        "並行処理",
        "行列の積",
        "空港と空間",
        "空白を削除",
        "学校へ行った",
        "その他",
        "偽装",
        "弾性",
        "被害",
        "銀行が開く",
    ],
)
def test_other_words_stay(text: str) -> None:
    assert resolve(text) == text
