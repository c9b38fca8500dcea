"""A translation model whose sentences are made plain before it, and checked and repaired after it."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator

from daemon.translation import protection, typography
from daemon.translation.engine import StreamingTranslator, Translator
from tts_plugin.errors import EngineFailed
from tts_plugin.settings import Settings

SECONDS = 4.0
"""A first attempt that took longer gets no second one: the listener waits."""
_FINAL = re.compile(r"[。？！?!][」』）)]*\s*\Z")


class Careful:
    """The engine's translations, with all identifiers, commands and numbers of the source."""

    def __init__(self, engine: Translator) -> None:
        self.engine = engine

    @classmethod
    def check(cls, settings: Settings) -> None:
        """What can hinder it, its engine has checked."""

    def translate(self, text: str, language: str) -> str | None:
        source = typography.plain(text)
        started = time.monotonic()
        japanese = self.engine.translate(source, language)
        if japanese is None:
            return None
        lost = protection.missing(source, japanese)
        protected = protection.protect(source)
        if lost and protected.taken and time.monotonic() - started < SECONDS:
            with contextlib.suppress(EngineFailed):
                second = protection.placed(self.engine.translate(protected.text, language) or "", protected)
                if second and len(protection.missing(source, second)) < len(lost):
                    japanese = second
        return protection.repaired(source, japanese)

    def stream(self, text: str, language: str) -> Iterator[str]:
        """Clauses as they come; one that may be the last waits for what has to be added to it."""
        if not isinstance(self.engine, StreamingTranslator):
            if japanese := self.translate(text, language):
                yield japanese
            return
        source = typography.plain(text)
        said = held = ""
        for part in self.engine.stream(source, language):
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
