"""Translations that grow side by side under torch, as a beam search needs them: a State for each."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import torch

from daemon.translation.torch_network import Network
from daemon.translation.torch_state import Source, State


class Rows:
    """A row is a translation with what the decoder remembers of it. All are equally long."""

    def __init__(self, network: Network, sources: Sequence[Source]) -> None:
        self._network = network
        self._sources = [*sources]
        self._states = [self._begun(source) for source in sources]
        self._length = 0

    @torch.inference_mode()
    def read(self, tokens: Sequence[Sequence[int]]) -> None:
        """The next tokens of each row, as many for one as for another."""
        end = self._length + len(tokens[0])
        places = torch.arange(self._length, end, device=self._network.device)
        for state, new in zip(self._states, tokens, strict=True):
            self._network.step(state, state.token.new_tensor(new), places, state.window(end))
        self._length = end

    @torch.inference_mode()
    def keep(self, rows: Sequence[int]) -> None:
        """These rows in this order: none, once or several times each."""
        states = []
        for place, row in enumerate(rows):
            if row not in rows[:place]:
                states.append(self._states[row])
                continue
            copy = self._begun(self._sources[row])
            copy.own.copy_(self._states[row].own)
            copy.hidden.copy_(self._states[row].hidden)
            states.append(copy)
        self._states, self._sources = states, [self._sources[row] for row in rows]

    @torch.inference_mode()
    def best(self, row: int, count: int, banned: Collection[int] = ()) -> list[tuple[float, int]]:
        """The likeliest tokens that a row may go on with, each with the logarithm of its probability."""
        state = self._states[row]
        scores = self._network.logits(state).float().log_softmax(0)
        if banned:
            scores[torch.isin(state.ids, state.ids.new_tensor(sorted(banned)))] = -torch.inf
        found = scores.topk(count)
        return list(zip(found.values.tolist(), state.ids[found.indices].tolist(), strict=True))

    @torch.inference_mode()
    def chance(self, row: int, token: int) -> float:
        """The logarithm of the probability that a row goes on with the token; minus infinity for one it cannot say."""
        state = self._states[row]
        chances = self._network.logits(state).float().log_softmax(0)[state.ids == token]
        return float(chances.max()) if len(chances) else -math.inf

    def _begun(self, source: Source) -> State:
        state = State(self._network.weights, max(1, len(source.names)))
        state.begin(source)
        return state
