"""The chain of translation engines, with engines that have levers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import pytest

from daemon import engines
from daemon.narration import Sentence, TranslatedSentence
from daemon.translation import asking, devices, registry
from daemon.translation.chain import TranslatorChain
from daemon.translation.passthrough import Passthrough
from tts_plugin import paths
from tts_plugin.errors import EngineFailed, EngineUnavailable
from tts_plugin.settings import TRANSLATORS, Settings

UNKNOWN = Sentence("A sentence that is in no table.", "en")


class Levers:
    """An engine; what it does is set on the class."""

    checks: ClassVar[Callable[[], None]]
    loads: ClassVar[Callable[[], None]]
    answers: ClassVar[Callable[[str], str | None]]
    checked: ClassVar[int]

    def __init__(self, settings: Settings) -> None:
        type(self).__dict__["loads"]()

    @classmethod
    def check(cls, settings: Settings) -> None:
        cls.checked += 1
        cls.__dict__["checks"]()

    def translate(self, text: str, language: str) -> str | None:
        return type(self).__dict__["answers"](text)


class First(Levers):
    pass


class Second(Levers):
    pass


class Third(Levers):
    pass


class Streaming(Levers):
    """Says one word after the other; raises a word that is an error."""

    words: ClassVar[list[str | Exception]] = []

    def stream(self, text: str, language: str) -> Iterator[str]:
        for word in self.words:
            if isinstance(word, Exception):
                raise word
            yield word


THREE = Settings(translators=("phrasebook", "nllb", "nllb_torch"))


def nothing() -> None:
    """All is well."""


def raising(error: Exception) -> Callable[..., None]:
    def lever(*_: object) -> None:
        raise error

    return lever


@pytest.fixture(autouse=True)
def levers(monkeypatch: pytest.MonkeyPatch) -> None:
    for engine, word in ((First, "一"), (Second, "二"), (Third, "三"), (Streaming, "流")):
        engine.checks = nothing
        engine.loads = nothing
        engine.answers = lambda text, word=word: word
        engine.checked = 0
    fakes = {"passthrough": Passthrough, "phrasebook": First, "nllb": Second, "nllb_torch": Third}
    monkeypatch.setattr(devices, "_CARDS", ())
    monkeypatch.setattr(registry, "engine_class", fakes.__getitem__)


def result(text: str, engine: str | None, sentence: Sentence = UNKNOWN) -> TranslatedSentence:
    return TranslatedSentence(text, sentence, engine)


def test_japanese_passes_through() -> None:
    sentence = Sentence("テストが通りました。", "ja")
    assert TranslatorChain(THREE).translate(sentence) == result(sentence.text, "passthrough", sentence)
    assert (First.checked, Second.checked) == (0, 0)


def test_the_first_engine_that_knows_the_sentence_translates_it() -> None:
    translators = TranslatorChain(THREE)
    assert translators.translate(UNKNOWN) == result("一", "phrasebook")
    First.answers = lambda text: None
    assert translators.translate(UNKNOWN) == result("二", "nllb")


def test_the_order_is_the_settings_order() -> None:
    assert TranslatorChain(Settings(translators=("nllb", "phrasebook"))).translate(UNKNOWN) == result("二", "nllb")


@pytest.mark.parametrize("error", [EngineFailed("no"), EngineUnavailable("no"), ValueError("a bug")])
def test_a_failure_leads_to_the_next_engine(error: Exception) -> None:
    First.answers = raising(error)
    assert TranslatorChain(THREE).translate(UNKNOWN) == result("二", "nllb")


def test_what_no_engine_can_translate_stays_as_it_is_and_health_says_why() -> None:
    First.answers = lambda text: None
    Second.checks = Third.checks = raising(EngineUnavailable("The model is absent."))
    translators = TranslatorChain(THREE)
    assert translators.translate(UNKNOWN) == result(UNKNOWN.text, None)
    health = translators.health()
    assert list(health) == ["passthrough", "phrasebook", "nllb", "nllb_torch"]
    assert health["phrasebook"] == {"state": "ready", "reason": None}
    assert health["nllb"] == {"state": "unavailable", "reason": "The model is absent."}


def test_a_failed_load_is_not_tried_again_for_each_sentence() -> None:
    Second.checks = raising(EngineUnavailable("The model is absent."))
    translators = TranslatorChain(Settings(translators=("nllb",)))
    for _ in range(5):
        assert translators.translate(UNKNOWN).engine is None
    assert Second.checked == 1
    assert translators.health()["nllb"]["reason"] == "The model is absent."


def test_a_hung_engine_does_not_silence_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "CALL_SECONDS", 0.1)
    release = threading.Event()
    First.answers = lambda text: str(release.wait(60))
    translators = TranslatorChain(THREE)
    try:
        assert translators.translate(UNKNOWN) == result("二", "nllb")
        assert translators.health()["phrasebook"]["state"] == "failed"
        assert "did not finish within 0.1 s" in (translators.health()["phrasebook"]["reason"] or "")
    finally:
        release.set()


def test_health_and_light_engines_answer_while_the_model_loads() -> None:
    loading, release = threading.Event(), threading.Event()

    def slowly() -> None:
        loading.set()
        release.wait(60)

    Second.loads = slowly
    translators = TranslatorChain(THREE)
    warming = threading.Thread(target=translators.warm)
    warming.start()
    assert loading.wait(10)
    assert translators.health()["nllb"]["state"] == "loading"
    assert translators.translate(UNKNOWN) == result("一", "phrasebook")
    release.set()
    warming.join(10)
    states = [facts["state"] for facts in translators.health().values()]
    assert states == ["ready", "ready", "ready", "idle"]


def test_an_unloaded_engine_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[str] = []
    Second.loads = lambda: loads.append("once")
    translators = TranslatorChain(Settings(translators=("nllb",)))
    translators.warm()
    unloaded = threading.Event()
    original = engines.Slot._unload

    def watched(slot: engines.Slot[object]) -> None:
        original(slot)
        unloaded.set()

    monkeypatch.setattr(engines.Slot, "_unload", watched)
    translators.unload()
    assert unloaded.wait(10)
    assert translators.health()["nllb"]["state"] == "idle"
    assert translators.translate(UNKNOWN) == result("二", "nllb")
    assert len(loads) == 2


def test_the_registry_has_what_settings_can_name() -> None:
    assert set(registry.ENGINES) == {registry.PASSTHROUGH, *TRANSLATORS}
    assert registry.SAME_MODEL <= registry.HEAVY <= set(TRANSLATORS)


def test_a_graphics_card_puts_its_engine_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert registry.in_order(THREE) == ["passthrough", "phrasebook", "nllb", "nllb_torch"]
    monkeypatch.setattr(devices, "_CARDS", (tmp_path,))
    monkeypatch.setattr(devices.importlib.metadata, "version", lambda package: "2.13.0")
    monkeypatch.setattr(devices.sys, "platform", "linux")
    assert registry.in_order(THREE) == ["passthrough", "phrasebook", "nllb_torch", "nllb"]
    assert registry.in_order(THREE.model_copy(update={"device": "cpu"})) == [
        "passthrough",
        "phrasebook",
        "nllb",
        "nllb_torch",
    ]
    assert registry.in_order(Settings(translators=("nllb",))) == ["passthrough", "nllb"]
    monkeypatch.setattr(devices.importlib.metadata, "version", lambda package: "2.13.0+cpu")
    assert registry.in_order(THREE) == ["passthrough", "phrasebook", "nllb", "nllb_torch"]


def test_what_a_model_refuses_is_not_asked_of_the_same_model_elsewhere() -> None:
    First.answers = lambda text: None
    Second.answers = raising(EngineFailed("The sentence has 5000 tokens."))
    translators = TranslatorChain(THREE)
    assert translators.translate(UNKNOWN) == result(UNKNOWN.text, None)
    assert Third.checked == 0
    assert translators.health()["nllb_torch"]["state"] == "idle"


def test_the_second_way_to_run_the_model_serves_where_the_first_cannot() -> None:
    First.answers = lambda text: None
    Second.checks = raising(EngineUnavailable("It is not converted."))
    translators = TranslatorChain(THREE)
    translators.warm()
    assert translators.translate(UNKNOWN) == result("三", "nllb_torch")


@pytest.fixture
def streaming(monkeypatch: pytest.MonkeyPatch) -> TranslatorChain:
    fakes = {"passthrough": Passthrough, "phrasebook": Streaming, "nllb": Second}
    monkeypatch.setattr(registry, "engine_class", fakes.__getitem__)
    return TranslatorChain(Settings(translators=("phrasebook", "nllb"), translation_cache=False))


def test_a_sentence_streams_in_the_parts_that_the_engine_gives(streaming: TranslatorChain) -> None:
    Streaming.words = ["その結果、", "遅くなります。"]
    parts = streaming.stream(UNKNOWN)
    assert next(parts) == result("その結果、", "phrasebook")
    assert list(parts) == [result("遅くなります。", "phrasebook")]


def test_an_engine_that_does_not_stream_gives_one_part(streaming: TranslatorChain) -> None:
    Streaming.words = []
    assert list(streaming.stream(UNKNOWN)) == [result("二", "nllb")]
    Second.answers = lambda text: None
    assert list(streaming.stream(UNKNOWN)) == [result(UNKNOWN.text, None)]


def test_a_sentence_that_breaks_off_begins_anew_with_the_next_engine(streaming: TranslatorChain) -> None:
    Streaming.words = ["その結果、", EngineFailed("it repeats")]
    assert list(streaming.stream(UNKNOWN)) == [result("その結果、", "phrasebook"), result("二", "nllb")]


def test_a_closed_stream_leaves_the_chain_usable(streaming: TranslatorChain) -> None:
    Streaming.words = ["その結果、", "遅くなります。"]
    parts = streaming.stream(UNKNOWN)
    next(parts)
    parts.close()  # type: ignore[attr-defined]
    assert len(list(streaming.stream(UNKNOWN))) == 2


def test_what_a_model_translated_before_is_there_without_the_model() -> None:
    settings = Settings(translators=("nllb",))
    assert TranslatorChain(settings).translate(UNKNOWN) == result("二", "nllb")
    Second.checks = raising(EngineUnavailable("The model is absent."))
    Second.answers = raising(AssertionError("it was asked again"))
    later = TranslatorChain(settings)
    assert later.translate(UNKNOWN) == result("二", "nllb")
    assert list(later.stream(UNKNOWN)) == [result("二", "nllb")]
    assert later.health()["nllb"] == {"state": "idle", "reason": None}


def test_a_stream_is_kept_when_it_came_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "engine_class", {"passthrough": Passthrough, "nllb": Streaming}.__getitem__)
    translators = TranslatorChain(Settings(translators=("nllb",)))
    Streaming.words = ["その結果、", "遅くなります。"]
    begun = translators.stream(UNKNOWN)
    next(begun)
    begun.close()  # type: ignore[attr-defined]
    Streaming.words = ["別の訳、", "です。"]
    assert "".join(part.text for part in translators.stream(UNKNOWN)) == "別の訳、です。"
    Streaming.words = [EngineFailed("it was asked again")]
    assert list(translators.stream(UNKNOWN)) == [result("別の訳、です。", "nllb")]


def test_what_a_table_knows_is_not_kept() -> None:
    assert TranslatorChain(THREE).translate(UNKNOWN) == result("一", "phrasebook")
    First.answers = lambda text: "新しい"
    assert TranslatorChain(THREE).translate(UNKNOWN) == result("新しい", "phrasebook")


@pytest.mark.parametrize(
    "other", [{"model": "owner/other"}, {"device": "cpu", "translators": ("nllb_torch",)}], ids=["model", "engine"]
)
def test_another_model_or_engine_translates_anew(other: dict[str, object]) -> None:
    assert TranslatorChain(Settings(translators=("nllb",))).translate(UNKNOWN).text == "二"
    Second.answers = lambda text: "新しい"
    assert TranslatorChain(Settings(**{"translators": ("nllb",), **other})).translate(UNKNOWN).text != "二"


def test_without_the_setting_nothing_is_kept_and_what_was_kept_is_deleted() -> None:
    on, off = (Settings(translators=("nllb",), translation_cache=kept) for kept in (True, False))
    assert TranslatorChain(on).translate(UNKNOWN) == result("二", "nllb")
    Second.answers = lambda text: "新しい"
    without = TranslatorChain(off)
    assert without.translate(UNKNOWN) == result("新しい", "nllb")
    assert not list(paths.cache_dir().glob("translations*"))
    Second.answers = lambda text: "もっと新しい"
    assert without.translate(UNKNOWN) == result("もっと新しい", "nllb")


def test_a_name_that_the_model_lost_is_heard_all_the_same() -> None:
    First.answers = lambda text: None
    Second.answers = lambda text: "ファイルを更新しました。"
    sentence = Sentence("I updated config.toml.", "en")
    said = TranslatorChain(THREE).translate(sentence)
    assert said == result("ファイルを更新しました（config.toml）。", "nllb", sentence)


def test_models_are_told_what_is_code_and_tables_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    Second.answers = lambda text: "一覧を消しました。"
    First.answers = lambda text: asked.append(text)
    sentence = Sentence("I removed any.", "en", ((10, 13),))
    translators = TranslatorChain(Settings(translators=("phrasebook", "nllb")))
    assert translators.translate(sentence).text == "一覧を消しました（any）。"
    assert asked == ["I removed any."]
    assert translators.translate(Sentence("I removed any.", "en")).text == "一覧を消しました。"


def test_an_engine_alone_is_asked_anew_and_is_the_same_engine() -> None:
    First.answers = lambda text: None
    translators = TranslatorChain(THREE)
    assert translators.translate(UNKNOWN) == result("二", "nllb")
    Second.answers = lambda text: "新しい"
    Second.loads = raising(AssertionError("it was loaded twice"))
    alone = translators.alone("nllb")
    assert (alone.translate(UNKNOWN), list(alone.health())) == (result("新しい", "nllb"), ["nllb"])
    assert translators.translate(UNKNOWN) == result("二", "nllb"), "nothing of it was kept"


def test_an_engine_alone_need_not_be_in_the_settings_and_no_other_helps_it_out() -> None:
    translators = TranslatorChain(Settings(translators=("phrasebook",)))
    assert translators.alone("nllb").translate(UNKNOWN) == result("二", "nllb")
    Second.answers = raising(EngineFailed("no"))
    alone = translators.alone("nllb")
    assert alone.translate(UNKNOWN) == result(UNKNOWN.text, None)
    assert alone.health()["nllb"]["reason"] == "no"
    assert "nllb" not in translators.health()


class Several(Levers):
    """Translates together what it knows, and counts how often it is asked for several and for one."""

    groups: ClassVar[list[list[str]]] = []
    singles: ClassVar[list[str]] = []

    def translate_together(self, texts: Sequence[str], language: str, unwanted: Callable[[], bool]) -> list[str | None]:
        self.groups.append([*texts])
        return [None if text == "hard" else f"{language}:{text}" for text in texts]

    def translate(self, text: str, language: str) -> str | None:
        self.singles.append(text)
        return f"alone:{text}"


@pytest.fixture
def several(monkeypatch: pytest.MonkeyPatch) -> type[Several]:
    Several.checks, Several.loads, Several.checked = nothing, nothing, 0
    Several.groups, Several.singles = [], []
    First.answers = lambda text: "一" if text == "known" else None
    fakes = {"passthrough": Passthrough, "phrasebook": First, "nllb": Several}
    monkeypatch.setattr(registry, "engine_class", fakes.__getitem__)
    return Several


def sentences(*texts: str, language: str = "en") -> list[Sentence]:
    return [Sentence(text, language) for text in texts]


def test_what_one_engine_knows_the_next_is_not_asked_for_and_the_rest_goes_together(several: type[Several]) -> None:
    translators = TranslatorChain(Settings(translators=("phrasebook", "nllb")))
    asked = [*sentences("a", "known", "b"), *sentences("終わり。", language="ja"), *sentences("c", "hard")]
    found = translators.translate_together(asked)
    assert [part.text for part in found] == ["en:a", "一", "en:b", "終わり。", "en:c", "alone:hard"]
    assert [part.engine for part in found] == ["nllb", "phrasebook", "nllb", "passthrough", "nllb", "nllb"]
    assert [part.source for part in found] == asked
    assert (several.groups, several.singles) == ([["a", "b", "c", "hard"]], ["hard"])
    again = translators.translate_together(asked)
    assert again == found
    assert len(several.groups) == 1


def test_languages_go_apart_and_one_sentence_goes_alone(several: type[Several]) -> None:
    translators = TranslatorChain(Settings(translators=("nllb",), translation_cache=False))
    asked = [*sentences("a", "b"), *sentences("x", "y", language="de"), *sentences("f", language="fr")]
    assert [part.text for part in translators.translate_together(asked)] == ["en:a", "en:b", "de:x", "de:y", "alone:f"]
    assert several.groups == [["a", "b"], ["x", "y"]]


def test_where_several_fail_each_is_asked_for_alone(several: type[Several], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(several, "translate_together", raising(EngineFailed("no")))
    found = TranslatorChain(Settings(translators=("nllb",))).translate_together(sentences("a", "b"))
    assert [part.text for part in found] == ["alone:a", "alone:b"]


def test_what_is_unwanted_is_not_translated(several: type[Several]) -> None:
    found = TranslatorChain(Settings(translators=("nllb",))).translate_together(sentences("a", "b"), lambda: True)
    assert [(part.text, part.engine) for part in found] == [("a", None), ("b", None)]
    assert (several.groups, several.singles) == ([], [])
