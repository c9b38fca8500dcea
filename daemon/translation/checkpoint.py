"""A translation checkpoint in transformers' format, read tensor by tensor."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from tts_plugin import models
from tts_plugin.errors import ModelError

if TYPE_CHECKING:
    import torch

Array = npt.NDArray[Any]

M2M100, MARIAN, STARTER = "m2m_100", "marian", "yomiage_starter"
"""The architectures that can be converted. NLLB shares M2M-100's; ours has BERT's encoder and M2M-100's decoder."""
_ACTIVATIONS = {"relu": "relu", "gelu": "gelu", "swish": "swish", "silu": "swish"}
_ROWS = 8192
"""Rows of the embedding table that are in memory at a time."""


@dataclass(frozen=True)
class Shape:
    """The sizes that config.json states."""

    width: int
    heads: int
    encoder_layers: int
    decoder_layers: int
    encoder_inner: int
    decoder_inner: int
    vocabulary: int
    scale: float
    """What an embedding row is multiplied by."""
    activation: str
    """Of the feed-forward layers: relu, gelu or swish."""
    model_type: str
    """M2M100, MARIAN or STARTER."""

    @property
    def head_width(self) -> int:
        return self.width // self.heads

    @property
    def encoder_post_norm(self) -> bool:
        """Each sublayer's sum is normalised, not what the sublayer reads."""
        return self.model_type != M2M100

    @property
    def decoder_post_norm(self) -> bool:
        return self.model_type == MARIAN

    @property
    def weights(self) -> int:
        """Of both graphs, without the embedding table and the output head."""
        attention = 4 * self.width * self.width
        encoder = self.encoder_layers * (attention + 2 * self.width * self.encoder_inner)
        return encoder + self.decoder_layers * (2 * attention + 2 * self.width * self.decoder_inner)


def model_type(folder: Path) -> str:
    return str(_config(folder).get("model_type"))


def read_shape(folder: Path) -> Shape:
    """ModelError where the checkpoint is of another architecture than those that can be converted."""
    config = _config(folder)
    kind = config.get("model_type")
    activation = _ACTIVATIONS.get(config.get("activation_function", "relu"))
    if kind not in (M2M100, MARIAN, STARTER) or activation is None:
        raise ModelError(
            f"{folder} is a {kind} checkpoint; only M2M-100's architecture (NLLB's) and Marian's can be run. "
            "Name another one in the setting `model`."
        )
    if kind == MARIAN and (config.get("normalize_embedding") or not config.get("share_encoder_decoder_embeddings", 1)):
        raise ModelError(f"{folder}: a Marian model with embeddings of this kind is not supported; choose another one.")
    try:
        if config["encoder_attention_heads"] != config["decoder_attention_heads"]:
            raise ModelError(f"{folder}: encoder and decoder differ in their number of heads; that is not supported.")
        return Shape(
            width=int(config["d_model"]),
            heads=int(config["encoder_attention_heads"]),
            encoder_layers=int(config["encoder_layers"]),
            decoder_layers=int(config["decoder_layers"]),
            encoder_inner=int(config["encoder_ffn_dim"]),
            decoder_inner=int(config["decoder_ffn_dim"]),
            vocabulary=int(config["vocab_size"]),
            scale=float(config["d_model"]) ** 0.5 if config.get("scale_embedding") else 1.0,
            activation=activation,
            model_type=kind,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{folder / 'config.json'} states no usable {error}; download the model again.") from error


class Checkpoint:
    """The tensors by name, as float32. The file is mapped, so that memory holds one tensor at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shape = read_shape(folder)
        self.weights = models.weights_file(folder)
        self._tensors = _open(self.weights)
        if not any(name.startswith("model.") for name in self._tensors):
            self._tensors = {f"model.{name}": tensor for name, tensor in self._tensors.items()}
        # Several names share it, and some files hold it under one of them only.
        table = self._tensors[_TABLE] = next((self._tensors[name] for name in _TABLES if name in self._tensors), None)
        if table is None or tuple(_shape(table)) != (self.shape.vocabulary, self.shape.width):
            raise ModelError(f"{self.weights} does not hold the embedding table that config.json describes.")

    def get(self, *names: str) -> npt.NDArray[np.float32]:
        """The tensors, one below the other."""
        try:
            found = [_float32(self._tensors[f"model.{name}"][:]) for name in names]
        except KeyError as error:
            raise ModelError(f"{self.weights} holds no {error}, so it is no whole model.") from error
        return np.concatenate(found)

    def bias(self) -> npt.NDArray[np.float32] | None:
        """What is added to the logits; M2M-100 has none."""
        tensor = self._tensors.get("final_logits_bias")
        return None if tensor is None else _float32(tensor[:]).reshape(-1)

    def table(self) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
        """The embedding table, which is the output head too: some thousand rows at a time, and the first one's id."""
        for start in range(0, self.shape.vocabulary, _ROWS):
            yield start, _float32(self._tensors[_TABLE][start : start + _ROWS])


_TABLE = "model.shared.weight"
_TABLES = (_TABLE, "model.encoder.embed_tokens.weight", "model.decoder.embed_tokens.weight", "lm_head.weight")


def _open(file: Path) -> dict[str, Any]:
    """Name -> tensor that reads its part of the file when it is sliced."""
    import torch

    try:
        if file.suffix == ".safetensors":
            from safetensors import safe_open

            opened: Any = safe_open(file, framework="pt")
            return {name: opened.get_slice(name) for name in opened.keys()}  # noqa: SIM118 - no mapping
        # A pickle may hold tensors and nothing else.
        return cast(dict[str, Any], torch.load(file, map_location="cpu", weights_only=True, mmap=True))
    except Exception as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ModelError(f"{file} cannot be read ({reason}). Run `yomiage model download` again.") from error


def _float32(tensor: torch.Tensor) -> npt.NDArray[np.float32]:
    return cast(npt.NDArray[np.float32], tensor.float().numpy())


def _shape(tensor: Any) -> tuple[int, ...]:
    return tuple(tensor.get_shape() if hasattr(tensor, "get_shape") else tensor.shape)


def _config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder / 'config.json'} cannot be read ({error}). Correct the setting `model`.") from error
    return config if isinstance(config, dict) else {}
