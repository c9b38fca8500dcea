"""An NLLB model under torch: ids in, ids out, chosen on the device and fetched a few at a time."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt
import torch

from daemon.translation import devices, torch_weights
from daemon.translation.checkpoint import Checkpoint
from daemon.translation.decoding import repeating
from daemon.translation.tokens import END, UNKNOWN
from daemon.translation.torch_network import Network
from daemon.translation.torch_rows import Rows
from daemon.translation.torch_state import ROOM, WINDOWS, Source, State
from daemon.translation.torch_weights import Weights
from tts_plugin.errors import ModelError

BLOCK = 4
"""Tokens that a graphics card writes for one question whether they are there."""
_TOLERANCE = 0.1
"""How far two ways to compute the same state may part. Rounding to 16 bits makes about a hundredth."""

log = logging.getLogger(__name__)


def open_model(folder: Path, keep: npt.NDArray[Any], device: torch.device) -> TorchModel:
    """The checkpoint on the device, with `keep` as the ids of its output head. ModelError where it is no such model.

    In 16 bits where the device is good at them and the model's numbers survive it, else in 32.
    """
    checkpoint = Checkpoint(folder)
    # Sums over thousands of products, in 16 bits, are no sums any more.
    torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction = False
    for dtype in dict.fromkeys((devices.choose_dtype(device), torch.float32)):
        model = TorchModel(torch_weights.read(checkpoint, keep, ROOM, dtype, device))
        if model.works():
            return model
        log.warning("The model in %s does not compute in %s on %s", folder, dtype, device)
        del model
    raise ModelError(f"The model computes no numbers on {device}; the checkpoint is damaged, or the device's driver")


class TorchModel:
    """Threads may share it: what belongs to a sentence is in a State of its own."""

    def __init__(self, weights: Weights) -> None:
        self.network = Network(weights)
        self.weights, self.device, self.dtype = weights, self.network.device, self.network.dtype
        # Asking a processor costs nothing, and what it writes after the end of the sentence costs much.
        self.block = 1 if self.device.type == "cpu" else BLOCK
        # On CUDA the next tokens are under way while it is seen whether the sentence has ended.
        self.ahead = 2 if self.device.type == "cuda" else 1
        self._home = State(weights)
        self._idle = [self._home]
        if self.device.type == "cuda":
            self._record(self._home)

    def read(self, ids: Sequence[int], sayable: Sequence[int]) -> Source:
        """The source, and which pieces its translation may say beside those of the head."""
        return self.network.read(ids, sayable)

    def write(self, source: Source, begun: Sequence[int], no_repeat: int = 0) -> Iterator[int]:
        """The likeliest token after those that are there, and so on while there is room: who has enough stops asking.

        `no_repeat` n: no n tokens in a row come twice.
        """
        try:
            state = self._idle.pop()
        except IndexError:  # another sentence is being written
            state = State(self.weights)
        if len(source.names) > state.spare:
            self._give_back(state)
            state = State(self.weights, len(source.names))
        try:
            yield from self._write(state, source, [*begun], no_repeat)
        finally:
            self._give_back(state)

    def rows(self, sources: Sequence[Source]) -> Rows:
        """A translation of each, of which nothing is written yet."""
        return Rows(self.network, sources)

    def works(self) -> bool:
        """Whether it computes numbers, and step by step the same ones as at once. Sets up memory and kernels, too."""
        source = self.network.read([*range(UNKNOWN + 1, UNKNOWN + 17), END], ())
        if self._steps_agree(source):
            return True
        if not self._home.recorded:
            return False
        log.warning("Recorded steps compute something else on %s; decoding goes on without them", self.device)
        self._home.recorded.clear()
        return self._steps_agree(source)

    def _write(self, state: State, source: Source, begun: list[int], no_repeat: int) -> Iterator[int]:
        state.begin(source)
        block, ahead = (1, 1) if no_repeat else (self.block, self.ahead)
        written = [*begun]
        waiting: deque[Callable[[], Sequence[int]]] = deque()
        for first in range(len(begun), ROOM + 1, block):
            end = min(first + block, ROOM + 1)
            for place in range(first, end):
                if no_repeat:
                    state.forbid(repeating(written, no_repeat))
                if place == len(begun):
                    self._begin(state, begun)
                else:
                    self._go_on(state, state.window(place))
            waiting.append(state.fetch(first, end))
            if len(waiting) == ahead:
                tokens = waiting.popleft()()
                written += tokens
                yield from tokens
        for fetched in waiting:
            yield from fetched()

    def _begin(self, state: State, begun: Sequence[int]) -> None:
        tokens, places = state.token.new_tensor(begun), torch.arange(len(begun), device=self.device)
        self.network.step(state, tokens, places, state.window(len(begun)))

    def _go_on(self, state: State, window: int) -> None:
        if (recorded := state.recorded.get(window)) is not None:
            recorded.replay()
        else:
            self.network.step(state, state.token, state.place, window)

    def _steps_agree(self, source: Source) -> bool:
        state = self._home
        state.begin(source)
        self._begin(state, [END])
        for window in (*WINDOWS, *WINDOWS):
            self._go_on(state, window)
        by_steps = state.hidden.clone()
        written = [END, *state.fetch(1, 1 + 2 * len(WINDOWS))()]
        state.begin(source)
        self._begin(state, written)
        apart = (by_steps - state.hidden).norm() / state.hidden.norm()
        return bool(apart < _TOLERANCE)

    @torch.inference_mode()
    def _record(self, state: State) -> None:
        """A step is some hundred small kernels, and to launch one by one would take longer than they do."""
        try:
            aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
            aside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(aside):  # libraries set themselves up, which must not be part of the recording
                for window in (*WINDOWS, *WINDOWS):
                    self.network.step(state, state.token, state.place, window)
            torch.cuda.current_stream().wait_stream(aside)
            for window in WINDOWS:
                graph = torch.cuda.CUDAGraph()
                with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                    self.network.step(state, state.token, state.place, window)
                state.recorded[window] = graph
        except RuntimeError as error:
            state.recorded.clear()
            log.warning("Steps cannot be recorded on %s (%s); decoding goes on without", self.device, error)

    def _give_back(self, state: State) -> None:
        if state is self._home:
            self._idle.append(state)
