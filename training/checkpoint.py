"""The state of a training on the disk: whole, to go on from on the same machine, and small, to carry away.

python -m training.checkpoint SMALL COARSE     # a smaller copy still, good enough to go on training from
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from training.model import Size, Starter

WHOLE = "state.pt"
SMALL, FACTS = "weights-{:02}.npz", "weights.json"
PIECE = 9_500_000
"""Weights in one file: at most 14 MB, whatever their values."""


def save_whole(folder: Path, state: dict[str, Any]) -> None:
    unfinished = folder / f"{WHOLE}.part"
    torch.save(state, unfinished)
    unfinished.rename(folder / WHOLE)


def load_whole(folder: Path, device: torch.device) -> dict[str, Any] | None:
    file = folder / WHOLE
    return torch.load(file, map_location=device, weights_only=True) if file.is_file() else None


def save_small(
    folder: Path, weights: dict[str, Tensor], size: Size, facts: dict[str, Any], coarse: bool = False
) -> None:
    """bf16, its two bytes apart: the upper ones hold little and compress well. 36 million weights take 50 MB.

    `coarse`: with four bits behind the point instead of seven, in 36 MB.
    """
    folder.mkdir(parents=True, exist_ok=True)
    whole = torch.cat([tensor.detach().to("cpu", torch.bfloat16).flatten() for tensor in weights.values()])
    bits = whole.view(torch.int16).numpy().view(np.uint16)
    if coarse:
        bits = (np.minimum(bits.astype(np.uint32) + 4, 0xFFFF) & 0xFFF8).astype(np.uint16)
    for old in folder.glob(SMALL.format(0).replace("00", "*")):
        old.unlink()
    for number, start in enumerate(range(0, len(bits), PIECE)):
        part = bits[start : start + PIECE]
        np.savez_compressed(
            folder / SMALL.format(number), upper=(part >> 8).astype(np.uint8), lower=part.astype(np.uint8)
        )
    shapes = {name: list(tensor.shape) for name, tensor in weights.items()}
    text = json.dumps({"size": asdict(size), "shapes": shapes, **facts}, indent=1)
    (folder / FACTS).write_text(text + "\n", encoding="utf-8")


def load_small(folder: Path) -> tuple[Size, dict[str, Tensor], dict[str, Any]]:
    facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    parts = []
    for file in sorted(folder.glob(SMALL.format(0).replace("00", "??"))):
        with np.load(file) as piece:
            parts.append(piece["upper"].astype(np.uint16) << 8 | piece["lower"])
    whole = torch.from_numpy(np.concatenate(parts).view(np.int16)).view(torch.bfloat16).float()
    weights, at = {}, 0
    for name, shape in facts.pop("shapes").items():
        count = int(np.prod(shape))
        weights[name] = whole[at : at + count].reshape(shape)
        at += count
    if at != len(whole):
        raise ValueError(
            f"{folder}: {len(whole):,} weights where {at:,} are described. A piece is missing or of another run."
        )
    return Size(**facts.pop("size")), weights, facts


def load_model(folder: Path, device: torch.device | str = "cpu") -> Starter:
    size, weights, _ = load_small(folder)
    model = Starter(size)
    model.load_state_dict(weights)
    return model.eval().to(device)


def main() -> None:
    small, coarse = map(Path, sys.argv[1:])
    size, weights, facts = load_small(small)
    save_small(coarse, weights, size, facts, coarse=True)


if __name__ == "__main__":
    main()
