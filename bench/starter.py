"""Times the starter model beside the engine `nllb` at the 600M shape.

Of 16 tokens into 20 with one beam, and, what counts, of a sentence as the product translates it: with four.

    python bench/starter.py [--model FOLDER] [--rounds 9] [--keep FOLDER] [--json]

The two take turns, so that what else the machine does weighs on both alike. Read the ratio.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
SOURCE, TARGET = 16, 20
BARS = {"faster": 3.0, "load_s": 0.5, "rss_mb": 200}
SENTENCE = "The root cause is that `load_config` returns early when the file is missing, so the cache is never filled."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", type=Path, help="an exported model; the one in the package unless given")
    parser.add_argument("--rounds", type=int, default=9, metavar="N", help="turns that each of them takes (9)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="make NLLB's shape there, or use the one there")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--fresh", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.model:
        from daemon.translation import shipped

        shipped.FOLDER = options.model
    if options.fresh:
        print(json.dumps(fresh()))
        return
    from bench.measuring import nllb_shape

    with nllb_shape(options.keep) as folder:
        found = measure(folder, options.rounds)
    if options.json:
        print(json.dumps(found, indent=2))
        return
    print(f"16 tokens into 20: nllb {found['nllb_ms']:.0f} ms, starter with one beam {found['starter_ms']:.0f} ms")
    print(
        f"{found['ms_per_token']:.1f} ms a token; loaded in {found['load_s']:.2f} s, {found['rss_mb']:.0f} MB resident"
    )
    words = len(SENTENCE.split())
    print(
        f"a sentence of {words} words: {found['sentence_ms']:.0f} ms, {found['faster']:.1f} times faster than nllb's 20"
    )
    print("bars: " + ", ".join(f"{bar} {'met' if met else 'MISSED'}" for bar, met in found["bars_met"].items()))


def measure(folder: Path, rounds: int) -> dict[str, Any]:
    from daemon.translation import convert, devices
    from daemon.translation.onnx_model import OnnxModel
    from daemon.translation.starter import Starter
    from tts_plugin.settings import Settings

    nllb = OnnxModel(convert.convert(str(folder), lambda line: None), devices.thread_count(), 512)
    starter = Starter(Settings())
    nllb_ids, starter_ids = list(range(1000, 1000 + SOURCE)), list(range(2000, 2000 + SOURCE))

    def write(model: Any, ids: list[int], begun: list[int]) -> None:
        for _ in itertools.islice(model.write(model.read(ids, []), begun), TARGET):
            pass

    ways = {
        "starter": lambda: write(starter._model, starter_ids, [2]),
        "nllb": lambda: write(nllb, nllb_ids, [2, 256_079]),
        "sentence": lambda: starter.translate(SENTENCE, "en"),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, way in ways.items():
            begun = time.perf_counter()
            way()
            if turn:  # the first one sets up memory
                times[name].append(1000 * (time.perf_counter() - begun))
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    loads = [_run_fresh() for _ in range(3)]
    found = {
        **{f"{name}_ms": median for name, median in medians.items()},
        "faster": medians["nllb"] / medians["sentence"],
        "ms_per_token": medians["starter"] / TARGET,
        "load_s": statistics.median(load["load_s"] for load in loads),
        "rss_mb": max(load["rss_mb"] for load in loads),
        "threads": devices.thread_count(),
    }
    met = {bar: found[bar] >= limit if bar == "faster" else found[bar] <= limit for bar, limit in BARS.items()}
    return {**found, "bars_met": met}


def fresh() -> dict[str, float]:
    """Load time and memory of the engine, in a process with nothing else."""
    begun = time.perf_counter()
    from bench.measuring import resident_megabytes
    from daemon.translation.starter import Starter
    from tts_plugin.settings import Settings

    starter = Starter(Settings())
    load = time.perf_counter() - begun
    starter.translate(SENTENCE, "en")
    return {"load_s": load, "rss_mb": resident_megabytes()}


def _run_fresh() -> dict[str, float]:
    from daemon.translation import shipped

    command = [sys.executable, __file__, "--fresh", "--model", str(shipped.FOLDER)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    result: dict[str, float] = json.loads(done.stdout)
    return result


if __name__ == "__main__":
    main()
