"""NLLB-200 on a processor: converted to 8 bits, under ONNX Runtime."""

from __future__ import annotations

import itertools
from pathlib import Path

from daemon.translation import converted, devices, faithful
from daemon.translation.languages import JAPANESE, nllb_code
from daemon.translation.neural import Reading
from daemon.translation.several import Several
from daemon.translation.tokens import END
from tts_plugin.settings import Settings


class Nllb(Several):
    """NLLB as `yomiage model download` leaves it."""

    NAME = "NLLB"

    @classmethod
    def _find(cls, settings: Settings) -> Path:
        return converted.require(settings.model)

    @classmethod
    def _cure(cls, folder: Path, settings: Settings) -> str:
        return "Remove that folder and run `yomiage model download`."

    def _load(self, folder: Path, settings: Settings) -> None:
        from daemon.translation.onnx_model import OnnxModel
        from daemon.translation.pieces import Pieces

        self._pieces = Pieces(folder)
        self._begun, self._end = [END, self._pieces.language(JAPANESE)], END
        self._model = OnnxModel(folder, devices.thread_count(), 2 * faithful.LONGEST)
        self._rehearse()

    def _reading(self, text: str, language: str) -> Reading:
        ids = self._pieces.encode(text, nllb_code(language))
        return Reading(
            ids, self._say, self._pieces.spellings(ids), lambda name: self._pieces.encode(name, JAPANESE)[1:-1]
        )

    def _rehearse(self) -> None:
        """A first pass sets up memory; it is not the user's to wait for."""
        source = self._model.read(self._pieces.encode("Hello.", nllb_code("en")), [])
        for _ in itertools.islice(self._model.write(source, self._begun), 3):
            pass

    def _say(self, ids: list[int]) -> str:
        return faithful.japanese_punctuation(self._pieces.decode(ids))
