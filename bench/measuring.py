"""What the measurements of translation models share."""

from __future__ import annotations

import os
import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def nllb_shape(keep: Path | None) -> Iterator[Path]:
    """A directory with a checkpoint of NLLB-600M's shape; conversions of it lie beside it.

    `keep`: made there, or found there; else it is gone afterwards.
    """
    from bench import shape

    with tempfile.TemporaryDirectory() as temporary:
        folder = keep or Path(temporary) / "checkpoint"
        os.environ["XDG_DATA_HOME"] = str(folder.parent / "data")
        if not (folder / "tokenizer.json").exists():
            folder.mkdir(parents=True, exist_ok=True)
            shape.write_checkpoint(folder)
        yield folder


def resident_megabytes() -> float:
    """As it is now; where the system does not say that, the most that it was."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return next(int(line.split()[1]) / 1e3 for line in lines if line.startswith("VmRSS:"))
