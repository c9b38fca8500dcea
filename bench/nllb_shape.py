"""Times one sentence of 16 tokens into 20 with NLLB-600M's shape: transformers' two ways, and the engine `nllb`.

    python bench/nllb_shape.py [--rounds 5] [--keep FOLDER] [--json]

The three take turns, so that what else the machine does weighs on all alike. Read the ratios.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
SOURCE, TARGET = 16, 20
BARS = {"speedup": 6.0, "floors": 3.2, "load_s": 1.5, "rss_mb": 700, "logit_error": 0.03}
SENTENCE = "I fixed the bug in src/parser.py and added a test."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="turns that each of them takes (5)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="make the checkpoint there, or use the one there")
    parser.add_argument("--skip-beam", action="store_true", help="leave out fp32 with beam 3, which takes 10 s a turn")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--fresh", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.fresh:
        print(json.dumps(fresh(options.fresh)))
        return
    # On a busy machine torch's spinning threads hinder each other: with this the comparison is a fair one.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from bench.measuring import nllb_shape

    with nllb_shape(options.keep) as folder:
        found = measure(folder, options.rounds, not options.skip_beam)
    print(json.dumps(found, indent=2)) if options.json else show(found)


def measure(folder: Path, rounds: int, with_beam: bool) -> dict[str, Any]:
    from daemon.translation import convert, converted, devices

    started = time.perf_counter()
    target = convert.convert(str(folder), lambda line: print(line, file=sys.stderr))
    converting = time.perf_counter() - started
    loads = [_run_fresh(str(folder)) for _ in range(3)]

    from daemon.translation.onnx_model import OnnxModel

    ours = OnnxModel(target, devices.thread_count(), 512)
    ids, japanese = list(range(1000, 1000 + SOURCE)), 256_079
    encoder: list[float] = []

    def nllb() -> None:
        begun = time.perf_counter()
        source = ours.read(ids, ids)
        encoder.append(1000 * (time.perf_counter() - begun))
        for _ in itertools.islice(ours.write(source, [2, japanese]), TARGET):
            pass

    theirs, logit_error = _transformers(folder, ids, japanese, ours, with_beam)
    ways = {**theirs, "nllb": nllb}
    times: dict[str, list[float]] = {name: [] for name in ways}
    bandwidth: list[float] = []
    for way in ways.values():
        way()
    encoder.clear()
    for _ in range(rounds):
        bandwidth.append(read_bandwidth())
        for name, way in ways.items():
            for _ in range(3 if name == "nllb" else 1):
                begun = time.perf_counter()
                way()
                times[name].append(1000 * (time.perf_counter() - begun))
    total = statistics.median(times["nllb"])
    per_token = (total - statistics.median(encoder)) / TARGET
    weights = (target / "decoder.weights").stat().st_size
    floor = weights / max(bandwidth) / 1e6
    manifest = json.loads((target / converted.MANIFEST).read_text(encoding="utf-8"))
    found = {
        "median_ms": {name: statistics.median(taken) for name, taken in times.items()},
        "least_ms": {name: min(taken) for name, taken in times.items()},
        "encoder_ms": statistics.median(encoder),
        "ms_per_token": per_token,
        "bandwidth_gb_s": max(bandwidth),
        "floor_ms_per_token": floor,
        "floors": per_token / floor,
        "speedup": statistics.median(times["transformers bf16 greedy"]) / total,
        "load_s": statistics.median(load["load_s"] for load in loads),
        "rss_mb": max(load["rss_mb"] for load in loads),
        "logit_error": logit_error,
        "convert_s": converting,
        "head": manifest["kept"],
        "outside": [manifest["outside"], manifest["sampled"]],
        "threads": devices.thread_count(),
    }
    met = {bar: found[bar] >= limit if bar == "speedup" else found[bar] <= limit for bar, limit in BARS.items()}
    return {**found, "bars_met": met}


def _transformers(
    folder: Path, ids: list[int], japanese: int, ours: Any, with_beam: bool
) -> tuple[dict[str, Callable[[], None]], float]:
    """The two ways through transformers, and how far our logits are from those in fp32."""
    import torch
    from transformers import M2M100ForConditionalGeneration

    from daemon.translation import devices

    torch.set_num_threads(devices.thread_count())
    inputs = torch.tensor([[256_047, *ids[1:-1], 2]])

    def way(dtype: torch.dtype, beams: int) -> tuple[Any, Callable[[], None]]:
        model = M2M100ForConditionalGeneration.from_pretrained(folder, dtype=dtype).eval()

        def run() -> None:
            with torch.inference_mode():
                model.generate(
                    inputs,
                    attention_mask=torch.ones_like(inputs),
                    num_beams=beams,
                    do_sample=False,
                    max_length=None,
                    min_new_tokens=TARGET + 1,  # the language code is one
                    max_new_tokens=TARGET + 1,
                    forced_bos_token_id=japanese,
                )

        return model, run

    exact, beam = way(torch.float32, 3)
    error = _logit_error(exact, ours, inputs, japanese)
    _, greedy = way(torch.bfloat16, 1)
    ways = {"transformers fp32 beam 3": beam} if with_beam else {}
    return {**ways, "transformers bf16 greedy": greedy}, error


def _logit_error(exact: Any, ours: Any, inputs: Any, japanese: int) -> float:
    """Of the head's logits over a sentence, relative to fp32's."""
    import numpy as np
    import torch

    seen = []
    step = ours.step

    def watched(feed: dict[str, Any]) -> Any:
        result = step(feed)
        seen.append(result[1][0])
        return result

    ours.step = watched
    begun = [2, japanese]
    written = list(itertools.islice(ours.write(ours.read(inputs[0].tolist(), []), begun), TARGET))
    del ours.step
    with torch.inference_mode():
        decoded = torch.tensor([[*begun, *written[:-1]]])
        expected = exact(input_ids=inputs, decoder_input_ids=decoded).logits[0, 1:].numpy()[:, ours.head]
    return float(np.linalg.norm(np.stack(seen) - expected) / np.linalg.norm(expected))


def read_bandwidth() -> float:
    """GB/s at which this process can read memory: a matrix of 256 MB times a vector."""
    import torch

    matrix = torch.ones(65_536, 1024)
    vector = torch.ones(1024)
    taken = []
    for _ in range(5):
        begun = time.perf_counter()
        torch.mv(matrix, vector)
        taken.append(time.perf_counter() - begun)
    return matrix.nbytes / min(taken) / 1e9


def fresh(model: str) -> dict[str, float]:
    """Load time and memory of the engine as the daemon has it, in a process with nothing else."""
    from bench.measuring import resident_megabytes
    from daemon.translation.nllb import Nllb
    from tts_plugin.settings import Settings

    begun = time.perf_counter()
    engine = Nllb(Settings(model=model))
    load = time.perf_counter() - begun
    for _ in range(5):
        source = engine._model.read(range(1000, 1016), range(1000, 1016))
        list(itertools.islice(engine._model.write(source, [2, 256_079]), TARGET))
    return {"load_s": load, "rss_mb": resident_megabytes()}


def _run_fresh(model: str) -> dict[str, float]:
    told = subprocess.run([sys.executable, __file__, "--fresh", model], capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(told.stdout)
    return found


def show(found: dict[str, Any]) -> None:
    print(f"{'':28}{'median ms':>10}{'least ms':>10}{'x bf16':>8}")
    greedy = found["median_ms"]["transformers bf16 greedy"]
    for name, median in found["median_ms"].items():
        print(f"{name:28}{median:10.0f}{found['least_ms'][name]:10.0f}{greedy / median:8.1f}")
    print(f"nllb: encoder {found['encoder_ms']:.0f} ms, then {found['ms_per_token']:.1f} ms a token")
    print(
        f"{found['floors']:.1f} times the floor of {found['floor_ms_per_token']:.1f} ms, "
        f"at {found['bandwidth_gb_s']:.0f} GB/s of memory and {found['threads']} threads"
    )
    print(
        f"load {found['load_s']:.2f} s, {found['rss_mb']:.0f} MB resident, logits {found['logit_error']:.2%} off fp32's"
    )
    print(f"output head of {found['head']:,}; the conversion took {found['convert_s']:.0f} s")
    print("bars:", ", ".join(f"{bar} {'met' if met else 'MISSED'}" for bar, met in found["bars_met"].items()))


if __name__ == "__main__":
    main()
