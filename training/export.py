"""Makes the shipped model of a checkpoint: `python -m training.export`.

8 bits, as the engine `starter` reads it: no file over 16 MB, 40 MB in all.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
from safetensors.torch import save_file
from torch import Tensor

from daemon.translation import graphs, onnx_model, shipped, starter_model
from daemon.translation.checkpoint import Checkpoint
from training import checkpoint, pieces
from training.prepare import RUN

MOST, MOST_OF_ONE = 40_000_000, 16_000_000
"""Bytes that the shipped model may take, and one of its files."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--run", type=Path, default=RUN, help="directory of this training")
    parser.add_argument("--checkpoint", type=Path, help="small checkpoint; the run's own unless given")
    parser.add_argument("--out", type=Path, default=shipped.FOLDER, help="directory for the model")
    options = parser.parse_args()
    sizes = export(options.checkpoint or options.run / "checkpoint", options.run, options.out)
    print(f"{options.out}: {sum(sizes.values()) / 1e6:.1f} MB in {len(sizes)} files")
    if sum(sizes.values()) > MOST or max(sizes.values()) > MOST_OF_ONE:
        sys.exit(f"That is more than {MOST / 1e6:.0f} MB, or {MOST_OF_ONE / 1e6:.0f} MB in one file.")


def export(weights: Path, run: Path, out: Path) -> dict[str, int]:
    """Writes the model; what was there before is replaced, but for the model card. File -> bytes."""
    size, tensors, _ = checkpoint.load_small(weights)
    # A placeholder is said only where the source has it: the engine adds those to the head, sentence by sentence.
    placeholders = [n for first, count in pieces.Vocabulary(run).of_target() for n in range(first, first + count)]
    keep = np.setdiff1d(np.arange(size.target_vocabulary), placeholders)
    out.mkdir(parents=True, exist_ok=True)
    for old in out.iterdir():
        if old.suffix != ".md":
            old.unlink()
    with tempfile.TemporaryDirectory() as work:
        original = Path(work)
        (original / "config.json").write_text(json.dumps(size.config()), encoding="utf-8")
        save_file(
            {f"model.{name}": tensor.contiguous() for name, tensor in tensors.items()}, original / "model.safetensors"
        )
        opened = Checkpoint(original)
        graphs.write_encoder(opened, out)
        graphs.write_decoder(opened, tensors["shared.weight"].numpy()[keep], out)
    _write_table(tensors["encoder.embed_tokens.weight"], out, starter_model.ENGLISH)
    _write_table(tensors["shared.weight"], out, starter_model.JAPANESE)
    np.save(out / onnx_model.HEAD, keep)
    positions = tensors["encoder.embed_positions.weight"].numpy()
    np.save(out / starter_model.POSITIONS, positions.astype(np.float16))
    for name in (pieces.SOURCE, pieces.TARGET, pieces.NAMES):
        shutil.copy(run / name, out)
    facts = {"scale": opened.shape.scale, "width": opened.shape.width}
    (out / onnx_model.FACTS).write_text(json.dumps(facts) + "\n", encoding="utf-8")
    files = sorted(file for file in out.iterdir() if file.suffix != ".md")
    sums = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    (out / shipped.MANIFEST).write_text(json.dumps(sums, indent=1) + "\n", encoding="utf-8")
    return {file.name: file.stat().st_size for file in out.iterdir()}


def _write_table(table: Tensor, out: Path, name: str) -> None:
    """Each row in 8 bits, with a scale of its own."""
    rows = table.numpy()
    scales = np.maximum(np.abs(rows).max(axis=1, keepdims=True), 1e-9) / 127
    np.save(out / f"{name}.npy", np.rint(rows / scales).astype(np.int8))
    np.save(out / f"{name}-scales.npy", scales.astype(np.float32))


if __name__ == "__main__":
    main()
