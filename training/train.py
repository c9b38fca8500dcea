"""Trains the starter model for so many minutes: `python -m training.train --phase base --minutes 9 --of 18`.

Goes on where the last call stopped. Without that machine's state.pt it goes on from the small checkpoint of
--from, with a fresh optimizer and a short warm-up.
"""

from __future__ import annotations

import argparse
import itertools
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset

from training import checkpoint, packed
from training.model import Size, Starter
from training.pieces import Vocabulary
from training.prepare import RUN

SIZES = {
    "starter": Size(),
    "small": Size(width=384, inner=1536, heads=6),
    "tiny": Size(width=64, inner=128, heads=4, encoder_layers=2, decoder_layers=1, dropout=0.0),
}


@dataclass(frozen=True)
class Phase:
    """How much of each tier an epoch has (style, agent, human, vendor, machine), and how fast is learned."""

    weights: tuple[float, float, float, float, float]
    rate: float
    last: float
    """The rate at the end, as a share of the highest."""
    warm_up: int
    average: int
    """Steps over which the averaged weights look back."""


PHASES = {
    "base": Phase((2.0, 2.0, 1.0, 1.0, 0.35), 1.2e-3, 0.08, 1500, 1500),
    "style": Phase((24.0, 1.5, 0.15, 0.05, 0.0), 1.2e-4, 0.1, 100, 300),
}


class Progress:
    """How far the phase is: by minutes, or by steps where those are given. It sets the learning rate."""

    def __init__(self, phase: Phase, minutes: float, steps: int | None, seconds: float, step: int) -> None:
        self._phase, self._minutes, self._steps = phase, minutes, steps
        self.seconds, self.step = seconds, step

    def share(self) -> float:
        done = self.step / self._steps if self._steps else self.seconds / 60 / self._minutes
        return min(1.0, done)

    def rate(self, begun_at: int) -> float:
        """Warm-up after `begun_at`, a short one in the middle of a phase; and a cosine over the whole phase."""
        warm_up = min(self._phase.warm_up, 200) if begun_at else self._phase.warm_up
        high = self._phase.rate * min(1.0, (self.step - begun_at + 1) / warm_up)
        low = self._phase.last
        return high * (low + (1 - low) * (1 + math.cos(math.pi * self.share())) / 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--run", type=Path, default=RUN, help="directory of this training")
    parser.add_argument("--out", type=Path, help="directory for the small checkpoint; the run's own unless given")
    parser.add_argument("--from", dest="begin", type=Path, help="small checkpoint to begin from where no state is here")
    parser.add_argument("--phase", choices=PHASES, default="base")
    parser.add_argument("--size", choices=SIZES, default="starter")
    parser.add_argument("--minutes", type=float, default=9.0, help="how long this call trains")
    parser.add_argument(
        "--of", type=float, help="minutes of the whole phase, over all calls; those of this call unless given"
    )
    parser.add_argument(
        "--steps", type=int, help="stop the phase after so many steps; then the minutes only limit the call"
    )
    parser.add_argument("--rows", type=int, default=128, help="rows of a batch")
    parser.add_argument("--width", type=int, default=256, help="tokens of a row, on each side")
    parser.add_argument("--rate", type=float, help="another highest learning rate")
    parser.add_argument("--warm-up", type=int, help="another number of steps until the rate is at its highest")
    parser.add_argument("--save-minutes", type=float, default=3.0, help="between two checkpoints")
    parser.add_argument("--compile", action="store_true", help="let torch.compile try; without it where that fails")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--seed", type=int, default=1)
    train(parser.parse_args())


def train(options: argparse.Namespace) -> None:
    started = time.monotonic()
    device = torch.device(options.device)
    run: Path = options.run
    out: Path = options.out or run / "checkpoint"
    torch.manual_seed(options.seed)
    torch.set_float32_matmul_precision("high")
    phase = PHASES[options.phase]
    phase = replace(phase, rate=options.rate or phase.rate, warm_up=options.warm_up or phase.warm_up)
    vocabulary = Vocabulary(run)
    data = packed.read(run)
    model, average, optimizer, place = _begin(options, vocabulary, device)
    progress = Progress(phase, options.of or options.minutes, options.steps, place["seconds"], place["step"])
    relabel = packed.Relabel([vocabulary.codes, vocabulary.numbers])
    batches = Batches(data, phase, options, relabel)
    batches.epoch, batches.skip = place["epoch"], place["batch"] + 1
    # In a process of its own: a thread would take the interpreter's lock from the one that feeds the GPU.
    loader = DataLoader(
        batches, batch_size=None, num_workers=1, prefetch_factor=8, pin_memory=device.type == "cuda", timeout=300
    )
    loss_of: Any = _compiled(model, options.compile)
    parameters = list(model.parameters())
    averaged = list(average.values())
    log = (run / "train.log").open("a", encoding="utf-8")
    say = _Say(log)
    count = sum(p.numel() for p in parameters)
    say(
        f"{options.phase}: {count:,} weights, {len(data):,} pairs, {device}; "
        f"from step {progress.step}, epoch {place['epoch']}"
    )
    model.train()
    begun_at = place["warm_from"]
    total = torch.zeros((), device=device)
    tokens = shown = 0
    last_shown = last_saved = clock = time.monotonic()
    deadline = started + 60 * options.minutes
    for place["epoch"], place["batch"], made, target_tokens in loader:
        batch = [tensor.to(device, non_blocking=True) for tensor in made]
        for group in optimizer.param_groups:
            group["lr"] = progress.rate(begun_at)
        try:
            loss = _step(loss_of, model, optimizer, parameters, batch, device)
        except Exception as error:  # a compiler may fail in any way, and there is a way without it
            if loss_of is model or progress.step > place["step"]:
                raise
            say(f"torch.compile failed, going on without: {str(error).splitlines()[0]}")
            torch._dynamo.reset()
            loss_of = model
            loss = _step(loss_of, model, optimizer, parameters, batch, device)
        progress.step += 1
        # Early on, the average looks back at the last quarter of the steps only: the first weights are worth nothing.
        weight = max(1 / phase.average, min(1.0, 4 / (progress.step - begun_at)))
        with torch.no_grad():
            torch._foreach_lerp_(averaged, [p.detach() for p in parameters], weight)
        total += loss
        tokens, shown = tokens + target_tokens, shown + 1
        now = time.monotonic()
        progress.seconds += now - clock
        clock = now
        done = progress.share() >= 1 or now >= deadline
        if done or now - last_shown > 15:
            mean, since = total.item() / shown, time.monotonic() - last_shown
            rate = optimizer.param_groups[0]["lr"]
            say(
                f"step {progress.step} epoch {place['epoch']} loss {mean:.4f} rate {rate:.2e} "
                f"{tokens / since:,.0f} target tokens/s, {100 * progress.share():.0f}% of the phase"
            )
            if not math.isfinite(mean):
                raise ArithmeticError(
                    "The loss is no number any more. Begin from the last checkpoint, at a lower --rate."
                )
            total.zero_()
            tokens = shown = 0
            last_shown = now
        if done or now - last_saved > 60 * options.save_minutes:
            facts = {"phase": options.phase, "step": progress.step, "epoch": place["epoch"], "loss": round(mean, 4)}
            state = {
                **{key: place[key] for key in ("epoch", "batch", "warm_from")},
                "phase": options.phase,
                "step": progress.step,
                "seconds": progress.seconds,
                "model": model.state_dict(),
                "average": average,
                "optimizer": optimizer.state_dict(),
            }
            checkpoint.save_whole(run, state)
            checkpoint.save_small(out, average, model.size, facts)
            last_saved = clock = time.monotonic()  # saving is not training
        if done:
            break
    say(f"saved in {out} after {time.monotonic() - started:.0f} s")


class _Say:
    def __init__(self, log: Any) -> None:
        self._log = log

    def __call__(self, line: str) -> None:
        print(line, flush=True)
        self._log.write(line + "\n")
        self._log.flush()


def _begin(
    options: argparse.Namespace, vocabulary: Vocabulary, device: torch.device
) -> tuple[Starter, dict[str, Tensor], torch.optim.AdamW, dict[str, Any]]:
    """Model, averaged weights, optimizer and place in the data: of this machine's state, a small checkpoint, or new."""
    size = replace(SIZES[options.size], vocabulary=vocabulary.size)
    weights: dict[str, Tensor] | None = None
    state = checkpoint.load_whole(options.run, device)
    place: dict[str, Any] = {"epoch": 0, "batch": -1, "step": 0, "seconds": 0.0, "warm_from": 0}
    if state is None and options.begin is not None:
        size, weights, facts = checkpoint.load_small(options.begin)
        if facts["phase"] == options.phase:
            # The data begins anew, at an epoch whose order was not seen yet.
            place |= {"epoch": facts["epoch"] + 1, "step": facts["step"], "warm_from": facts["step"]}
    model = Starter(size).to(device)
    if weights is not None:
        model.load_state_dict(weights)
    decayed = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}],
        betas=(0.9, 0.98),
        eps=1e-9,
        fused=device.type == "cuda",
    )
    average = {name: p.detach().clone() for name, p in model.named_parameters()}
    if state is not None:
        same_phase = state["phase"] == options.phase
        model.load_state_dict(state["model"] if same_phase else state["average"])
        for name, tensor in average.items():
            tensor.copy_(state["average"][name])
        if same_phase:
            optimizer.load_state_dict(state["optimizer"])
            place = {key: state[key] for key in place}
    return model, average, optimizer, place


