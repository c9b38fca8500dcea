"""What the engines with an encoder and a decoder share: their life, and one sentence's way through them."""

from __future__ import annotations

import abc
import importlib.util
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from daemon.translation import beam, decoding, faithful, forcing
from daemon.translation.decoding import Attempt
from daemon.translation.forcing import Forcing
from tts_plugin.errors import EngineUnavailable, ModelError
from tts_plugin.settings import Settings

log = logging.getLogger(__name__)


class ModelRows(beam.Rows, forcing.Rows, Protocol):
    """Translations that grow side by side."""


class Model(Protocol):
    """Ids in, ids out. Threads may share it: what belongs to a sentence is in what `read` returns."""

    def read(self, ids: Sequence[int], sayable: Sequence[int]) -> Any:
        """The source, and which pieces its translation may say beside those of the output head."""

    def write(self, source: Any, begun: Sequence[int], no_repeat: int = 0) -> Iterator[int]:
        """The likeliest token after those that are there, and so on: who has enough stops asking."""

    def rows(self, sources: Sequence[Any]) -> ModelRows:
        """A translation of each, of which nothing is written yet."""


@dataclass(frozen=True)
class Reading:
    """One sentence as its model takes it."""

    ids: Sequence[int]
    say: Callable[[list[int]], str]
    """The Japanese of what is written so far, which begins with the engine's `_begun`."""
    sayable: Sequence[int] = ()
    spell: Callable[[str], Sequence[int]] = lambda name: ()
    """The ids of a name of the sentence, as its translation would have them; none where it cannot say it."""


class Neural(abc.ABC):
    """One sentence an input: models drop sentences when they are given several. Greedy, and by beams where that
    goes wrong.

    A subclass finds its model, loads it, and turns text into ids and back.
    """

    NAME: ClassVar[str]
    """As messages and the log have it."""
    PACKAGES: ClassVar[tuple[str, ...]] = ("onnxruntime", "sentencepiece")
    LADDER: ClassVar[tuple[Attempt, ...]] = decoding.LADDER
    """How a sentence is decoded, and how again where that went wrong."""

    _model: Model
    _begun: list[int]
    """What every translation begins with."""
    _end: int

    def __init__(self, settings: Settings) -> None:
        self.check(settings)
        folder = self._find(settings)
        started = time.monotonic()
        try:
            self._load(folder, settings)
        except EngineUnavailable:
            raise  # it names its own cure
        except Exception as error:
            reason = str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__
            raise EngineUnavailable(
                f"The model in {folder} cannot be loaded ({reason}). {self._cure(folder, settings)}"
            ) from error
        log.info("%s loaded from %s in %.1f s", self.NAME, folder, time.monotonic() - started)

    @classmethod
    def check(cls, settings: Settings) -> None:
        for package in cls.PACKAGES:
            if importlib.util.find_spec(package) is None:
                raise EngineUnavailable(f"The package {package} is not installed. Run install.sh again.")
        try:
            cls._find(settings)
        except ModelError as error:
            raise EngineUnavailable(str(error)) from error

    def translate(self, text: str, language: str) -> str | None:
        japanese = "".join(self.stream(text, language))
        return japanese if japanese or not text else None

    def stream(self, text: str, language: str) -> Iterator[str]:
        if faithful.needs_no_translation(text):
            yield text
            return
        if (reading := self._reading(text, language)) is None:
            return
        most = faithful.most_tokens(len(reading.ids), self.NAME)
        source = self._model.read(reading.ids, reading.sayable)

        def write(written: list[int], attempt: Attempt, until: float) -> Iterator[int]:
            if attempt.beams == 1:
                return self._model.write(source, written, attempt.no_repeat)
            return beam.search(
                self._model.rows([source]),
                written,
                width=attempt.beams,
                no_repeat=attempt.no_repeat,
                end=self._end,
                most=most,
                until=until,
            )

        yield from decoding.clauses(
            text,
            write,
            reading.say,
            ladder=self.LADDER,
            start=self._begun,
            end=self._end,
            most=most,
            model=self.NAME,
        )

    def retranslate(self, text: str, language: str, lost: Sequence[str]) -> str | None:
        if faithful.needs_no_translation(text) or (reading := self._reading(text, language)) is None:
            return None
        names = [spelt for name in lost if (spelt := reading.spell(name))]
        attempt = Forcing(
            self._model,
            self._model.read(reading.ids, reading.sayable),
            self._begun,
            end=self._end,
            most=faithful.most_tokens(len(reading.ids), self.NAME),
            until=time.monotonic() + decoding.SECONDS,
        )
        written = attempt.holding(names) if names else None
        japanese = reading.say(written) if written else ""
        return japanese if japanese and faithful.fault(text, japanese) is None else None

    @classmethod
    @abc.abstractmethod
    def _find(cls, settings: Settings) -> Path:
        """The model's directory; ModelError, naming the cure, where there is none that can be used."""

    @abc.abstractmethod
    def _load(self, folder: Path, settings: Settings) -> None:
        """Sets `_model`, `_begun`, `_end`, and whatever `_reading` needs."""

    @classmethod
    @abc.abstractmethod
    def _cure(cls, folder: Path, settings: Settings) -> str:
        """What to do about a model that is there and cannot be loaded."""

    @abc.abstractmethod
    def _reading(self, text: str, language: str) -> Reading | None:
        """None where the language is not one of the model's."""
