"""An NLLB checkpoint's weights as the torch engine reads them, on its device and in its number format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from daemon.translation.checkpoint import M2M100, Checkpoint, Shape
from daemon.translation.sinusoids import positions
from tts_plugin.errors import ModelError

_SHRINK = 16.0
"""What a float16 feed-forward layer's result is divided by: M2M-100's reach beyond that format's range."""
ACTIVATIONS = {"relu": torch.relu, "gelu": functional.gelu, "swish": functional.silu}


@dataclass(frozen=True)
class Linear:
    weight: Tensor
    bias: Tensor

    def __call__(self, read: Tensor) -> Tensor:
        return functional.linear(read, self.weight, self.bias)


@dataclass(frozen=True)
class Norm:
    """Reads the residual stream, which is float32 whatever the format of the weights, and answers in theirs."""

    weight: Tensor
    bias: Tensor
    dtype: torch.dtype

    def __call__(self, stream: Tensor) -> Tensor:
        return functional.layer_norm(stream, self.weight.shape, self.weight, self.bias).to(self.dtype)


@dataclass(frozen=True)
class Layer:
    before_own: Norm
    own: Linear
    """Queries, keys and values in one."""
    own_out: Linear
    before_wide: Norm
    wide: Linear
    narrow: Linear
    """Divided by `Weights.shrink`."""


@dataclass(frozen=True)
class DecoderLayer(Layer):
    before_ask: Norm
    ask: Linear
    """Queries to the source."""
    ask_out: Linear


@dataclass(frozen=True)
class Weights:
    shape: Shape
    table: Tensor
    """The embedding of every token of the vocabulary."""
    head: Tensor
    """Those of its rows that the output may choose from."""
    keep: Tensor
    """Their ids, ascending."""
    positions: Tensor
    encoder: tuple[Layer, ...]
    encoded: Norm
    source: Linear
    """Keys and values of the source for all layers of the decoder in one."""
    decoder: tuple[DecoderLayer, ...]
    decoded: Norm
    shrink: float


def read(
    checkpoint: Checkpoint, keep: npt.NDArray[Any], longest: int, dtype: torch.dtype, device: torch.device
) -> Weights:
    """Tensor by tensor, so that memory holds little beside what goes to the device."""
    shape = checkpoint.shape
    if shape.model_type != M2M100:
        raise ModelError(f"{checkpoint.folder} is a {shape.model_type} model, and this engine runs NLLB's kind only.")
    shrink = _SHRINK if dtype == torch.float16 else 1.0

    def put(array: npt.NDArray[Any], kind: torch.dtype = dtype) -> Tensor:
        return torch.from_numpy(array).to(device, kind)

    def norm(name: str) -> Norm:
        weight, bias = (put(checkpoint.get(f"{name}.{part}"), torch.float32) for part in ("weight", "bias"))
        return Norm(weight, bias, dtype)

    def linear(*names: str, scale: float = 1.0) -> Linear:
        weight, bias = (
            put(checkpoint.get(*(f"{name}.{part}" for name in names)) * scale) for part in ("weight", "bias")
        )
        return Linear(weight, bias)

    def parts(layer: str) -> dict[str, Any]:
        return {
            "before_own": norm(f"{layer}.self_attn_layer_norm"),
            "own": linear(*(f"{layer}.self_attn.{part}_proj" for part in "qkv")),
            "own_out": linear(f"{layer}.self_attn.out_proj"),
            "before_wide": norm(f"{layer}.final_layer_norm"),
            "wide": linear(f"{layer}.fc1"),
            "narrow": linear(f"{layer}.fc2", scale=1 / shrink),
        }

    def decoder_parts(layer: str) -> dict[str, Any]:
        return {
            **parts(layer),
            "before_ask": norm(f"{layer}.encoder_attn_layer_norm"),
            "ask": linear(f"{layer}.encoder_attn.q_proj"),
            "ask_out": linear(f"{layer}.encoder_attn.out_proj"),
        }

    table = torch.empty(shape.vocabulary, shape.width, dtype=dtype, device=device)
    for start, block in checkpoint.table():
        table[start : start + len(block)] = put(block)
    kept = torch.from_numpy(keep).to(device)
    layers = range(shape.decoder_layers)
    asked = [f"decoder.layers.{n}.encoder_attn.{part}_proj" for n in layers for part in "kv"]
    return Weights(
        shape=shape,
        table=table,
        head=table[kept],
        keep=kept,
        positions=put(positions(longest, shape.width), torch.float32),
        encoder=tuple(Layer(**parts(f"encoder.layers.{n}")) for n in range(shape.encoder_layers)),
        encoded=norm("encoder.layer_norm"),
        source=linear(*asked),
        decoder=tuple(DecoderLayer(**decoder_parts(f"decoder.layers.{n}")) for n in layers),
        decoded=norm("decoder.layer_norm"),
        shrink=shrink,
    )
