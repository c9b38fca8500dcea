"""The starter model: M2M-100's architecture, so that the engine which runs NLLB runs it too."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.pieces import PAD

FIRST_POSITION = 2
LONGEST = 512
"""Positions that there are; the data's sentences are much shorter."""


@dataclass(frozen=True)
class Size:
    vocabulary: int = 16384
    width: int = 512
    inner: int = 2048
    heads: int = 8
    encoder_layers: int = 6
    decoder_layers: int = 2
    dropout: float = 0.15

    def config(self) -> dict[str, Any]:
        """As config.json of a transformers checkpoint states it."""
        return {
            "model_type": "m2m_100",
            "architectures": ["M2M100ForConditionalGeneration"],
            "activation_function": "relu",
            "vocab_size": self.vocabulary,
            "d_model": self.width,
            "encoder_ffn_dim": self.inner,
            "decoder_ffn_dim": self.inner,
            "encoder_attention_heads": self.heads,
            "decoder_attention_heads": self.heads,
            "encoder_layers": self.encoder_layers,
            "decoder_layers": self.decoder_layers,
            "max_position_embeddings": LONGEST,
            "scale_embedding": True,
            "tie_word_embeddings": True,
            "dropout": self.dropout,
            "pad_token_id": PAD,
            "bos_token_id": 0,
            "eos_token_id": 2,
            "decoder_start_token_id": 2,
        }


class Attention(nn.Module):
    """Queries from one side, keys and values from the same or the other."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.heads = size.heads
        self.dropout = size.dropout
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (nn.Linear(size.width, size.width) for _ in range(4))

    def forward(self, x: Tensor, other: Tensor | None, mask: Tensor | None) -> Tensor:
        if other is None:
            weight = torch.cat([self.q_proj.weight, self.k_proj.weight, self.v_proj.weight])
            bias = torch.cat([self.q_proj.bias, self.k_proj.bias, self.v_proj.bias])
            query, key, value = functional.linear(x, weight, bias).chunk(3, dim=-1)
        else:
            weight = torch.cat([self.k_proj.weight, self.v_proj.weight])
            bias = torch.cat([self.k_proj.bias, self.v_proj.bias])
            query = self.q_proj(x)
            key, value = functional.linear(other, weight, bias).chunk(2, dim=-1)
        query, key, value = (part.view(*part.shape[:2], self.heads, -1).transpose(1, 2) for part in (query, key, value))
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        return self.out_proj(seen.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]


class Layer(nn.Module):
    """One layer of either side. The norm comes first."""

    def __init__(self, size: Size, crossing: bool) -> None:
        super().__init__()
        self.self_attn = Attention(size)
        self.self_attn_layer_norm = nn.LayerNorm(size.width)
        if crossing:
            self.encoder_attn = Attention(size)
            self.encoder_attn_layer_norm = nn.LayerNorm(size.width)
        self.fc1 = nn.Linear(size.width, size.inner)
        self.fc2 = nn.Linear(size.inner, size.width)
        self.final_layer_norm = nn.LayerNorm(size.width)
        self.dropout = nn.Dropout(size.dropout)

    def forward(self, x: Tensor, mask: Tensor, memory: Tensor | None = None, crossed: Tensor | None = None) -> Tensor:
        x = x + self.dropout(self.self_attn(self.self_attn_layer_norm(x), None, mask))
        if memory is not None:
            x = x + self.dropout(self.encoder_attn(self.encoder_attn_layer_norm(x), memory, crossed))
        inner = self.dropout(functional.relu(self.fc1(self.final_layer_norm(x))))
        return x + self.dropout(self.fc2(inner))  # type: ignore[no-any-return]


class Side(nn.Module):
    def __init__(self, size: Size, layers: int, crossing: bool) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Layer(size, crossing) for _ in range(layers))
        self.layer_norm = nn.LayerNorm(size.width)


class Starter(nn.Module):
    """Its parameters' names are those of transformers' M2M100Model."""

    positions: Tensor

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.size = size
        self.shared = nn.Embedding(size.vocabulary, size.width)
        self.encoder = Side(size, size.encoder_layers, False)
        self.decoder = Side(size, size.decoder_layers, True)
        self.dropout = nn.Dropout(size.dropout)
        self.register_buffer("positions", sinusoids(LONGEST, size.width), persistent=False)
        nn.init.normal_(self.shared.weight, std=size.width**-0.5)
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
            elif "_proj" in name or ".fc" in name:
                nn.init.xavier_uniform_(parameter)

    def encode(self, source: Tensor, sentence: Tensor, place: Tensor) -> Tensor:
        mask = _same(sentence, sentence)
        x = self._embed(source, place)
        for layer in self.encoder.layers:
            x = layer(x, mask)
        return self.encoder.layer_norm(x)  # type: ignore[no-any-return]

    def decode(self, memory: Tensor, source_sentence: Tensor, given: Tensor, sentence: Tensor, place: Tensor) -> Tensor:
        """The state behind each given token."""
        length = given.shape[1]
        before = torch.ones(length, length, dtype=torch.bool, device=given.device).tril()
        mask, crossed = _same(sentence, sentence) & before, _same(sentence, source_sentence)
        x = self._embed(given, place)
        for layer in self.decoder.layers:
            x = layer(x, mask, memory, crossed)
        return self.decoder.layer_norm(x)  # type: ignore[no-any-return]

    def forward(
        self,
        source: Tensor,
        source_sentence: Tensor,
        source_place: Tensor,
        given: Tensor,
        wanted: Tensor,
        target_sentence: Tensor,
        target_place: Tensor,
        smoothing: float = 0.1,
    ) -> Tensor:
        """The loss of a packed batch, mean over its target tokens."""
        memory = self.encode(source, source_sentence, source_place)
        states = self.decode(memory, source_sentence, given, target_sentence, target_place)
        logits = self.logits(states).float()
        return functional.cross_entropy(
            logits.flatten(0, 1), wanted.flatten(), ignore_index=PAD, label_smoothing=smoothing
        )

    def logits(self, states: Tensor) -> Tensor:
        return functional.linear(states, self.shared.weight)

    def _embed(self, ids: Tensor, place: Tensor) -> Tensor:
        x = self.shared(ids) * math.sqrt(self.size.width) + self.positions[place + FIRST_POSITION]
        return self.dropout(x)  # type: ignore[no-any-return]


def _same(of: Tensor, to: Tensor) -> Tensor:
    """Who may look at whom: a sentence at itself. Padding looks at padding, so that no row of the mask is empty."""
    return (of[:, None, :, None] == to[:, None, None, :]) | (of == 0)[:, None, :, None]


def sinusoids(longest: int, width: int) -> Tensor:
    """M2M-100's: sines in the first half of a row, cosines in the second."""
    rates = torch.exp(torch.arange(width // 2).float() * -(math.log(10_000) / (width // 2 - 1)))
    angles = torch.arange(longest + FIRST_POSITION).float()[:, None] * rates[None]
    return torch.cat([angles.sin(), angles.cos()], dim=1)
