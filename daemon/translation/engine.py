"""What a translation engine is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, runtime_checkable

from tts_plugin.settings import Settings


class Translator(Protocol):
    """Turns one sentence into Japanese. Heavy imports and loading happen in the constructor."""

    def __init__(self, settings: Settings) -> None: ...

    @classmethod
    def check(cls, settings: Settings) -> None:
        """Raises EngineUnavailable, naming the cure, where the engine cannot run. Cheap: loads nothing."""

    def translate(self, text: str, language: str) -> str | None:
        """The Japanese for one sentence of `language` (ISO 639-1).

        None where the sentence is outside what this engine knows; EngineFailed where it failed.
        """


@runtime_checkable
class StreamingTranslator(Translator, Protocol):
    """A Translator that can hand out a translation while it grows."""

    def stream(self, text: str, language: str) -> Iterator[str]:
        """The Japanese for one sentence, clause by clause; joined, it is what `translate` returns.

        EngineFailed, also after some clauses, where the rest cannot be had.
        """


@runtime_checkable
class SecondThoughts(Translator, Protocol):
    """A Translator that can find a translation with the names that its first one lost."""

    def retranslate(self, text: str, language: str, lost: Sequence[str]) -> str | None:
        """The Japanese with as many of these words of the sentence as can be had; None where it is not fit to be
        spoken."""


@runtime_checkable
class MarkReader(Translator, Protocol):
    """A Translator that is to know what of a sentence is code: it is given the marks of `Sentence.marked`."""

    READS_MARKS: bool


@runtime_checkable
class SeveralTranslator(Translator, Protocol):
    """A Translator that translates several sentences in less time than one after the other."""

    def translate_together(self, texts: Sequence[str], language: str, unwanted: Callable[[], bool]) -> list[str | None]:
        """The Japanese for each sentence of one language; None for what is to be asked for alone.

        It looks at `unwanted` while it works, and stops where that is true.
        """
