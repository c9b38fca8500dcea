"""NLLB-200 through torch, on a graphics card; also on a processor, where it is the slow way."""

from __future__ import annotations

import gc
import logging
import os
import sys
from pathlib import Path

from daemon.translation import checkpoint, devices, faithful, pieces
from daemon.translation.languages import JAPANESE, nllb_code
from daemon.translation.neural import Neural, Reading
from daemon.translation.tokens import END, Tokenizer
from daemon.translation.vocabulary import ROWS, kept_pieces
from tts_plugin import models
from tts_plugin.errors import ModelError
from tts_plugin.settings import Settings

log = logging.getLogger(__name__)


class NllbTorch(Neural):
    """NLLB as its authors publish it."""

    NAME = "NLLB"
    PACKAGES = ("torch", "safetensors", "tokenizers")

    @classmethod
    def _find(cls, settings: Settings) -> Path:
        return models.require(settings.model)

    @classmethod
    def _cure(cls, folder: Path, settings: Settings) -> str:
        return "Run `yomiage model download` again."

    def _load(self, folder: Path, settings: Settings) -> None:
        os.environ["TOKENIZERS_PARALLELISM"] = "false"
        import torch

        from daemon.translation import torch_model

        torch.set_num_threads(devices.thread_count())
        self._device = devices.choose_device(settings.device)
        self._tokenizer = Tokenizer(folder)
        japanese = self._tokenizer.language(JAPANESE)
        self._begun, self._end = [END, japanese], END
        rows = checkpoint.read_shape(folder).vocabulary
        if self._tokenizer.size > rows:
            raise ModelError(
                f"its tokenizer has {self._tokenizer.size} tokens, the model only {rows}: they do not belong together"
            )
        vocabulary, _ = pieces.vocabulary(folder)
        model = torch_model.open_model(folder, kept_pieces(vocabulary, japanese, ROWS), self._device)
        log.info("NLLB computes on %s in %s", self._device, model.dtype)
        self._model = model

    def _reading(self, text: str, language: str) -> Reading:
        ids = self._tokenizer.encode(text, nllb_code(language))
        return Reading(
            ids, self._say, self._tokenizer.spellings(ids), lambda name: self._tokenizer.encode(name, JAPANESE)[1:-1]
        )

    def _say(self, ids: list[int]) -> str:
        return faithful.japanese_punctuation(self._tokenizer.decode(ids))

    def __del__(self) -> None:
        """Gives the memory back at once, the graphics card's too: an idle process collects nothing by itself."""
        if self.__dict__.pop("_model", None) is None or sys.is_finalizing():
            return
        gc.collect()
        import torch

        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        elif self._device.type == "mps":
            torch.mps.empty_cache()
