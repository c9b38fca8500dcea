"""The starter model: an encoder of BERT's kind, so that it can begin with what a pretrained one knows of English;
and a shallow decoder of M2M-100's kind, with a small table of Japanese pieces of its own."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.pieces import BLANK, PAD

LONGEST = 512
"""Positions that there are; the data's sentences are much shorter."""
FIRST_POSITION = 2
"""M2M-100 leaves the first rows of its table of positions out."""


@dataclass(frozen=True)
class Size:
    source_vocabulary: int = 30522
    target_vocabulary: int = 8192
    width: int = 384
    inner: int = 1536
    heads: int = 12
    encoder_layers: int = 6
    decoder_layers: int = 3

    def config(self) -> dict[str, Any]:
        """As config.json of a checkpoint states it."""
        return {
            "model_type": "yomiage_starter",
            "activation_function": "gelu",
            "source_vocab_size": self.source_vocabulary,
            "vocab_size": self.target_vocabulary,
            "d_model": self.width,
            "encoder_ffn_dim": self.inner,
            "decoder_ffn_dim": self.inner,
            "encoder_attention_heads": self.heads,
            "decoder_attention_heads": self.heads,
            "encoder_layers": self.encoder_layers,
            "decoder_layers": self.decoder_layers,
            "scale_embedding": True,
        }


