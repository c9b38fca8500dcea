"""The exported model: packed for the repository, and unpacked as the fast engine reads it.

Packed, the embedding table is left out: it is the output head, which is there in 8 bits, and `unpack` writes it out.
Files of more than PIECE bytes are cut. manifest.json names everything with its checksum.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from daemon.translation import faithful
from daemon.translation.onnx_model import HEAD, TABLE, OnnxModel
from daemon.translation.pieces import Pieces
from daemon.translation.tokens import END
from training.pieces import ENGLISH, JAPANESE, NAMES
from training.placeholders import Unfaithful, protect

MANIFEST, SCALES = "manifest.json", "head-scales.npy"
PIECE = 15_000_000
_ZERO = 128
"""The 8-bit number that stands for zero."""


def pack(folder: Path, target: Path, head: dict[str, Any]) -> int:
    """Packs a runtime directory; how many bytes it takes. `head`: where in its file the output head is."""
    target.mkdir(parents=True, exist_ok=True)
    for old in target.iterdir():
        old.unlink()
    files: dict[str, Any] = {}
    for file in sorted(folder.iterdir()):
        if file.name in (TABLE, HEAD):
            continue
        content = file.read_bytes()
        names = []
        for number, start in enumerate(range(0, len(content), PIECE)):
            names.append(file.name if len(content) <= PIECE else f"{file.name}.{number}")
            (target / names[-1]).write_bytes(content[start : start + PIECE])
        files[file.name] = {"pieces": names, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    text = json.dumps({"format": 1, "files": files, "head": head}, indent=1) + "\n"
    (target / MANIFEST).write_text(text, encoding="utf-8")
    return sum(file.stat().st_size for file in target.iterdir())


def unpack(folder: Path, target: Path) -> None:
    """Makes the runtime directory of a packed one, whole or not at all; ValueError where a piece is damaged."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
    try:
        for name, facts in manifest["files"].items():
            content = b"".join((folder / piece).read_bytes() for piece in facts["pieces"])
            if hashlib.sha256(content).hexdigest() != facts["sha256"]:
                raise ValueError(f"{folder / name} is damaged: its checksum is not the one in {MANIFEST}.")
            (work / name).write_bytes(content)
        table = head_table(work, manifest["head"])
        table.astype(np.float16).tofile(work / TABLE)
        np.save(work / HEAD, np.arange(len(table)))
        shutil.rmtree(target, ignore_errors=True)
        work.rename(target)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def head_table(folder: Path, head: dict[str, Any]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The output head's rows, out of its 8 bits."""
    rows, blocks, block = head["shape"]
    file = folder / head["file"]
    quantized = np.fromfile(file, np.uint8, rows * blocks * block, offset=head["weights"]).reshape(rows, blocks, block)
    scales = np.load(folder / SCALES).reshape(rows, blocks, 1)
    table: np.ndarray[Any, np.dtype[np.float32]] = (quantized.astype(np.float32) - _ZERO) * scales
    return table.reshape(rows, -1)[:, : head["width"]]


class Exported:
    """Translates with an unpacked model, greedily, as the product does."""

    def __init__(self, folder: Path, threads: int = 2) -> None:
        self.names: Collection[str] = frozenset((folder / NAMES).read_text(encoding="utf-8").split())
        self._pieces = Pieces(folder)
        self._model = OnnxModel(folder, threads, 2 * faithful.LONGEST)

    def translate(self, sentence: str) -> tuple[str, str | None]:
        """The Japanese, and what became of its placeholders where they did not all survive."""
        protected = protect(sentence, self.names)
        ids = self._pieces.encode(protected.text, ENGLISH)
        written = [END, self._pieces.language(JAPANESE)]
        for token in self._model.write(self._model.read(ids, []), written):
            if token == END or len(written) > 2 * len(ids) + 10:
                break
            written.append(token)
        japanese = self._pieces.decode(written)
        try:
            return protected.restore(japanese), None
        except Unfaithful as error:
            return protected.salvage(japanese), str(error)
