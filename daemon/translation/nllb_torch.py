"""NLLB-200 through transformers, on a graphics card; also on a processor, where it is the slow way."""

from __future__ import annotations

import gc
import importlib.util
import logging
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daemon.translation import devices, faithful
from daemon.translation.languages import JAPANESE, nllb_code
from daemon.translation.tokens import END, PAD, Tokenizer
from tts_plugin import models
from tts_plugin.errors import EngineFailed, EngineUnavailable, ModelError
from tts_plugin.settings import Settings

if TYPE_CHECKING:
    import torch

SECONDS = 25.0
"""For one sentence. Decoding then stops by itself, so that its thread comes back."""

log = logging.getLogger(__name__)


class NllbTorch:
    """Greedy, one sentence an input: NLLB drops sentences when it is given several."""

    def __init__(self, settings: Settings) -> None:
        self.check(settings)
        folder = models.directory(settings.model)
        started = time.monotonic()
        _be_quiet()
        import torch

        torch.set_num_threads(devices.thread_count())
        self._device = devices.choose_device(settings.device)
        dtype = devices.choose_dtype(self._device)
        self._tokenizer = Tokenizer(folder)
        self._japanese = self._tokenizer.language(JAPANESE)
        self._model = _load(folder, dtype, self._device)
        rows = self._model.get_input_embeddings().num_embeddings
        if self._tokenizer.size > rows:
            raise EngineUnavailable(
                f"{folder}: the tokenizer has {self._tokenizer.size} tokens, the model only {rows}. "
                "They do not belong together; run `yomiage model download` again."
            )
        self._translate("Hello.", "en", SECONDS)  # the first pass sets up kernels; it is not the user's to wait for
        log.info("NLLB loaded from %s in %.1f s: %s, %s", folder, time.monotonic() - started, self._device, dtype)

    @classmethod
    def check(cls, settings: Settings) -> None:
        for package in ("torch", "transformers", "tokenizers"):
            if importlib.util.find_spec(package) is None:
                raise EngineUnavailable(f"The package {package} is not installed. Run install.sh again.")
        try:
            models.require(settings.model)
        except ModelError as error:
            raise EngineUnavailable(str(error)) from error

    def translate(self, text: str, language: str) -> str | None:
        if faithful.needs_no_translation(text):
            return text
        end = time.monotonic() + SECONDS
        japanese, complaint = self._translate(text, language, SECONDS)
        left = end - time.monotonic()
        if complaint is not None and left > 1:
            log.debug("NLLB again, without repetitions: %s", complaint)
            japanese, complaint = self._translate(text, language, left, no_repeat=3)
        if complaint is not None:
            raise EngineFailed(f"NLLB's translation is not fit to be spoken: {complaint}.")
        return japanese

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

    def _translate(self, text: str, language: str, seconds: float, no_repeat: int = 0) -> tuple[str, str | None]:
        """The Japanese, and what speaks against it."""
        import torch

        source = self._tokenizer.encode(text, nllb_code(language))
        most = faithful.most_tokens(len(source))
        inputs = torch.tensor([source], device=self._device)
        with torch.inference_mode():
            output = self._model.generate(
                input_ids=inputs,
                attention_mask=torch.ones_like(inputs),
                generation_config=self._greedy(most, seconds, no_repeat),
            )
        ids = output[0].tolist()
        japanese = faithful.japanese_punctuation(self._tokenizer.decode(ids))
        if END not in ids[1:]:
            return japanese, f"it did not end within {len(ids)} tokens and {seconds:.0f} s"
        return japanese, faithful.fault(text, japanese)

    def _greedy(self, tokens: int, seconds: float, no_repeat: int) -> Any:
        from transformers import GenerationConfig

        return GenerationConfig(
            num_beams=1,
            do_sample=False,
            max_length=None,
            max_new_tokens=tokens,
            max_time=seconds,
            no_repeat_ngram_size=no_repeat,
            forced_bos_token_id=self._japanese,
            decoder_start_token_id=END,
            eos_token_id=END,
            pad_token_id=PAD,
        )


def _load(folder: Path, dtype: torch.dtype, device: torch.device) -> Any:
    from transformers import AutoModelForSeq2SeqLM

    try:
        model = AutoModelForSeq2SeqLM.from_pretrained(
            folder,
            dtype=dtype,
            local_files_only=True,
            use_safetensors=(folder / models.WEIGHTS[0]).is_file(),
            weights_only=True,  # a pickle may hold tensors and nothing else
        )
    except Exception as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise EngineUnavailable(
            f"The model in {folder} cannot be loaded ({reason}). Run `yomiage model download` again."
        ) from error
    return model.eval().to(device)


def _be_quiet() -> None:
    """No progress bars in the daemon's log, and no thought of the network: the files are here."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