class Attention(nn.Module):
    """Queries from one side, keys and values from the same or the other.

    Written out: on a processor, short sentences take a quarter of the time of torch's fused attention.
    """

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.heads = size.heads
        self.scale = (size.width // size.heads) ** -0.5
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (nn.Linear(size.width, size.width) for _ in range(4))

    def forward(self, x: Tensor, other: Tensor, hidden: Tensor) -> Tensor:
        """`hidden` is added to the scores: 0 where a position may look, a large negative number where not."""
        query = self._split(self.q_proj(x))
        key, value = self._split(self.k_proj(other)), self._split(self.v_proj(other))
        scores = torch.matmul(query * self.scale, key.transpose(-1, -2))
        seen = torch.matmul(torch.softmax(scores + hidden.to(scores.dtype), -1).to(value.dtype), value)
        return self.out_proj(seen.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]

    def _split(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)


class FeedForward(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.fc1 = nn.Linear(size.width, size.inner)
        self.fc2 = nn.Linear(size.inner, size.width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(functional.gelu(self.fc1(x)))  # type: ignore[no-any-return]


class EncoderLayer(FeedForward):
    """As BERT has it: each sum is normalised."""

    def __init__(self, size: Size) -> None:
        super().__init__(size)
        self.self_attn = Attention(size)
        self.self_attn_layer_norm = nn.LayerNorm(size.width)
        self.final_layer_norm = nn.LayerNorm(size.width)
        self.dropout = nn.Dropout(0.0)

    def forward(self, x: Tensor, hidden: Tensor) -> Tensor:
        x = self.self_attn_layer_norm(x + self.dropout(self.self_attn(x, x, hidden)))
        return self.final_layer_norm(x + self.dropout(super().forward(x)))  # type: ignore[no-any-return]


class DecoderLayer(FeedForward):
    """As M2M-100 has it: what is read is normalised."""

    def __init__(self, size: Size) -> None:
        super().__init__(size)
        self.self_attn, self.encoder_attn = Attention(size), Attention(size)
        self.self_attn_layer_norm = nn.LayerNorm(size.width)
        self.encoder_attn_layer_norm = nn.LayerNorm(size.width)
        self.final_layer_norm = nn.LayerNorm(size.width)
        self.dropout = nn.Dropout(0.0)

    def forward(self, x: Tensor, later: Tensor, memory: Tensor, hidden: Tensor) -> Tensor:
        normal = self.self_attn_layer_norm(x)
        x = x + self.dropout(self.self_attn(normal, normal, later))
        x = x + self.dropout(self.encoder_attn(self.encoder_attn_layer_norm(x), memory, hidden))
        return x + self.dropout(super().forward(self.final_layer_norm(x)))  # type: ignore[no-any-return]


class Encoder(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(size.source_vocabulary, size.width)
        self.embed_positions = nn.Embedding(LONGEST, size.width)
        self.embed_layer_norm = nn.LayerNorm(size.width)
        self.layers = nn.ModuleList(EncoderLayer(size) for _ in range(size.encoder_layers))

    def forward(self, source: Tensor, hidden: Tensor) -> Tensor:
        x = self.embed_tokens(source) + self.embed_positions.weight[: source.shape[1]]
        x = self.embed_layer_norm(x)
        for layer in self.layers:
            x = layer(x, hidden)
        return x  # type: ignore[no-any-return]


class Decoder(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.layers = nn.ModuleList(DecoderLayer(size) for _ in range(size.decoder_layers))
        self.layer_norm = nn.LayerNorm(size.width)


class Starter(nn.Module):
    """Its parameters are named as transformers names those of M2M-100."""

    positions: Tensor

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.size = size
        self.shared = nn.Embedding(size.target_vocabulary, size.width)
        """The Japanese pieces: the decoder's input and its output head."""
        self.encoder = Encoder(size)
        self.decoder = Decoder(size)
        self.register_buffer("positions", sinusoids(LONGEST, size.width), persistent=False)
        nn.init.normal_(self.shared.weight, std=size.width**-0.5)
        nn.init.normal_(self.encoder.embed_tokens.weight, std=0.05)
        nn.init.normal_(self.encoder.embed_positions.weight, std=0.02)
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
            elif "_proj" in name or ".fc" in name:
                nn.init.xavier_uniform_(parameter)

    def drop(self, share: float) -> None:
        """Sets the dropout behind every sublayer."""
        for module in self.modules():
            if isinstance(module, nn.Dropout):
                module.p = share

    def encode(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """The source's states, and what hides its padding from who looks at them."""
        hidden = torch.where(source == BLANK, -1e4, 0.0)[:, None, None]
        return self.encoder(source, hidden), hidden

    def decode(self, memory: Tensor, hidden: Tensor, given: Tensor) -> Tensor:
        """The state behind each given token."""
        length = given.shape[1]
        later = torch.full((length, length), -1e4, device=given.device).triu(1)
        x = self.shared(given) * math.sqrt(self.size.width)
        x = x + self.positions[FIRST_POSITION : FIRST_POSITION + length]
        for layer in self.decoder.layers:
            x = layer(x, later, memory, hidden)
        return self.decoder.layer_norm(x)  # type: ignore[no-any-return]

    def forward(self, source: Tensor, given: Tensor, wanted: Tensor, smoothing: float, frozen: bool) -> Tensor:
        """The loss of a batch, mean over its target tokens. `frozen`: the encoder does not learn."""
        with torch.set_grad_enabled(not frozen and torch.is_grad_enabled()):
            memory, hidden = self.encode(source)
        states = self.decode(memory, hidden, given)
        there = wanted != PAD
        loss: Tensor = SmoothedLoss.apply(states[there], self.shared.weight, wanted[there], smoothing)
        return loss

    def logits(self, states: Tensor) -> Tensor:
        return functional.linear(states, self.shared.weight)


class SmoothedLoss(torch.autograd.Function):
    """Cross entropy of the output head with label smoothing, and its gradients, some hundred tokens at a time.

    Whole logits would be tens of megabytes that go through memory a dozen times.
    """

    ROWS = 512

    @staticmethod
    def forward(ctx: Any, states: Tensor, table: Tensor, wanted: Tensor, smoothing: float) -> Tensor:
        """Mean loss. states [n, width], table [pieces, width], wanted [n]."""
        count, pieces = len(states), len(table)
        kind = torch.bfloat16 if torch.is_autocast_enabled(states.device.type) else states.dtype
        states, head = states.to(kind), table.to(kind)
        to_states, to_table = torch.empty_like(states), torch.zeros_like(table)
        total = torch.zeros((), device=table.device)
        for start in range(0, count, SmoothedLoss.ROWS):
            part, right = states[start : start + SmoothedLoss.ROWS], wanted[start : start + SmoothedLoss.ROWS, None]
            likely = torch.log_softmax((part @ head.T).float(), 1)
            total -= (1 - smoothing) * likely.gather(1, right).sum() + smoothing / pieces * likely.sum()
            gradient = likely.exp_().sub_(smoothing / pieces)
            gradient.scatter_add_(1, right, torch.full_like(right, smoothing - 1, dtype=gradient.dtype))
            gradient = gradient.to(kind)
            to_states[start : start + SmoothedLoss.ROWS] = gradient @ head
            to_table += gradient.T @ part
        ctx.save_for_backward(to_states.div_(count), to_table.div_(count))
        return total / count

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None, None]:
        to_states, to_table = ctx.saved_tensors
        return to_states * gradients[0], to_table * gradients[0], None, None


def sinusoids(longest: int, width: int) -> Tensor:
    """M2M-100's: sines in the first half of a row, cosines in the second."""
    rates = torch.exp(torch.arange(width // 2).float() * -(math.log(10_000) / (width // 2 - 1)))
    angles = torch.arange(longest + FIRST_POSITION).float()[:, None] * rates[None]
    return torch.cat([angles.sin(), angles.cos()], dim=1)
