"""What is not let through to the voice."""

from __future__ import annotations

import pytest

from daemon.translation import faithful


@pytest.mark.parametrize(
    ("raw", "spoken"),
    [
        ("テストが成功しました.", "テストが成功しました。"),
        ("まず,設定を読みます.次に,接続します.", "まず、設定を読みます。次に、接続します。"),
        ("お元気ですか?", "お元気ですか？"),
        ("すごい!", "すごい！"),
        ("config.jsonを更新しました. 次へ.", "config.jsonを更新しました。次へ。"),
        ("Python 3.10が必要です.", "Python 3.10が必要です。"),
        ("1,000件です.", "1,000件です。"),
        ("ファイル.pyを見ます.", "ファイル.pyを見ます。"),
        ("app.py,main.py", "app.py,main.py"),
    ],
)
def test_punctuation_after_japanese_is_japanese(raw: str, spoken: str) -> None:
    assert faithful.japanese_punctuation(raw) == spoken


@pytest.mark.parametrize(
    ("source", "japanese"),
    [
        ("I fixed the bug.", "バグを修正しました。"),
        ("No.", "いいえ、それは違います。"),
        ("It prints a line of dashes: ----------------", "ダッシュの行を出力します: ----------------"),
        ("It took 100000000 steps.", "100000000ステップかかりました。"),
        ("Ha ha ha ha ha!", "はははは！"),
    ],
)
def test_good_translations_pass(source: str, japanese: str) -> None:
    assert faithful.fault(source, japanese) is None


@pytest.mark.parametrize(
    ("source", "japanese", "why"),
    [
        ("I fixed the bug.", "", "empty"),
        ("I fixed the bug.", "私はバグを、私はバグを、私はバグを、私はバグを、", "repeats '私はバグを、'"),
        ("I fixed the bug.", "ああああああああああ", "repeats 'ああ'"),
        ("Yes.", "これは" + "".join(chr(0x4E00 + n) for n in range(60)), "63 characters long"),
        ("This sentence is long and says a number of things that all have to be said.", "はい。", "only 3"),
    ],
)
def test_garbage_is_named(source: str, japanese: str, why: str) -> None:
    assert why in (faithful.fault(source, japanese) or "")


@pytest.mark.parametrize(
    "text", ["42", "…", "✓", "src/app.py", "get_user_name", "getUserName", "https://example.com/a.", "v1.2", ""]
)
def test_identifiers_and_signs_need_no_translation(text: str) -> None:
    assert faithful.needs_no_translation(text)


@pytest.mark.parametrize("text", ["Done.", "Yes", "Perfect!", "I updated app.py", "Gift"])
def test_words_need_translation(text: str) -> None:
    assert not faithful.needs_no_translation(text)
