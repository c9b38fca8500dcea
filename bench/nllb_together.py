"""Times the sentences of a long message with NLLB-600M's shape: one after the other, and in groups of 2, 4 and 8.

    python bench/nllb_together.py [--rounds 5] [--keep FOLDER] [--json]

Random weights, so each translation is cut at a length of its own, a quarter longer than its source. The ways take
turns.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
LENGTHS = (9, 22, 14, 31, 18, 12, 25, 16, 20, 11, 28, 15, 19, 24, 13, 17)
"""Tokens of each sentence."""
GROUPS = (1, 2, 4, 8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="turns that each of them takes (5)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="make the checkpoint there, or use the one there")
    parser.add_argument("--json", action="store_true", help="for programs")
    options = parser.parse_args()
    from bench.measuring import nllb_shape

    with nllb_shape(options.keep) as folder:
        found = measure(folder, options.rounds)
    if options.json:
        print(json.dumps(found, indent=2))
        return
    for size, median in found["ms_a_sentence"].items():
        print(f"groups of {size}: {median:6.0f} ms a sentence, {found['ms_a_sentence'][1] / median:.2f} times as quick")


def measure(folder: Path, rounds: int) -> dict[str, Any]:
    from daemon.translation import convert, devices
    from daemon.translation.onnx_model import OnnxModel

    target = convert.convert(str(folder), lambda line: print(line, file=sys.stderr))
    model = OnnxModel(target, devices.thread_count(), 512)
    times: dict[int, list[float]] = {size: [] for size in GROUPS}
    for number in range(rounds + 1):
        for size, taken in times.items():
            begun = time.perf_counter()
            for start in range(0, len(LENGTHS), size):
                translate(model, LENGTHS[start : start + size])
            if number:  # the first round sets up memory
                taken.append(1000 * (time.perf_counter() - begun) / len(LENGTHS))
    medians = {size: statistics.median(taken) for size, taken in times.items()}
    return {"ms_a_sentence": medians, "threads": devices.thread_count(), "rounds": rounds}


def translate(model: Any, lengths: tuple[int, ...]) -> None:
    """As the engine does, but each translation ends where its length says."""
    rows = model.rows([model.read(range(1000, 1000 + length), range(1000, 1000 + length)) for length in lengths])
    left = [length + length // 4 for length in lengths]
    rows.read([[2, 256_079]] * len(left))
    while left:
        tokens = [rows.likeliest(row) for row in range(len(left))]
        stay = [row for row, count in enumerate(left) if count > 1]
        if stay:
            rows.keep(stay)
            rows.read([[tokens[row]] for row in stay])
        left = [left[row] - 1 for row in stay]


if __name__ == "__main__":
    main()
