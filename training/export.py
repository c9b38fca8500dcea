"""Makes the shipped model of a checkpoint: `python -m training.export --out DIRECTORY`.

8 bits, for the engine that runs NLLB on processors; pieces under 16 MB, 40 MB in all. training/exported.py unpacks it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from safetensors.torch import save_file

from daemon.translation import graphs, onnx_model
from daemon.translation.checkpoint import Checkpoint
from training import checkpoint, exported, pieces
from training.prepare import RUN

MOST = 40_000_000
"""Bytes that the packed model may take."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--run", type=Path, default=RUN, help="directory of this training")
    parser.add_argument("--checkpoint", type=Path, help="small checkpoint; the run's own unless given")
    parser.add_argument("--out", type=Path, required=True, help="directory for the packed model")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        size = export(options.checkpoint or options.run / "checkpoint", options.run, Path(work), options.out)
    print(f"{options.out}: {size / 1e6:.1f} MB")
    if size > MOST:
        sys.exit(f"That is more than {MOST / 1e6:.0f} MB.")


def export(weights: Path, run: Path, work: Path, out: Path) -> int:
    size, tensors, _ = checkpoint.load_small(weights)
    original, runtime = work / "checkpoint", work / "runtime"
    original.mkdir()
    runtime.mkdir()
    (original / "config.json").write_text(json.dumps(size.config()), encoding="utf-8")
    save_file(
        {f"model.{name}": tensor.contiguous() for name, tensor in tensors.items()}, original / "model.safetensors"
    )
    opened = Checkpoint(original)
    for name in (pieces.MODEL, pieces.LANGUAGES, pieces.NAMES):
        shutil.copy(run / name, runtime)
    facts = {"scale": opened.shape.scale, "width": opened.shape.width}
    (runtime / onnx_model.FACTS).write_text(json.dumps(facts), encoding="utf-8")
    graphs.write_encoder(opened, runtime)
    graphs.write_decoder(opened, np.concatenate([block for _, block in opened.table()]), runtime)
    return exported.pack(runtime, out, _head(runtime, size.width))


def _head(runtime: Path, width: int) -> dict[str, Any]:
    """Where the decoder's file of weights holds the output head. Its scales are written into a file of their own."""
    graph = onnx.load(runtime / f"{onnx_model.DECODER}.onnx").graph
    [node] = [node for node in graph.node if "logits" in node.output]
    weights, scales = (next(t for t in graph.initializer if t.name == name) for name in node.input[1:3])
    np.save(runtime / exported.SCALES, onnx.numpy_helper.to_array(scales))
    file = runtime / f"{onnx_model.DECODER}.weights"
    at = file.read_bytes().find(weights.raw_data)
    if at < 0:
        raise ValueError(f"{file} does not hold the output head, so its format is not the one that is known here.")
    return {"file": file.name, "weights": at, "shape": list(weights.dims), "width": width}


if __name__ == "__main__":
    main()
