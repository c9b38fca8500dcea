"""A checkpoint with NLLB-200-distilled-600M's exact shape and random weights: speed depends on the shape alone."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from transformers import M2M100Config, M2M100ForConditionalGeneration

TINY = Path(__file__).resolve().parents[1] / "tests" / "checkpoint" / "nllb-tiny"
SEED = 20
PIECES = 256_001
JAPANESE, ASCII = 16_000, 90_000
"""So many of the pieces; the rest is of other scripts. NLLB's own proportions are of that order."""


def write_checkpoint(folder: Path) -> None:
    """2.5 GB: config, weights, and a tokenizer with as many pieces as NLLB's."""
    config = M2M100Config(
        vocab_size=256_206,
        d_model=1024,
        encoder_layers=12,
        decoder_layers=12,
        encoder_attention_heads=16,
        decoder_attention_heads=16,
        encoder_ffn_dim=4096,
        decoder_ffn_dim=4096,
        max_position_embeddings=1024,
        scale_embedding=True,
        activation_function="relu",
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
        decoder_start_token_id=2,
        tie_word_embeddings=True,
    )
    with torch.device("meta"):
        model = M2M100ForConditionalGeneration(config)
    generator = torch.Generator().manual_seed(SEED)
    weights = {}
    for name, parameter in model.named_parameters():  # a tied one comes once
        if name.endswith("bias"):
            weights[name] = torch.zeros(parameter.shape)
        elif "layer_norm" in name:
            weights[name] = torch.ones(parameter.shape)
        else:
            weights[name] = torch.empty(parameter.shape).normal_(0.0, 0.02, generator=generator)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    config.save_pretrained(folder)
    (folder / "tokenizer.json").write_text(json.dumps(_tokenizer(), ensure_ascii=False), encoding="utf-8")


def _tokenizer() -> dict[str, Any]:
    """The tiny checkpoint's tokenizer, filled up with pieces that merge out of one another."""
    chosen = random.Random(SEED)
    data: dict[str, Any] = json.loads((TINY / "tokenizer.json").read_text(encoding="utf-8"))
    vocabulary: dict[str, int] = data["model"]["vocab"]
    merges: list[Any] = data["model"]["merges"]
    scripts = (
        (JAPANESE, [chr(n) for n in (*range(0x3041, 0x3097), *range(0x30A1, 0x30FB), *range(0x4E00, 0x5E00))]),
        (JAPANESE + ASCII, [chr(n) for n in range(97, 123)]),
        (PIECES, [chr(n) for n in (*range(0xE0, 0x250), *range(0x400, 0x500), *range(0x620, 0x6FF))]),
    )
    for end, letters in scripts:
        for letter in letters:
            vocabulary.setdefault(letter, len(vocabulary))
        parts = [*letters]
        while len(vocabulary) < end:
            left, right = chosen.choice(parts), chosen.choice(letters)
            if left + right not in vocabulary:
                vocabulary[left + right] = len(vocabulary)
                merges.append([left, right])
                if len(left + right) < 10:
                    parts.append(left + right)
    _, _, _, _, *codes, mask = data["added_tokens"]
    for number, token in enumerate([*codes, mask]):
        token["id"] = len(vocabulary) + number
    return data
