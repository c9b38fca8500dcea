"""What a chain asks of one engine: each function runs on the thread of the engine's slot."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence

from daemon.engines import Slot
from daemon.narration import Sentence
from daemon.translation import registry
from daemon.translation.careful import Careful
from daemon.translation.engine import SeveralTranslator, StreamingTranslator, Translator
from tts_plugin.settings import Settings

LOAD_SECONDS = 300.0
"""A model of 2.5 GB from a slow disk."""
CALL_SECONDS = 30.0
"""A long sentence on a slow processor. NLLB stops itself a little earlier."""


def slot(name: str, settings: Settings) -> Slot[Translator]:
    load = functools.partial(_load, name, settings)
    return Slot(name, load, load_seconds=LOAD_SECONDS, call_seconds=CALL_SECONDS)


def _load(name: str, settings: Settings) -> Translator:
    engine = registry.engine_class(name)
    engine.check(settings)
    made = engine(settings)
    return Careful(made) if name in registry.MODELS else made


def translate(sentence: Sentence, engine: Translator) -> str | None:
    return engine.translate(_given(sentence, engine), sentence.language)


def _given(sentence: Sentence, engine: Translator) -> str:
    """What is code, only a model need know: tables hold sentences as they are said."""
    return sentence.marked if isinstance(engine, Careful) else sentence.text


def together(sentences: Sequence[Sentence], unwanted: Callable[[], bool], engine: Translator) -> list[str | None]:
    """The Japanese for sentences of one language, where the engine can do several; None for those it leaves."""
    if isinstance(engine, SeveralTranslator):
        texts = [_given(sentence, engine) for sentence in sentences]
        return engine.translate_together(texts, sentences[0].language, unwanted)
    return [None] * len(sentences)


def parts(sentence: Sentence, engine: Translator) -> Iterator[str]:
    if isinstance(engine, StreamingTranslator):
        return engine.stream(_given(sentence, engine), sentence.language)
    japanese = translate(sentence, engine)
    return iter(() if japanese is None else (japanese,))


def following(parts: Iterator[str], engine: Translator) -> str | None:
    """The next part of a stream; None at its end."""
    return next(parts, None)
