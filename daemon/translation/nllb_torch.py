"""NLLB-200 through torch, on a graphics card; also on a processor, where it is the slow way."""

from __future__ import annotations

import gc
import importlib.util
import logging
import os
import sys
import time
from collections.abc import Iterator

from daemon.translation import checkpoint, decoding, devices, faithful, pieces
from daemon.translation.languages import JAPANESE, nllb_code
from daemon.translation.tokens import END, Tokenizer
from daemon.translation.vocabulary import ROWS, kept_pieces
from tts_plugin import models
from tts_plugin.errors import EngineUnavailable, ModelError
from tts_plugin.settings import Settings

log = logging.getLogger(__name__)


class NllbTorch:
    """Greedy, one sentence an input: NLLB drops sentences when it is given several."""

    def __init__(self, settings: Settings) -> None:
        self.check(settings)
        folder = models.directory(settings.model)
        started = time.monotonic()
        os.environ["TOKENIZERS_PARALLELISM"] = "false"
        import torch

        from daemon.translation import torch_model

        torch.set_num_threads(devices.thread_count())
        self._device = devices.choose_device(settings.device)
        self._tokenizer = Tokenizer(folder)
        self._japanese = self._tokenizer.language(JAPANESE)
        try:
            rows = checkpoint.read_shape(folder).vocabulary
            if self._tokenizer.size > rows:
                raise ModelError(
                    f"its tokenizer has {self._tokenizer.size} tokens, the model only {rows}: "
                    "they do not belong together"
                )
            vocabulary, _ = pieces.vocabulary(folder)
            self._model = torch_model.open_model(folder, kept_pieces(vocabulary, self._japanese, ROWS), self._device)
        except Exception as error:
            reason = str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__
            raise EngineUnavailable(
                f"The model in {folder} cannot be loaded ({reason}). Run `yomiage model download` again."
            ) from error
        seconds = time.monotonic() - started
        log.info("NLLB loaded from %s in %.1f s: %s, %s", folder, seconds, self._device, self._model.dtype)

    @classmethod
    def check(cls, settings: Settings) -> None:
        for package in ("torch", "safetensors", "tokenizers"):
            if importlib.util.find_spec(package) is None:
                raise EngineUnavailable(f"The package {package} is not installed. Run install.sh again.")
        try:
            models.require(settings.model)
        except ModelError as error:
            raise EngineUnavailable(str(error)) from error

    def translate(self, text: str, language: str) -> str | None:
        return "".join(self.stream(text, language))

    def stream(self, text: str, language: str) -> Iterator[str]:
        if faithful.needs_no_translation(text):
            yield text
            return
        ids = self._tokenizer.encode(text, nllb_code(language))
        most = faithful.most_tokens(len(ids))
        source = self._model.read(ids, self._tokenizer.spellings(ids))
        yield from decoding.clauses(
            text,
            lambda written, no_repeat: self._model.write(source, written, no_repeat),
            self._text,
            start=[END, self._japanese],
            end=END,
            most=most,
            model="NLLB",
        )

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

    def _text(self, ids: list[int]) -> str:
        return faithful.japanese_punctuation(self._tokenizer.decode(ids))
