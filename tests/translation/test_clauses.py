"""What of a growing translation is handed out, and when."""

from __future__ import annotations

import pytest

from daemon.translation.clauses import Clauses


def handed_out(text: str) -> list[str]:
    """The parts of a text that grows by one character at a time."""
    clauses = Clauses()
    parts = [part for end in range(1, len(text) + 1) if (part := clauses.next(text[:end]))]
    return [*parts, clauses.rest(text)]


@pytest.mark.parametrize(
    "parts",
    [
        ["テストが終わりました。"],
        ["まず設定を読み、", "次に接続します。"],
        ["終わりました！？", "まだです。"],
        ["はい、そう思います。", "続けましょう。"],
        ["彼は「はい、終わりました。」と言い、", "去りました。"],
        ["(config.jsonの場合）、", "app.pyを1,000回読みます。"],
        ["All done, as planned. Good"],
        ["項目は次のとおりで（二つあります。）、", "これが一つ目です。"],
    ],
)
def test_a_clause_comes_when_it_has_ended(parts: list[str]) -> None:
    assert handed_out("".join(parts)) == parts


def test_a_clause_waits_for_what_follows_it() -> None:
    clauses = Clauses()
    assert clauses.next("テストが終わりました。") is None
    assert clauses.next("テストが終わりました。次") == "テストが終わりました。"


def test_a_loop_is_not_handed_out() -> None:
    assert handed_out("私はバグを、私はバグを、私はバグを、次。") == ["私はバグを、", "私はバグを、私はバグを、次。"]


def test_a_text_without_marks_comes_at_the_end() -> None:
    assert handed_out("終わりました") == ["終わりました"]
    assert handed_out("") == [""]
