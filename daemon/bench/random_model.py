"""A checkpoint of NLLB's shape with random weights: how long it takes depends on the shape alone."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daemon.translation.languages import JAPANESE, nllb_code

SPECIALS = ("<s>", "<pad>", "</s>", "<unk>")
_JAPANESE_PIECES = 1 / 16
"""Of the vocabulary, about as in NLLB's; as many again are of ASCII letters, the rest of other scripts."""


@dataclass(frozen=True)
class Size:
    """The numbers that the speed depends on."""

    pieces: int
    width: int
    inner: int
    layers: int
    heads: int

    @property
    def bytes(self) -> int:
        """Of the checkpoint, in float32."""
        return 4 * (self.pieces * self.width + self.layers * (12 * self.width**2 + 4 * self.width * self.inner))


FULL = Size(pieces=256_206, width=1024, inner=4096, layers=12, heads=16)
"""NLLB-200-distilled-600M."""
SMALL = Size(pieces=8_206, width=256, inner=1024, layers=2, heads=4)


def write(folder: Path, size: Size) -> None:
    """config.json, model.safetensors and tokenizer.json."""
    import torch
    from safetensors.torch import save_file
    from transformers import M2M100Config, M2M100ForConditionalGeneration

    config = M2M100Config(
        vocab_size=size.pieces,
        d_model=size.width,
        encoder_layers=size.layers,
        decoder_layers=size.layers,
        encoder_attention_heads=size.heads,
        decoder_attention_heads=size.heads,
        encoder_ffn_dim=size.inner,
        decoder_ffn_dim=size.inner,
        scale_embedding=True,
        decoder_start_token_id=2,
    )
    with torch.device("meta"):
        model = M2M100ForConditionalGeneration(config)
    random = torch.Generator().manual_seed(20)
    weights = {}
    for name, parameter in model.named_parameters():  # the embedding, tied to the head, comes once
        if "layer_norm" in name:
            weights[name] = torch.full(parameter.shape, float(name.endswith("weight")))
        else:
            weights[name] = torch.empty(parameter.shape).normal_(0.0, 0.02, generator=random)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    config.save_pretrained(folder)
    (folder / "tokenizer.json").write_text(json.dumps(_tokenizer(size.pieces)), encoding="utf-8")


def _tokenizer(pieces: int) -> dict[str, Any]:
    """Pieces of two and three letters in three scripts, in NLLB's file layout."""
    codes = [nllb_code("en"), JAPANESE]
    count = pieces - len(codes) - 2  # the original, too, has rows that belong to nothing
    scripts = (("ぁ", 80, _JAPANESE_PIECES), ("a", 26, _JAPANESE_PIECES), ("а", 80, 1.0))
    vocabulary = dict(zip((*SPECIALS, "▁", *(chr(code) for code in range(33, 127))), itertools.count(), strict=False))
    for first, letters, share in scripts:
        alphabet = [chr(ord(first) + number) for number in range(letters)]
        words = ("".join(word) for length in (1, 2, 3, 4) for word in itertools.product(alphabet, repeat=length))
        end = min(count, len(vocabulary) + int(share * count))
        for word in words:
            if len(vocabulary) >= end:
                break
            vocabulary.setdefault(word, len(vocabulary))
    added = [{"id": number, "content": token} for number, token in enumerate(SPECIALS)]
    added += [{"id": len(vocabulary) + number, "content": code} for number, code in enumerate(codes)]
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {
        "version": "1.0",
        "added_tokens": [{**token, **flags} for token in added],
        "normalizer": None,
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        "post_processor": None,
        "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        "model": {"type": "BPE", "unk_token": "<unk>", "vocab": vocabulary, "merges": []},
    }
