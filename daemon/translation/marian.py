"""Any Marian model, English to Japanese: converted to 8 bits, under ONNX Runtime, as NLLB's is."""

from __future__ import annotations

import importlib.util
import logging
import time
from collections.abc import Iterator

from daemon.translation import converted, decoding, devices, faithful
from tts_plugin.errors import EngineUnavailable, ModelError
from tts_plugin.settings import Settings

log = logging.getLogger(__name__)


class Marian:
    """Greedy, one sentence an input. Knows one source language: others are for another engine."""

    def __init__(self, settings: Settings) -> None:
        self.check(settings)
        folder = converted.directory(settings.marian_model)
        started = time.monotonic()
        from daemon.translation.marian_pieces import MarianPieces
        from daemon.translation.onnx_model import OnnxModel

        self._pieces = MarianPieces(folder)
        try:
            self._model = OnnxModel(folder, devices.thread_count(), 2 * faithful.LONGEST)
        except Exception as error:
            reason = str(error).strip().partition("\n")[0] or type(error).__name__
            raise EngineUnavailable(
                f"The converted model in {folder} cannot be loaded ({reason}). "
                f"Remove that folder and run `yomiage model download {settings.marian_model}`."
            ) from error
        log.info("Marian loaded from %s in %.1f s", folder, time.monotonic() - started)

    @classmethod
    def check(cls, settings: Settings) -> None:
        for package in ("onnxruntime", "sentencepiece"):
            if importlib.util.find_spec(package) is None:
                raise EngineUnavailable(f"The package {package} is not installed. Run install.sh again.")
        try:
            folder = converted.require(settings.marian_model)
        except ModelError as error:
            # Without a name, the command brings the model of the setting `model`.
            cure = str(error).replace("`yomiage model download`", f"`yomiage model download {settings.marian_model}`")
            raise EngineUnavailable(cure.replace("setting `model`", "setting `marian_model`")) from error
        if not (folder / "source.spm").is_file():
            raise EngineUnavailable(
                f"{settings.marian_model} is no Marian model. Correct the setting `marian_model`, or use it with nllb."
            )

    def translate(self, text: str, language: str) -> str | None:
        return "".join(self.stream(text, language)) or None

    def stream(self, text: str, language: str) -> Iterator[str]:
        if faithful.needs_no_translation(text):
            yield text
            return
        if language.partition("-")[0].lower() != "en":
            return
        ids = self._pieces.encode(text)
        most = faithful.most_tokens(len(ids), "Marian")
        source = self._model.read(ids, ())
        yield from decoding.clauses(
            text,
            lambda written, no_repeat: self._model.write(source, written, no_repeat),
            self._text,
            start=[self._pieces.start],
            end=self._pieces.end,
            most=most,
            model="Marian",
        )

    def _text(self, ids: list[int]) -> str:
        return faithful.japanese_punctuation(self._pieces.decode(ids))
