"""NLLB's network under torch: reads a sentence, and takes one step after the other in writing its translation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from daemon.translation.torch_state import ROOM, Source, State
from daemon.translation.torch_weights import ACTIVATIONS, Layer, Weights


class Network:
    """The residual stream is float32; all that reads it has the weights' own format."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.device, self.dtype = weights.table.device, weights.table.dtype
        # Apple's own attention has had masks wrong without a word (pytorch#184180, #195910).
        self.attention: Callable[..., Tensor] = (
            plain_attention if self.device.type == "mps" else functional.scaled_dot_product_attention
        )
        self._activation = ACTIVATIONS[weights.shape.activation]
        self._head = frozenset(weights.keep.tolist())
        future = torch.ones(ROOM, ROOM, dtype=torch.bool, device=self.device).triu(1)
        self._unwritten = torch.zeros(ROOM, ROOM, dtype=self.dtype, device=self.device).masked_fill(future, -torch.inf)

    @torch.inference_mode()
    def read(self, ids: Sequence[int], sayable: Sequence[int]) -> Source:
        """The source, and which pieces its translation may say beside those of the head."""
        weights, shape = self.weights, self.weights.shape
        stream = self._embed(torch.tensor(ids, device=self.device), torch.arange(len(ids), device=self.device))
        for layer in weights.encoder:
            queries, keys, values = self._own(layer, stream)
            stream = stream + layer.own_out(self._attend(queries, keys, values, None))
            stream = self._think(layer, stream)
        told = weights.source(weights.encoded(stream))
        remembered = told.view(len(ids), shape.decoder_layers, 2, shape.heads, shape.head_width).permute(1, 2, 3, 0, 4)
        names = sorted(set(sayable) - self._head)
        return Source(remembered, names, weights.table[torch.tensor(names, dtype=torch.long, device=self.device)])

    @torch.inference_mode()
    def step(self, state: State, tokens: Tensor, places: Tensor, window: int) -> None:
        """Reads these tokens and chooses the next one. Never waits for the device, so that it can be recorded."""
        weights = self.weights
        stream = self._embed(tokens, places)
        unwritten = self._unwritten.index_select(0, places)[:, :window]
        unread = state.unread[:, :window]
        for layer, (own_keys, own_values), (keys, values) in zip(weights.decoder, state.own, state.source, strict=True):
            asking, new_keys, new_values = self._own(layer, stream)
            own_keys[:, places] = new_keys
            own_values[:, places] = new_values
            seen = self._attend(asking, own_keys[:, :window], own_values[:, :window], unwritten)
            stream = stream + layer.own_out(seen)
            asking = self._heads(layer.ask(layer.before_ask(stream)))[0]
            stream = stream + layer.ask_out(self._attend(asking, keys[:, :window], values[:, :window], unread))
            stream = self._think(layer, stream)
        state.hidden.copy_(weights.decoded(stream[-1]))
        state.token.copy_(state.ids.index_select(0, self.logits(state).argmax(0, keepdim=True)))
        state.place.copy_(places[-1:] + 1)
        state.written[state.place] = state.token

    def logits(self, state: State) -> Tensor:
        """What the next token may be, in the order of the state's ids."""
        hidden = state.hidden.to(self.dtype)
        found = torch.cat([functional.linear(hidden, self.weights.head), functional.linear(hidden, state.names)])
        return found + state.bias

    def _embed(self, tokens: Tensor, places: Tensor) -> Tensor:
        rows = self.weights.table.index_select(0, tokens).float() * self.weights.shape.scale
        return rows + self.weights.positions.index_select(0, places)

    def _own(self, layer: Layer, stream: Tensor) -> Tensor:
        """Queries, keys and values."""
        return self._heads(layer.own(layer.before_own(stream)))

    def _heads(self, projected: Tensor) -> Tensor:
        """One or several projections in one: each as heads, tokens, width."""
        shape = self.weights.shape
        return projected.view(len(projected), -1, shape.heads, shape.head_width).permute(1, 2, 0, 3)

    def _attend(self, queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
        # The fast kernels take four dimensions and nothing less.
        found: Tensor = self.attention(queries[None], keys[None], values[None], attn_mask=mask)
        return found[0].transpose(0, 1).flatten(1)

    def _think(self, layer: Layer, stream: Tensor) -> Tensor:
        thought = layer.narrow(self._activation(layer.wide(layer.before_wide(stream))))
        return stream.add(thought, alpha=self.weights.shrink)


def plain_attention(queries: Tensor, keys: Tensor, values: Tensor, attn_mask: Tensor | None) -> Tensor:
    scores = torch.matmul(queries * queries.shape[-1] ** -0.5, keys.transpose(-1, -2))
    return torch.matmul((scores if attn_mask is None else scores + attn_mask).softmax(-1), values)
