"""Trains the starter model for so many minutes: `python -m training.train --phase base --minutes 60`.

Goes on where the last call stopped. Without that machine's state.pt it goes on from the small checkpoint of
--from, with a fresh optimizer and a short warm-up; without that one too, from the pretrained encoder.
"""

from __future__ import annotations

import argparse
import itertools
import math
import multiprocessing
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from training import batches, checkpoint, pretrained
from training.model import Starter
from training.pieces import Vocabulary
from training.prepare import RUN


@dataclass(frozen=True)
class Phase:
    """How much of each tier an epoch has (style, agent, human, vendor, machine), and how fast is learned."""

    weights: tuple[float, float, float, float, float]
    far: float
    """Times that, of the pairs that are not like our own."""
    rate: float
    encoder: float
    """The encoder's rate as a share of it; 0: it stays as it is, which saves half of the time."""
    last: float
    """The rate at the end, as a share of the highest."""
    warm_up: int
    average: int
    """Steps over which the averaged weights look back."""
    dropout: float
    longest: int
    """Tokens of a side; longer pairs are left out."""


PHASES = {
    # The decoder learns to look at what the pretrained encoder says, and to speak Japanese.
    "decoder": Phase((4.0, 2.0, 1.0, 0.5, 0.2), 0.2, 1.5e-3, 0.0, 0.5, 100, 200, 0.0, 40),
    "base": Phase((3.0, 2.0, 1.0, 0.5, 0.2), 0.2, 8.0e-4, 0.1, 0.25, 50, 400, 0.0, 64),
    "style": Phase((4.0, 1.0, 0.4, 0.2, 0.0), 0.0, 6.0e-4, 0.15, 0.05, 50, 200, 0.1, 64),
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
        """Warm-up after `begun_at`, and a cosine over the whole phase."""
        high = self._phase.rate * min(1.0, (self.step - begun_at + 1) / self._phase.warm_up)
        low = self._phase.last
        return high * (low + (1 - low) * (1 + math.cos(math.pi * self.share())) / 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--run", type=Path, default=RUN, help="directory of this training")
    parser.add_argument("--out", type=Path, help="directory for the small checkpoint; the run's own unless given")
    parser.add_argument("--from", dest="begin", type=Path, help="small checkpoint to begin from where no state is here")
    parser.add_argument("--encoder", type=Path, help="directory of the pretrained encoder; the package's unless given")
    parser.add_argument("--decoder-layers", type=int, default=3)
    parser.add_argument("--phase", choices=PHASES, default="base")
    parser.add_argument("--minutes", type=float, default=9.0, help="how long this call trains")
    parser.add_argument(
        "--of", type=float, help="minutes of the whole phase, over all calls; those of this call unless given"
    )
    parser.add_argument(
        "--steps", type=int, help="stop the phase after so many steps; then the minutes only limit the call"
    )
    parser.add_argument("--cells", type=int, default=4096, help="tokens of one side of a batch, padding counted in")
    parser.add_argument("--rate", type=float, help="another highest learning rate")
    parser.add_argument("--save-minutes", type=float, default=5.0, help="between two checkpoints")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--single", action="store_true", help="single precision, where bf16 is slower")
    parser.add_argument(
        "--processes", type=int, default=1, help="on a processor: one a core, that change the same weights unasked"
    )
    parser.add_argument("--seed", type=int, default=1)
    train(parser.parse_args())


def train(options: argparse.Namespace) -> None:
    started = time.monotonic()
    device = torch.device(options.device)
    run: Path = options.run
    torch.manual_seed(options.seed)
    torch.set_flush_denormal(True)  # numbers next to nothing take a processor ten times as long
    if options.processes > 1:
        torch.set_num_threads(1)
    phase = PHASES[options.phase]
    phase = replace(phase, rate=options.rate or phase.rate)
    vocabulary = Vocabulary(run)
    data = batches.read(run)
    model, average, optimizer, place = _begin(options, phase, vocabulary, device)
    model.train()
    model.drop(phase.dropout)
    progress = Progress(phase, options.of or options.minutes, options.steps, place["seconds"], place["step"])
    relabel = batches.Relabel([vocabulary.codes, vocabulary.numbers])
    learner = Learner(options, phase, model, data, relabel)
    parameters = list(model.parameters())
    averaged = list(average.values())
    log = (run / "train.log").open("a", encoding="utf-8")

    def say(line: str) -> None:
        print(line, flush=True)
        log.write(line + "\n")
        log.flush()

    def save() -> None:
        facts = {"phase": options.phase, "step": progress.step, "epoch": place["epoch"]}
        state = {
            **place,
            "phase": options.phase,
            "step": progress.step,
            "seconds": progress.seconds,
            "model": model.state_dict(),
            "average": average,
            "optimizer": optimizer.state_dict(),
        }
        checkpoint.save_whole(run, state)
        checkpoint.save_small(options.out or run / "checkpoint", average, model.size, facts)

    say(
        f"{options.phase}: {sum(p.numel() for p in parameters):,} weights, {len(data):,} pairs, {device}; "
        f"from step {progress.step}, epoch {place['epoch']}"
    )
    helpers = Helpers(learner)
    total, tokens, shown = torch.zeros((), device=device), 0, 0
    last_shown = last_saved = clock = time.monotonic()
    deadline = started + 60 * options.minutes
    begun_at, skip = progress.step, place["batch"] + 1
    for batch in learner.endless(place, skip):
        helpers.rate.value = rate = progress.rate(begun_at)
        total += learner.step(optimizer, batch, rate)
        progress.step += 1
        # Early on, the average looks back at the last quarter of the steps only: the first weights are worth nothing.
        with torch.no_grad():
            weight = max(1 / phase.average, min(1.0, 4 / (progress.step - begun_at)))
            torch._foreach_lerp_(averaged, [p.detach() for p in parameters], weight)
        tokens, shown = tokens + batch.tokens, shown + 1
        now = time.monotonic()
        progress.seconds += min(now - clock, 30)  # a machine that slept did not train
        clock = now
        done = progress.share() >= 1 or now >= deadline
        if done or now - last_shown > 30:
            mean, helped = total.item() / shown, helpers.taken()
            say(
                f"step {progress.step} epoch {place['epoch']} loss {mean:.4f} rate {rate:.2e} "
                f"{(tokens + helped) / (now - last_shown):,.0f} target tokens/s, "
                f"{100 * progress.share():.0f}% of the phase"
            )
            if not math.isfinite(mean):
                raise ArithmeticError(
                    "The loss is no number any more. Begin from the last checkpoint, at a lower --rate."
                )
            total.zero_()
            tokens = shown = 0
            last_shown = now
        if done:
            helpers.stop()
        if done or now - last_saved > 60 * options.save_minutes:
            save()
            last_saved = clock = time.monotonic()  # saving is not training
        if done:
            break
    say(f"saved after {time.monotonic() - started:.0f} s")


@dataclass(frozen=True)
class Learner:
    """What each process that learns has: the model, and where its batches come from."""

    options: argparse.Namespace
    phase: Phase
    model: Starter
    data: batches.Data
    relabel: batches.Relabel

    def endless(self, place: dict[str, Any], skip: int) -> Iterator[batches.Batch]:
        """Of one epoch after the other, from behind the place where the last call stopped; notes the place."""
        for epoch in itertools.count(int(place["epoch"])):
            seed = 1000 * self.options.seed + epoch
            phase, cells = self.phase, self.options.cells
            made = batches.epoch(self.data, phase.weights, phase.far, cells, phase.longest, seed, self.relabel)
            for number, batch in enumerate(made):
                if number >= skip:
                    place |= {"epoch": epoch, "batch": number}
                    yield batch
            skip = 0

    def step(self, optimizer: torch.optim.AdamW, batch: batches.Batch, rate: float) -> Tensor:
        """One step down; the loss before it."""
        for group in optimizer.param_groups:
            group["lr"] = rate * group["share"]
        device = torch.device(self.options.device)
        source, given, wanted = (torch.from_numpy(array).to(device) for array in batch)
        with torch.autocast(device.type, torch.bfloat16, enabled=not self.options.single):
            loss: Tensor = self.model(source, given, wanted, 0.1, self.phase.encoder == 0)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return loss.detach()


class Helpers:
    """Further processes that learn from batches of their own and change the same weights, without locks (Hogwild).

    On a processor that others use too, one thread a process loses less than threads that wait for one another.
    """

    def __init__(self, learner: Learner) -> None:
        context = multiprocessing.get_context("fork")
        self.rate = context.Value("d", 0.0, lock=False)
        self._tokens = context.Value("q", 0)
        self._stopped = context.Event()
        numbers = range(1, learner.options.processes)
        if numbers:
            learner.model.share_memory()
        self._processes = [
            context.Process(target=self._help, args=(learner, number), daemon=True) for number in numbers
        ]
        for process in self._processes:
            process.start()

    def taken(self) -> int:
        """Target tokens since it was asked last."""
        with self._tokens.get_lock():
            tokens, self._tokens.value = self._tokens.value, 0
        return int(tokens)

    def stop(self) -> None:
        self._stopped.set()
        for process in self._processes:
            process.join(60)

    def _help(self, learner: Learner, number: int) -> None:
        torch.manual_seed(learner.options.seed + number)
        optimizer = _optimizer(learner.model, learner.phase)
        place = {"epoch": int(time.time()), "batch": -1}  # an order that no call saw
        for batch in learner.endless(place, 0):
            if self._stopped.is_set():
                return
            learner.step(optimizer, batch, self.rate.value)
            with self._tokens.get_lock():
                self._tokens.value += batch.tokens


def _optimizer(model: Starter, phase: Phase) -> torch.optim.AdamW:
    """Each group has its share of the phase's rate."""
    groups = []
    for of_encoder, share in ((False, 1.0), (True, phase.encoder)):
        mine = [p for name, p in model.named_parameters() if name.startswith("encoder.") == of_encoder]
        for decay in (True, False):
            chosen = [p for p in mine if (p.dim() > 1) == decay]
            groups.append({"params": chosen, "share": share, "weight_decay": 0.01 if decay and share else 0.0})
    return torch.optim.AdamW(groups, betas=(0.9, 0.98), eps=1e-8, fused=True)


def _begin(
    options: argparse.Namespace, phase: Phase, vocabulary: Vocabulary, device: torch.device
) -> tuple[Starter, dict[str, Tensor], torch.optim.AdamW, dict[str, Any]]:
    """Model, averaged weights, optimizer and place in the data: of this machine's state, a small checkpoint, or new."""
    state = checkpoint.load_whole(options.run, device)
    place: dict[str, Any] = {"epoch": 0, "batch": -1, "step": 0, "seconds": 0.0}
    same_phase = state is not None and state["phase"] == options.phase
    if options.begin is not None or state is not None:
        size, weights, facts = checkpoint.load_small(options.begin or options.run / "checkpoint")
        model = Starter(size)
        model.load_state_dict(weights if state is None else state["model" if same_phase else "average"])
        # The data begins anew, at an epoch whose order was not seen yet.
        place |= {"epoch": facts["epoch"] + 1}
    else:
        encoder = options.encoder or pretrained.folder()
        size = replace(pretrained.size(encoder, vocabulary.target_size), decoder_layers=options.decoder_layers)
        model = Starter(size)
        pretrained.load(model, encoder)
    model.to(device)
    optimizer = _optimizer(model, phase)
    average = {name: p.detach().clone() for name, p in model.named_parameters()}
    if state is not None and same_phase:
        optimizer.load_state_dict(state["optimizer"])
        average = {name: tensor.clone() for name, tensor in state["average"].items()}
        place = {key: state[key] for key in place}
    return model, average, optimizer, place


if __name__ == "__main__":
    main()
