"""Any Marian model, English to Japanese: converted to 8 bits, under ONNX Runtime, as NLLB's is."""

from __future__ import annotations

from pathlib import Path

from daemon.translation import converted, devices, faithful
from daemon.translation.neural import Reading
from daemon.translation.several import Several
from tts_plugin.errors import ModelError
from tts_plugin.settings import Settings


class Marian(Several):
    """Knows one source language: others are for another engine."""

    NAME = "Marian"

    @classmethod
    def _find(cls, settings: Settings) -> Path:
        try:
            folder = converted.require(settings.marian_model)
        except ModelError as error:
            # Without a name, the command brings the model of the setting `model`.
            cure = str(error).replace("`yomiage model download`", f"`yomiage model download {settings.marian_model}`")
            raise ModelError(cure.replace("setting `model`", "setting `marian_model`")) from error
        if not (folder / "source.spm").is_file():
            raise ModelError(
                f"{settings.marian_model} is no Marian model. Correct the setting `marian_model`, or use it with nllb."
            )
        return folder

    @classmethod
    def _cure(cls, folder: Path, settings: Settings) -> str:
        return f"Remove that folder and run `yomiage model download {settings.marian_model}`."

    def _load(self, folder: Path, settings: Settings) -> None:
        from daemon.translation.marian_pieces import MarianPieces
        from daemon.translation.onnx_model import OnnxModel

        self._pieces = MarianPieces(folder)
        self._begun, self._end = [self._pieces.start], self._pieces.end
        self._model = OnnxModel(folder, devices.thread_count(), 2 * faithful.LONGEST)

    def _reading(self, text: str, language: str) -> Reading | None:
        if language.partition("-")[0].lower() != "en":
            return None
        return Reading(self._pieces.encode(text), self._say, spell=self._pieces.spell)

    def _say(self, ids: list[int]) -> str:
        return faithful.japanese_punctuation(self._pieces.decode(ids))
