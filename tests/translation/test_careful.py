"""The wrapper around a model: a second attempt behind placeholders, and repairs; also while it streams."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from daemon.translation import careful
from daemon.translation.careful import Careful
from daemon.translation.engine import StreamingTranslator
from tts_plugin.errors import EngineFailed
from tts_plugin.settings import Settings

SOURCE = "I updated app.py and added 3 tests."


class Model:
    """Says what its lever says, and remembers what it was asked."""

    def __init__(self, says: Callable[[str], str | None]) -> None:
        self.says = says
        self.asked: list[str] = []

    @classmethod
    def check(cls, settings: Settings) -> None:
        """Always there."""

    def translate(self, text: str, language: str) -> str | None:
        self.asked.append(text)
        return self.says(text)


class StreamingModel(Model):
    def stream(self, text: str, language: str) -> Iterator[str]:
        yield from (self.translate(text, language) or "").split("|")


def test_a_good_translation_is_left_alone_and_asked_for_once() -> None:
    model = Model(lambda text: "app.pyを更新し、テストを3つ追加しました。")
    assert Careful(model).translate(SOURCE, "en") == "app.pyを更新し、テストを3つ追加しました。"
    assert model.asked == [SOURCE]


def test_a_lost_name_gets_a_second_attempt_behind_a_placeholder() -> None:
    model = Model(lambda text: "X1を更新し、テストを3つ追加しました。" if "X1" in text else "更新し、3つ追加しました。")
    assert Careful(model).translate(SOURCE, "en") == "app.pyを更新し、テストを3つ追加しました。"
    assert model.asked == [SOURCE, "I updated X1 and added 3 tests."]


class ForcedModel(Model):
    """Finds a translation with what was lost, when it is told what that is."""

    def retranslate(self, text: str, language: str, lost: Sequence[str]) -> str | None:
        return self.translate(f"{text} {[*lost]}", language)


def test_what_a_placeholder_does_not_save_is_forced_in() -> None:
    model = ForcedModel(lambda text: "app.pyを更新し、3つ追加しました。" if "[" in text else "3つ追加しました。")
    assert Careful(model).translate(SOURCE, "en") == "app.pyを更新し、3つ追加しました。"
    assert model.asked == [SOURCE, "I updated X1 and added 3 tests.", f"{SOURCE} ['app.py']"]


def test_a_lost_number_is_forced_in_without_a_placeholder() -> None:
    model = ForcedModel(lambda text: "3つです。" if "[" in text else "幾つかです。")
    assert Careful(model).translate("There are 3.", "en") == "3つです。"
    assert model.asked == ["There are 3.", "There are 3. ['3']"]


def test_what_a_placeholder_saves_is_not_forced_in() -> None:
    model = ForcedModel(lambda text: "X1を更新し、3つ追加しました。" if "X1" in text else "3つ追加しました。")
    assert Careful(model).translate(SOURCE, "en") == "app.pyを更新し、3つ追加しました。"
    assert len(model.asked) == 2


class SeveralModel(Model):
    def translate_together(self, texts: Sequence[str], language: str, unwanted: Callable[[], bool]) -> list[str | None]:
        return [self.translate(text, language) for text in texts]


def test_what_is_translated_together_is_repaired_alone() -> None:
    says = {SOURCE: "更新し、3つ追加しました。", "I updated X1 and added 3 tests.": "X1を更新し、3つ追加しました。"}
    careful = Careful(SeveralModel(says.get))
    assert careful.translate_together([SOURCE, "What?"], "en", lambda: False) == [
        "app.pyを更新し、3つ追加しました。",
        None,
    ]
    assert careful.translate_together([SOURCE], "en", lambda: True) == [None]


def test_a_model_that_takes_one_at_a_time_is_asked_for_each_alone() -> None:
    model = Model(lambda text: "できました。")
    assert Careful(model).translate_together([SOURCE], "en", lambda: False) == [None]
    assert model.asked == []


@pytest.mark.parametrize("second", ["更新です。", None, ""])
def test_a_second_attempt_that_is_no_better_is_not_taken(second: str | None) -> None:
    model = Model(lambda text: second if "X1" in text else "更新し、テストを3つ追加しました。")
    assert Careful(model).translate(SOURCE, "en") == "更新し、テストを3つ追加しました（app.py）。"


def test_a_second_attempt_that_fails_costs_nothing() -> None:
    def says(text: str) -> str:
        if "X1" in text:
            raise EngineFailed("it repeats")
        return "更新し、テストを3つ追加しました。"

    assert Careful(Model(says)).translate(SOURCE, "en") == "更新し、テストを3つ追加しました（app.py）。"


def test_a_slow_model_is_not_asked_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(careful, "SECONDS", 0.0)
    model = Model(lambda text: "更新し、テストを3つ追加しました。")
    assert Careful(model).translate(SOURCE, "en") == "更新し、テストを3つ追加しました（app.py）。"
    assert len(model.asked) == 1


def test_what_the_model_does_not_know_stays_unknown() -> None:
    assert Careful(Model(lambda text: None)).translate(SOURCE, "en") is None
    assert list(Careful(Model(lambda text: None)).stream(SOURCE, "en")) == []


def test_a_failure_is_the_models_own() -> None:
    def says(text: str) -> str:
        raise EngineFailed("it is empty")

    with pytest.raises(EngineFailed, match="it is empty"):
        Careful(Model(says)).translate(SOURCE, "en")


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("空のcatchブロックが隠します。", "空のcatchブロックが隠します。"),
        ("空のブロックが隠します。", "空のブロックが隠します（catch）。"),
        ("空のCatchブロックが隠します。", "空のcatchブロックが隠します。"),
    ],
)
def test_what_the_author_marked_as_code_is_kept_and_the_model_sees_no_mark(said: str, heard: str) -> None:
    model = StreamingModel(lambda text: said)
    careful = Careful(model)
    marked = "The empty `catch` block hides it."
    assert careful.translate(marked, "en") == heard
    assert "".join(careful.stream(marked, "en")) == heard
    asked = {"The empty catch block hides it.", "The empty X1 block hides it."}
    assert set(model.asked) <= asked


def test_the_model_gets_plain_quotes() -> None:
    model = Model(lambda text: "できました。")
    Careful(model).translate("It’s “done”…", "en")
    assert model.asked == ['It\'s "done"...']


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("app.pyを更新し、|テストを3つ追加しました。", ["app.pyを更新し、", "テストを3つ追加しました。"]),
        ("App.PYを更新し、|テストを追加しました。", ["app.pyを更新し、", "テストを追加しました（3）。"]),
        ("更新し、|テストを5つ追加しました。", ["更新し、", "テストを3つ追加しました（app.py）。"]),
        ("更新しました。|テストも3つです。", ["更新しました。", "テストも3つです（app.py）。"]),
        ("更新し、|3つ追加し、", ["更新し、", "3つ追加し、", "（app.py）"]),
    ],
)
def test_a_stream_is_mended_on_its_way(said: str, heard: list[str]) -> None:
    wrapped = Careful(StreamingModel(lambda text: said))
    assert isinstance(wrapped, StreamingTranslator)
    assert list(wrapped.stream(SOURCE, "en")) == heard


def test_a_clause_is_heard_before_the_next_is_there() -> None:
    made: list[str] = []

    class Slow(StreamingModel):
        def stream(self, text: str, language: str) -> Iterator[str]:
            for part in ("app.pyを更新し、", "3つ追加し、", "終わりました。"):
                made.append(part)
                yield part

    stream = Careful(Slow(lambda text: None)).stream(SOURCE, "en")
    assert (next(stream), made) == ("app.pyを更新し、", ["app.pyを更新し、"])
