"""A translation model whose sentences are made plain before it, and checked and repaired after it."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator, Sequence

from daemon.translation import protection, typography
from daemon.translation.engine import MarkReader, SecondThoughts, SeveralTranslator, StreamingTranslator, Translator
from tts_plugin.errors import EngineFailed
from tts_plugin.settings import Settings

SECONDS = 4.0
"""After which there is no further attempt: the listener waits."""
_FINAL = re.compile(r"[。？！?!][」』）)]*\s*\Z")


class Careful:
    """The engine's translations, with all identifiers, commands and numbers of the source.

    What of a text is code may be said by backticks (Sentence.marked); few engines know what to do with them.
    """

    def __init__(self, engine: Translator) -> None:
        self.engine = engine
        self._given = str if isinstance(engine, MarkReader) else protection.unmarked

    @classmethod
    def check(cls, settings: Settings) -> None:
        """What can hinder it, its engine has checked."""

    def translate(self, text: str, language: str) -> str | None:
        source = typography.plain(text)
        until = time.monotonic() + SECONDS
        japanese = self.engine.translate(self._given(source), language)
        return None if japanese is None else self._whole(source, language, japanese, until)

    def translate_together(self, texts: Sequence[str], language: str, unwanted: Callable[[], bool]) -> list[str | None]:
        """See SeveralTranslator."""
        if not isinstance(self.engine, SeveralTranslator):
            return [None] * len(texts)
        sources = [typography.plain(text) for text in texts]
        found = self.engine.translate_together([*map(self._given, sources)], language, unwanted)
        return [
            None
            if japanese is None or unwanted()
            else self._whole(source, language, japanese, time.monotonic() + SECONDS)
            for source, japanese in zip(sources, found, strict=True)
        ]

    def _whole(self, source: str, language: str, japanese: str, until: float) -> str:
        """The translation with what it lost, by another one if there is a better one in time."""
        lost = protection.missing(source, japanese)
        for attempt in self._attempts(source, language, lost) if lost else ():
            if time.monotonic() > until:
                break
            with contextlib.suppress(EngineFailed):
                other = attempt()
                if other and len(left := protection.missing(source, other)) < len(lost):
                    japanese, lost = other, left
            if not lost:
                break
        return protection.repaired(source, japanese)

    def _attempts(self, source: str, language: str, lost: list[str]) -> Iterator[Callable[[], str]]:
        """Other ways to translate it, for one that lost something: behind placeholders, then with it forced in."""
        protected = protection.protect(source)
        if protected.taken:
            yield lambda: protection.placed(self.engine.translate(protected.text, language) or "", protected)
        if isinstance(engine := self.engine, SecondThoughts):
            yield lambda: engine.retranslate(self._given(source), language, lost) or ""

    def stream(self, text: str, language: str) -> Iterator[str]:
        """Clauses as they come; one that may be the last waits for what has to be added to it."""
        if not isinstance(self.engine, StreamingTranslator):
            if japanese := self.translate(text, language):
                yield japanese
            return
        source = typography.plain(text)
        said = held = ""
        for part in self.engine.stream(self._given(source), language):
            if held:
                said += held
                yield held
            held = protection.mended(source, part, said)
            if not _FINAL.search(held):
                said += held
                yield held
                held = ""
        last = protection.repaired(source, held, said)
        if last:
            yield last
