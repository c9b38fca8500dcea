"""What decoding one sentence needs of memory. Its tensors keep their places, so that recorded work can be replayed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from daemon.translation.faithful import LONGEST
from daemon.translation.torch_weights import Weights

ROOM = LONGEST
"""Tokens of one sentence, on either side."""
WINDOWS = (64, ROOM)
"""How many of them a step looks at. Most sentences never leave the smaller one."""
SPARE = 1024
"""Rows beside the output head, for the names in a sentence."""


@dataclass(frozen=True)
class Source:
    """One sentence as the encoder read it."""

    remembered: Tensor
    """The decoder's cross-attention: layers, keys and values, heads, tokens, width."""
    names: list[int]
    """Pieces that the output head lacks, for the names and identifiers of this sentence."""
    rows: Tensor
    """Their rows of the embedding table, which is the untrimmed head."""


class State:
    """One sentence at a time. All that an earlier one left behind, `begin` removes."""

    def __init__(self, weights: Weights, spare: int = SPARE) -> None:
        shape, head = weights.shape, weights.head
        remembered = (shape.decoder_layers, 2, shape.heads, ROOM, shape.head_width)
        self.spare = spare
        self.own = head.new_zeros(remembered)
        """Keys and values of what is written."""
        self.source = head.new_zeros(remembered)
        """Keys and values of what is translated."""
        self.unread = head.new_zeros(1, ROOM)
        """Minus infinity where the source has ended."""
        self.names = head.new_zeros(spare, shape.width)
        self.ids = torch.cat([weights.keep, weights.keep.new_zeros(spare)])
        """What the rows of the head and of the names stand for."""
        self.bias = head.new_zeros(len(self.ids))
        """Minus infinity where a row is not to be chosen."""
        self.token = self.ids.new_zeros(1)
        """The last one, and where in `written` it stands."""
        self.place = self.ids.new_zeros(1)
        self.written = self.ids.new_zeros(ROOM + 1)
        self.hidden = torch.zeros(shape.width, device=head.device)
        """The decoder's last state."""
        self.recorded: dict[int, torch.cuda.CUDAGraph] = {}
        """Window -> a step that can be replayed."""
        self._unbanned = self.bias.clone()
        self._length = 0
        self._head = len(weights.head)
        self._on_cuda = head.device.type == "cuda"
        self._fetched = torch.zeros(ROOM + 1, dtype=torch.long, pin_memory=self._on_cuda)

    @torch.inference_mode()
    def begin(self, source: Source) -> None:
        self._length = source.remembered.shape[3]
        self.own.zero_()
        self.source.zero_()
        self.source[:, :, :, : self._length] = source.remembered
        self.unread.fill_(-torch.inf)
        self.unread[:, : self._length] = 0.0
        end = self._head + len(source.names)
        self.names[: len(source.names)] = source.rows
        self.ids[self._head : end] = self.ids.new_tensor(source.names)
        self._unbanned.zero_()
        self._unbanned[end:] = -torch.inf
        self.bias.copy_(self._unbanned)

    def window(self, places: int) -> int:
        """The smallest that holds so many tokens, and the source."""
        return next(size for size in WINDOWS if size >= max(places, self._length))

    @torch.inference_mode()
    def forbid(self, tokens: Collection[int]) -> None:
        """These for the next choice, and none of those before."""
        banned = torch.isin(self.ids, self.ids.new_tensor(sorted(tokens)))
        self.bias.copy_(self._unbanned.masked_fill(banned, -torch.inf))

    @torch.inference_mode()
    def fetch(self, start: int, end: int) -> Callable[[], Sequence[int]]:
        """These of the written tokens, for whoever waits until they are there."""
        if not self._on_cuda:
            return self.written[start:end].tolist
        self._fetched[start:end].copy_(self.written[start:end], non_blocking=True)
        # A thread that waits by spinning takes the processor from the voice.
        copied = torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]
        copied.record()

        def wait() -> Sequence[int]:
            copied.synchronize()
            return self._fetched[start:end].tolist()

        return wait
