"""NLLB-200 on a processor: converted to 8 bits, under ONNX Runtime."""

from __future__ import annotations

import importlib.util
import itertools
import logging
import time
from collections.abc import Iterator

from daemon.translation import converted, decoding, devices, faithful
from daemon.translation.languages import JAPANESE, nllb_code
from daemon.translation.tokens import END
from tts_plugin.errors import EngineUnavailable, ModelError
from tts_plugin.settings import Settings

log = logging.getLogger(__name__)


class Nllb:
    """Greedy, one sentence an input: NLLB drops sentences when it is given several."""

    def __init__(self, settings: Settings) -> None:
        self.check(settings)
        folder = converted.directory(settings.model)
        started = time.monotonic()
        from daemon.translation.onnx_model import OnnxModel
        from daemon.translation.pieces import Pieces

        self._pieces = Pieces(folder)
        self._japanese = self._pieces.language(JAPANESE)
        try:
            self._model = OnnxModel(folder, devices.thread_count(), 2 * faithful.LONGEST)
        except Exception as error:
            reason = str(error).strip().partition("\n")[0] or type(error).__name__
            raise EngineUnavailable(
                f"The converted model in {folder} cannot be loaded ({reason}). "
                "Remove that folder and run `yomiage model download`."
            ) from error
        self._rehearse()
        log.info("NLLB loaded from %s in %.1f s", folder, time.monotonic() - started)

    @classmethod
    def check(cls, settings: Settings) -> None:
        for package in ("onnxruntime", "sentencepiece"):
            if importlib.util.find_spec(package) is None:
                raise EngineUnavailable(f"The package {package} is not installed. Run install.sh again.")
        try:
            converted.require(settings.model)
        except ModelError as error:
            raise EngineUnavailable(str(error)) from error

    def translate(self, text: str, language: str) -> str | None:
        return "".join(self.stream(text, language))

    def stream(self, text: str, language: str) -> Iterator[str]:
        if faithful.needs_no_translation(text):
            yield text
            return
        ids = self._pieces.encode(text, nllb_code(language))
        most = faithful.most_tokens(len(ids))
        source = self._model.read(ids, self._pieces.spellings(ids))
        yield from decoding.clauses(
            text,
            lambda written, no_repeat: self._model.write(source, written, no_repeat),
            self._text,
            start=[END, self._japanese],
            end=END,
            most=most,
            model="NLLB",
        )

    def _rehearse(self) -> None:
        """A first pass sets up memory; it is not the user's to wait for."""
        source = self._model.read(self._pieces.encode("Hello.", nllb_code("en")), [])
        for _ in itertools.islice(self._model.write(source, [END, self._japanese]), 3):
            pass

    def _text(self, ids: list[int]) -> str:
        return faithful.japanese_punctuation(self._pieces.decode(ids))
