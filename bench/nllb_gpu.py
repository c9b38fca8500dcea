"""Times NLLB-600M's shape on a graphics card: transformers' two ways, and the engine `nllb_torch`, at several lengths.

    python bench/nllb_gpu.py [--device cuda] [--rounds 5] [--keep FOLDER | --checkpoint FOLDER] [--json]

Random weights, so every translation is cut at a fixed length. The three take turns at each length. A first clause is
five tokens; transformers' ways hand out nothing before the whole sentence.
"""

from __future__ import annotations

import argparse
import itertools
import json
import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
LENGTHS = ((16, 20), (8, 10), (32, 40), (64, 80))
"""Tokens of the source and of its translation; the first pair is the one that the goals are for."""
CLAUSE = 5
GOALS = {"sentence_ms": 50.0, "first_clause_ms": 25.0}
PHASE_1, PHASE_1_5, OURS = "transformers fp32 beam 3", "transformers bf16 greedy", "nllb_torch"

Way = Callable[[list[int], int], float]
"""Translates a source into so many tokens; the seconds until the first clause was there."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", choices=("auto", "cuda", "mps", "cpu"), default="auto")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="turns that each of them takes (5)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="make the checkpoint there, or use the one there")
    parser.add_argument("--checkpoint", type=Path, metavar="FOLDER", help="use this one, of whatever size")
    parser.add_argument(
        "--skip-beam", action="store_true", help="leave out fp32 with beam 3: slow on a processor, 2.5 GB on a card"
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.checkpoint or options.keep or Path(temporary)
        if not (folder / "tokenizer.json").exists():
            if options.checkpoint:
                parser.error(f"{folder} holds no checkpoint")
            from bench import shape

            folder.mkdir(parents=True, exist_ok=True)
            shape.write_checkpoint(folder)
        found = measure(folder, options.device, options.rounds, not options.skip_beam)
    print(json.dumps(found, indent=2)) if options.json else show(found)


def measure(folder: Path, wanted: str, rounds: int, with_beam: bool) -> dict[str, Any]:
    import torch

    from daemon.translation import devices

    torch.set_num_threads(devices.thread_count())
    device = devices.choose_device(wanted)
    japanese, rows = _facts(folder)
    ways: dict[str, Way] = {}
    loads: dict[str, float] = {}
    started = time.perf_counter()
    ways[OURS], facts = _ours(folder, device, japanese)
    loads[OURS] = time.perf_counter() - started
    for name, dtype, beams in ((PHASE_1, torch.float32, 3), (PHASE_1_5, torch.bfloat16, 1)):
        if beams == 1 or with_beam:
            started = time.perf_counter()
            ways[name] = _transformers(folder, device, dtype, beams, japanese)
            loads[name] = time.perf_counter() - started
    table = []
    for source, target in LENGTHS:
        ids = [4 + n % (rows - 4) for n in range(1000, 1000 + source - 1)] + [2]
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for way in ways.values():
            way(ids, target)
        for _ in range(rounds):
            for name, way in ways.items():
                for _ in range(3 if name == OURS else 1):
                    begun = time.perf_counter()
                    first = way(ids, target)
                    taken[name].append((1000 * (time.perf_counter() - begun), 1000 * first))
        for name, times in taken.items():
            whole, first_clause = (statistics.median(column) for column in zip(*times, strict=True))
            least = min(time for time, _ in times)
            table.append(
                {
                    "way": name,
                    "source": source,
                    "target": target,
                    "sentence_ms": whole,
                    "least_ms": least,
                    "first_clause_ms": first_clause,
                }
            )
    ours = next(row for row in table if row["way"] == OURS)
    return {
        "device": str(device),
        "name": _name(device),
        "torch": torch.__version__,
        "rounds": rounds,
        **facts,
        "load_s": loads,
        "table": table,
        # They are a graphics card's, for the model of 600M.
        "goals_met": {goal: ours[goal] <= limit for goal, limit in GOALS.items()} if facts["width"] == 1024 else {},
    }


def _facts(folder: Path) -> tuple[int, int]:
    """The id of Japanese, and how many pieces of text there are."""
    from daemon.translation import pieces
    from daemon.translation.languages import JAPANESE

    vocabulary, languages = pieces.vocabulary(folder)
    return languages[JAPANESE], len(vocabulary)


def _ours(folder: Path, device: Any, japanese: int) -> tuple[Way, dict[str, Any]]:
    import torch

    from daemon.translation import pieces, torch_model
    from daemon.translation.vocabulary import kept_pieces

    keep = kept_pieces(pieces.vocabulary(folder)[0], japanese)
    model = torch_model.open_model(folder, keep, device)
    facts: dict[str, Any] = {
        "format": str(model.dtype).removeprefix("torch."),
        "width": model.weights.shape.width,
        "layers": [model.weights.shape.encoder_layers, model.weights.shape.decoder_layers],
        "head": len(keep),
        "recorded": sorted(model._home.recorded),
        "device_mb": torch.cuda.memory_allocated(device) / 1e6 if device.type == "cuda" else None,
    }

    def way(ids: list[int], target: int) -> float:
        begun = time.perf_counter()
        written = model.write(model.read(ids, ids), [2, japanese])
        next(itertools.islice(written, CLAUSE - 1, None))
        first = time.perf_counter() - begun
        for _ in itertools.islice(written, target - CLAUSE):
            pass
        return first

    return way, facts


def _transformers(folder: Path, device: Any, dtype: Any, beams: int, japanese: int) -> Way:
    import torch
    from transformers import GenerationConfig, M2M100ForConditionalGeneration
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    model = M2M100ForConditionalGeneration.from_pretrained(folder, dtype=dtype).eval().to(device)

    def way(ids: list[int], target: int) -> float:
        begun = time.perf_counter()
        inputs = torch.tensor([ids], device=device)
        config = GenerationConfig(
            num_beams=beams,
            do_sample=False,
            max_length=None,
            min_new_tokens=target + 1,  # the language code is one
            max_new_tokens=target + 1,
            forced_bos_token_id=japanese,
            decoder_start_token_id=2,
            eos_token_id=2,
            pad_token_id=1,
        )
        with torch.inference_mode():
            output = model.generate(inputs, attention_mask=torch.ones_like(inputs), generation_config=config)
        output.tolist()  # what the device has begun, it must also have done
        return time.perf_counter() - begun

    return way


def _name(device: Any) -> str:
    import platform

    import torch

    return torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or platform.machine()


def show(found: dict[str, Any]) -> None:
    print(f"{found['device']}: {found['name']}, torch {found['torch']}; nllb_torch in {found['format']}")
    recorded = ", ".join(map(str, found["recorded"])) or "none"
    layers = "+".join(map(str, found["layers"]))
    print(f"width {found['width']}, {layers} layers, head of {found['head']:,}, recorded steps: {recorded}")
    print(f"{'tokens':>9}  {'':26}{'sentence ms':>12}{'least ms':>10}{'clause ms':>11}{'x bf16':>8}")
    for (source, target), rows in itertools.groupby(found["table"], lambda row: (row["source"], row["target"])):
        ways = list(rows)
        greedy = next(row["sentence_ms"] for row in ways if row["way"] == PHASE_1_5)
        for row in sorted(ways, key=lambda row: (PHASE_1, PHASE_1_5, OURS).index(row["way"])):
            print(
                f"{source:4} > {target:2}  {row['way']:26}{row['sentence_ms']:12.1f}{row['least_ms']:10.1f}"
                f"{row['first_clause_ms']:11.1f}{greedy / row['sentence_ms']:8.1f}"
            )
    print("load:", ", ".join(f"{name} {seconds:.1f} s" for name, seconds in found["load_s"].items()))
    if found["device_mb"] is not None:
        print(f"nllb_torch takes {found['device_mb']:.0f} MB of the device")
    source, target = LENGTHS[0]
    for goal, met in found["goals_met"].items():
        print(f"{goal} of {GOALS[goal]:.0f} for {source} tokens to {target}: {'met' if met else 'MISSED'}")


if __name__ == "__main__":
    main()
