"""Makes the fast engine's files of a checkpoint: `python -I -m daemon.translation.convert CHECKPOINT`."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import filelock
import numpy as np

from daemon.translation import converted, graphs, marian_pieces, onnx_model, pieces, sample_run
from daemon.translation.checkpoint import MARIAN, Checkpoint, Shape
from daemon.translation.languages import JAPANESE
from daemon.translation.vocabulary import ROWS, kept_pieces
from tts_plugin import models
from tts_plugin.errors import ModelError

MARGIN = 200_000_000
"""Bytes of the disk that stay free."""
MEMORY = 700_000_000
"""What the packages and one tensor at a time take, beside the converted weights that the trial run loads."""
LOCK_SECONDS = 5.0
_MEMINFO = Path("/proc/meminfo")

Say = Callable[[str], None]


def convert(model: str, say: Say = lambda line: None, rows: int = ROWS) -> Path:
    """The directory of the conversion, made now unless it is there and up to date.

    ModelError says what hindered it. What an interrupted conversion leaves behind, the next one removes.
    """
    if converted.status(model).reason is None:
        return converted.directory(model)
    folder = models.require(model)
    target = converted.directory(model)
    target.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(target.parent / f".{target.name}.lock", timeout=LOCK_SECONDS)
    try:
        with lock:
            _convert(model, folder, target, say, rows)
    except filelock.Timeout as error:
        raise ModelError(f"Another conversion of {model} is under way. Let it finish.") from error
    except OSError as error:
        raise ModelError(
            f"{model} could not be converted ({error}). Make room or correct this, then repeat."
        ) from error
    return target


def _convert(model: str, folder: Path, target: Path, say: Say, rows: int) -> None:
    unfinished = f".{target.name}.unfinished-"
    for left in target.parent.glob(f"{unfinished}*"):
        shutil.rmtree(left)
    checkpoint = Checkpoint(folder)
    marian = checkpoint.shape.model_type == MARIAN
    _require_room(model, checkpoint.shape, checkpoint.shape.vocabulary if marian else rows, target.parent)
    work = Path(tempfile.mkdtemp(dir=target.parent, prefix=unfinished))
    try:
        say(f"{model}: converting for this processor")
        source = converted.describe(folder)
        report = _write(checkpoint, work, say, rows)
        sizes = {file.name: file.stat().st_size for file in sorted(work.iterdir())}
        manifest = {
            "converter": converted.VERSION,
            "model": model,
            "source": source,
            **report,
            "files": sizes,
        }
        (work / converted.MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        with contextlib.suppress(FileNotFoundError):
            target.rename(f"{work}-old")  # a running daemon keeps the files that it has opened
        work.rename(target)
        shutil.rmtree(f"{work}-old", ignore_errors=True)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    say(
        f"{model}: converted, {sum(sizes.values()) / 1e6:,.0f} MB; the output head keeps "
        f"{report['kept']:,} of {checkpoint.shape.vocabulary:,} pieces, and in {report['sampled']} tokens of a trial "
        f"{report['outside']} would have been another one"
    )


def _write(checkpoint: Checkpoint, work: Path, say: Say, rows: int) -> dict[str, int]:
    """All files but the manifest. How many pieces were kept, and what the trial run found."""
    shape = checkpoint.shape
    marian = shape.model_type == MARIAN
    keep = marian_pieces.write(checkpoint.folder, work, shape) if marian else _write_nllb(checkpoint, work, rows)
    with (work / onnx_model.TABLE).open("wb") as file:
        kept = []
        for start, block in checkpoint.table():
            block.astype(np.float16).tofile(file)
            kept.append(block[keep[(start <= keep) & (keep < start + len(block))] - start])
    np.save(work / onnx_model.HEAD, keep)
    facts = {"scale": shape.scale, "width": shape.width, "marian": marian}
    (work / onnx_model.FACTS).write_text(json.dumps(facts), encoding="utf-8")
    say("  vocabulary written")
    graphs.write_encoder(checkpoint, work)
    say("  encoder written")
    bias = checkpoint.bias()
    graphs.write_decoder(checkpoint, np.concatenate(kept), work, None if bias is None else bias[keep])
    say("  decoder written")
    del kept
    sampled, outside = (sample_run.count_marian if marian else sample_run.count_outside)(work)
    return {"kept": len(keep), "sampled": sampled, "outside": outside}


def _write_nllb(checkpoint: Checkpoint, work: Path, rows: int) -> onnx_model.Ids:
    """The tokenizer; which pieces the output head is to keep."""
    pieces.write_pieces(checkpoint.folder, work)
    vocabulary, languages = pieces.vocabulary(checkpoint.folder)
    if JAPANESE not in languages or max(languages.values()) >= checkpoint.shape.vocabulary:
        raise ModelError(f"{checkpoint.folder}: tokenizer and model do not belong together, or are not NLLB's.")
    return kept_pieces(vocabulary, languages[JAPANESE], rows)


def _require_room(model: str, shape: Shape, rows: int, place: Path) -> None:
    weights = 1.05 * (shape.weights + min(rows, shape.vocabulary) * shape.width)
    disk = weights + 2 * shape.vocabulary * shape.width + 64 * shape.vocabulary + MARGIN
    free = shutil.disk_usage(place).free
    if free < disk:
        raise ModelError(
            f"The conversion of {model} needs {disk / 1e9:.1f} GB in {place}, and {free / 1e9:.1f} GB are free. "
            "Make room there, or choose another place by XDG_DATA_HOME; then run `yomiage model download` again."
        )
    memory, available = weights + MEMORY, available_memory()
    if available is not None and available < memory:
        raise ModelError(
            f"The conversion of {model} needs {memory / 1e9:.1f} GB of memory, and {available / 1e9:.1f} GB are free. "
            "Close some programs, then run `yomiage model download` again."
        )


def available_memory() -> int | None:
    """Bytes that programs can still have; None where the system does not say."""
    try:
        lines = _MEMINFO.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")), None)


def main(arguments: list[str]) -> int:
    def say(line: str) -> None:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    if len(arguments) != 1 or arguments[0].startswith("-"):
        say("usage: python -I -m daemon.translation.convert CHECKPOINT")
        return 2
    try:
        folder = convert(arguments[0], say)
    except ModelError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("Stopped. Nothing was converted; what was there before is still there.")
        return 130
    sys.stdout.write(f"{folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
