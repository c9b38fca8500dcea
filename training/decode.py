"""Translation with a model in training."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

import torch

from daemon.translation.placeholders import Protected, Unfaithful, protect
from training.model import Starter
from training.pieces import BLANK, END, PAD, Vocabulary

BATCH = 64
LONGEST = 200


class Output(NamedTuple):
    text: str
    complaint: str | None
    """What became of the placeholders where they did not all survive; the text then lacks some."""


def translate(
    model: Starter, vocabulary: Vocabulary, names: Collection[str], sentences: list[str], beam: int = 1
) -> list[Output]:
    """The Japanese of each sentence; of several hypotheses the likeliest one that keeps every placeholder."""
    protected = [protect(sentence, names) for sentence in sentences]
    sources = vocabulary.sources([one.text for one in protected])
    outputs: dict[int, Output] = {}
    order = sorted(range(len(sentences)), key=lambda n: len(sources[n]))
    for start in range(0, len(order), BATCH):
        part = order[start : start + BATCH]
        for n, hypotheses in zip(part, _search(model, [sources[n] for n in part], beam), strict=True):
            outputs[n] = _best(protected[n], [vocabulary.text(ids) for ids in hypotheses])
    return [outputs[n] for n in range(len(sentences))]


def _best(source: Protected, hypotheses: list[str]) -> Output:
    complaint = None
    for text in hypotheses:
        try:
            return Output(source.restore(text), None)
        except Unfaithful as error:
            complaint = complaint or str(error)
    return Output(source.salvage(hypotheses[0]), complaint)


@torch.inference_mode()
def _search(model: Starter, sources: list[list[int]], beam: int) -> Iterator[list[list[int]]]:
    """For each source its hypotheses, the best first. Scores are means over the tokens."""
    device = model.shared.weight.device
    width = max(map(len, sources))
    source = torch.tensor([ids + [BLANK] * (width - len(ids)) for ids in sources], device=device)
    memory, hidden = (part.repeat_interleave(beam, 0) for part in model.encode(source))
    written = torch.full((len(sources) * beam, 1), END, device=device)
    # At first all hypotheses of a source are the same one: only one of them counts.
    scores = torch.full((len(sources), beam), -torch.inf, device=device)
    scores[:, 0] = 0
    ended = torch.zeros(len(sources) * beam, dtype=torch.bool, device=device)
    first = torch.arange(len(sources), device=device)[:, None] * beam
    for _ in range(min(LONGEST, 2 * width + 10)):
        states = model.decode(memory, hidden, written)
        nexts = model.logits(states[:, -1]).float().log_softmax(-1)
        nexts[ended] = -torch.inf
        nexts[ended, PAD] = 0
        total = (scores.flatten()[:, None] + nexts).view(len(sources), -1)
        scores, flat = total.topk(beam)
        parent = (first + flat // nexts.shape[1]).flatten()
        token = (flat % nexts.shape[1]).flatten()
        written = torch.cat([written[parent], token[:, None]], 1)
        ended = ended[parent] | (token == END)
        if ended.all():
            break
    lengths = (written[:, 1:] != PAD).sum(1).view(len(sources), beam)
    ranks = (scores / lengths).argsort(1, descending=True)
    rows = written[:, 1:].view(len(sources), beam, -1)
    for number in range(len(sources)):
        yield [rows[number, rank].tolist() for rank in ranks[number].tolist()]