class Batches(IterableDataset[Any]):
    """Epoch, number, tensors and target tokens of each batch, from behind the place where the last call stopped."""

    def __init__(self, data: packed.Data, phase: Phase, options: argparse.Namespace, relabel: packed.Relabel) -> None:
        self._data, self._weights, self._relabel = data, phase.weights, relabel
        self._rows, self._width, self._seed = options.rows, options.width, options.seed
        self.epoch, self.skip = 0, 0

    def __iter__(self) -> Iterator[tuple[int, int, list[Tensor], int]]:
        skip = self.skip
        for epoch in itertools.count(self.epoch):
            number = -1
            seed = 1000 * self._seed + epoch
            batches = packed.epoch(self._data, self._weights, self._rows, self._width, seed, self._relabel)
            for number, batch in enumerate(batches):
                if number >= skip:
                    yield epoch, number, [torch.from_numpy(array) for array in batch], batch.tokens
            if number < 0:
                raise ValueError(f"The data does not fill one batch of {self._rows} rows. Give fewer --rows.")
            skip = 0


def _step(
    loss_of: Any,
    model: Starter,
    optimizer: torch.optim.AdamW,
    parameters: list[nn.Parameter],
    batch: list[Tensor],
    device: torch.device,
) -> Tensor:
    with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
        loss: Tensor = loss_of(*batch)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return loss.detach()


def _compiled(model: Starter, wanted: bool) -> Any:
    return torch.compile(model) if wanted else model


if __name__ == "__main__":
    main()
