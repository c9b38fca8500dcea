"""The ways to translate that are timed. Each is loaded once and then takes turns with the others."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from daemon.bench.sentences import SENTENCES, Sentence
from daemon.translation import devices
from daemon.translation.languages import JAPANESE, nllb_code
from daemon.translation.neural import Model
from daemon.translation.tokens import END, PAD, Tokenizer
from tts_plugin.errors import EngineUnavailable
from tts_plugin.settings import Settings

Way = Callable[[Sentence], object]
LONGEST = 256
"""Phase 1.5's limit. Phase 1 had a higher one, which no sentence here reaches."""


def phase_1(folder: Path, device: str, real: bool) -> Way:
    """As Yomiage began: transformers, three beams, 32 bits."""
    import torch

    return _transformers(folder, device, torch.float32, 3, real)[1]


def phase_1_5(folder: Path, device: str, real: bool) -> tuple[Way, str | None]:
    """Greedy, 16 bits, at most 256 tokens, compiled where that works; what hindered the compilation."""
    import torch

    model, way = _transformers(folder, device, torch.bfloat16, 1, real)
    if device != "cuda":
        return way, f"torch.compile was left out of Phase 1.5: on the {device} it takes over a minute and gains little"
    eager = model.forward
    try:
        model.forward = torch.compile(eager, dynamic=True)
        way(SENTENCES[0])
    except Exception as error:  # noqa: BLE001 - whatever the compiler throws, the way goes without it
        model.forward = eager
        return way, f"torch.compile was left out of Phase 1.5: it failed here ({type(error).__name__})"
    return way, None


def nllb(folder: Path, real: bool) -> Way:
    """Today's engine on a processor."""
    if real:
        from daemon.translation.nllb import Nllb

        engine = Nllb(Settings(model=str(folder)))
        return lambda sentence: engine.translate(sentence.english, "en")
    from daemon.translation import converted
    from daemon.translation.onnx_model import OnnxModel

    return _written(OnnxModel(converted.directory(str(folder)), devices.thread_count(), 2 * LONGEST), folder)


def nllb_torch(folder: Path, device: str, real: bool) -> Way:
    """Today's engine on a graphics card."""
    if real:
        from daemon.translation.nllb_torch import NllbTorch

        engine = NllbTorch(Settings.model_validate({"model": str(folder), "device": device}))
        return lambda sentence: engine.translate(sentence.english, "en")
    import torch

    from daemon.translation import pieces, torch_model
    from daemon.translation.vocabulary import kept_pieces

    torch.set_num_threads(devices.thread_count())
    vocabulary, languages = pieces.vocabulary(folder)
    keep = kept_pieces(vocabulary, languages[JAPANESE])
    return _written(torch_model.open_model(folder, keep, devices.choose_device(device)), folder)


def _written(model: Model, folder: Path) -> Way:
    """As an engine uses its model, but for a fixed length: random weights end nowhere."""
    japanese = Tokenizer(folder).language(JAPANESE)

    def run(sentence: Sentence) -> None:
        ids = _ids(sentence)
        written = model.write(model.read(ids, ids), [END, japanese])
        for _ in itertools.islice(written, sentence.target):
            pass

    return run


def _transformers(folder: Path, device: str, dtype: Any, beams: int, real: bool) -> tuple[Any, Way]:
    import torch
    from transformers import AutoModelForSeq2SeqLM, GenerationConfig
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    torch.set_num_threads(devices.thread_count())
    try:
        model: Any = AutoModelForSeq2SeqLM.from_pretrained(
            folder, dtype=dtype, local_files_only=True, weights_only=True
        )
    except Exception as error:
        raise EngineUnavailable(f"The model in {folder} cannot be loaded ({type(error).__name__}).") from error
    model = model.eval().to(device)
    tokenizer = Tokenizer(folder)
    japanese = tokenizer.language(JAPANESE)

    def run(sentence: Sentence) -> None:
        ids = tokenizer.encode(sentence.english, nllb_code("en")) if real else _ids(sentence)
        inputs = torch.tensor([ids], device=device)
        # The language's code is a token of its own.
        length = {"max_new_tokens": LONGEST} if real else dict.fromkeys(_LENGTHS, sentence.target + 1)
        config = GenerationConfig(
            num_beams=beams,
            do_sample=False,
            max_length=None,
            forced_bos_token_id=japanese,
            decoder_start_token_id=END,
            eos_token_id=END,
            pad_token_id=PAD,
            **length,
        )
        with torch.inference_mode():
            output = model.generate(inputs, attention_mask=torch.ones_like(inputs), generation_config=config)
        output.cpu()  # what a graphics card has begun, it must also have done

    return model, run


_LENGTHS = ("min_new_tokens", "max_new_tokens")


def _ids(sentence: Sentence) -> list[int]:
    return list(range(100, 100 + sentence.source))
