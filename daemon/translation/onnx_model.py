"""A converted NLLB model under ONNX Runtime: ids in, ids out, one at a time."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime

from daemon.translation.decoding import repeating
from daemon.translation.onnx_rows import Rows
from daemon.translation.sinusoids import positions

Float = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]

ENCODER, DECODER = "encoder", "decoder"
FACTS, HEAD, TABLE = "facts.json", "head.npy", "embeddings.f16"


@dataclass(frozen=True, eq=False)
class Source:
    """One sentence as the encoder read it."""

    length: int
    """Its tokens."""
    remembered: dict[str, Float]
    """The decoder's cross-attention keys and values."""
    names: Ids
    """Pieces that the output head lacks, for the names and identifiers of this sentence."""
    rows: Float
    """Their rows of the embedding table, which is the untrimmed head."""


class OnnxModel:
    """Two sessions over 8-bit weights. Threads may share it: what belongs to a sentence is in its Source."""

    def __init__(self, folder: Path, threads: int, longest: int) -> None:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        self._scale = float(facts["scale"])
        self._positions = positions(longest, int(facts["width"]), marian=bool(facts.get("marian")))
        self._open_tables(folder, int(facts["width"]))
        with ThreadPoolExecutor(2) as pool:  # both copy their weights into the order in which they are used
            opening = [pool.submit(_session, folder / f"{name}.onnx", threads) for name in (ENCODER, DECODER)]
            self._encoder, self._decoder = (session.result() for session in opening)
        self._cross = [output.name for output in self._encoder.get_outputs()]
        past = [node for node in self._decoder.get_inputs() if node.name.startswith("past_")]
        self._past = {node.name: (node.shape[1], node.shape[3]) for node in past}
        self._results = ["hidden", "logits", *(name.replace("past_", "now_") for name in self._past)]

    def read(self, ids: Sequence[int], sayable: Sequence[int]) -> Source:
        """The source, and which pieces its translation may say beside those of the head."""
        remembered = self._encoder.run(self._cross, {"embedded": self._embed_source(ids)})
        names = np.setdiff1d(np.array(sayable, np.int64), self.head)
        kept = dict(zip(self._cross, remembered, strict=True))
        return Source(len(ids), kept, names, self.table.rows(names.tolist()))

    def rows(self, sources: Sequence[Source]) -> Rows:
        """A translation of each, of which nothing is written yet."""
        return Rows(self, sources)

    def write(self, source: Source, begun: Sequence[int], no_repeat: int = 0) -> Iterator[int]:
        """The likeliest token after those that are there, and so on without end: who has enough stops asking.

        `no_repeat` n: no n tokens in a row come twice.
        """
        for token, _ in self.steps(source, begun, no_repeat):
            yield token

    def steps(self, source: Source, begun: Sequence[int], no_repeat: int = 0) -> Iterator[tuple[int, Float]]:
        """Each token with the state that it was chosen from."""
        written = [*begun]
        rows = self.rows([source])
        rows.read([written])
        while True:
            token = rows.likeliest(0, repeating(written, no_repeat))
            yield token, rows.hidden[0]
            written.append(token)
            rows.read([[token]])

    def step(self, feed: dict[str, Any]) -> tuple[Float, Float, dict[str, Float]]:
        """The decoder's last states, what comes next, and what to remember."""
        hidden, logits, *remembered = self._decoder.run(self._results, feed)
        return hidden, logits, dict(zip(self._past, remembered, strict=True))

    def unwritten(self, rows: int) -> dict[str, Float]:
        """What the decoder remembers of translations that have not begun."""
        return {name: np.zeros((rows, heads, 0, width), np.float32) for name, (heads, width) in self._past.items()}

    def embed(self, ids: Sequence[int], start: int) -> Float:
        return (self.table.rows(ids) * self._scale + self._positions[start : start + len(ids)])[None]

    def _open_tables(self, folder: Path, width: int) -> None:
        self.table: Rowed = Table(folder / TABLE, width)
        self.head: Ids = np.load(folder / HEAD)

    def _embed_source(self, ids: Sequence[int]) -> Float:
        return self.embed(ids, 0)


class Rowed(Protocol):
    """An embedding table."""

    count: int
    """Its rows."""

    def rows(self, ids: Sequence[int]) -> Float:
        """These rows, [ids, width]."""


class Table:
    """The embedding table on the disk. Only the rows that are asked for are read, and none stays in memory."""

    def __init__(self, file: Path, width: int) -> None:
        self._file = file.open("rb", buffering=0)
        self._bytes = 2 * width
        self.count = file.stat().st_size // self._bytes

    def rows(self, ids: Sequence[int]) -> Float:
        read = b"".join(os.pread(self._file.fileno(), self._bytes, number * self._bytes) for number in ids)
        return np.frombuffer(read, np.float16).reshape(len(ids), -1 if ids else self._bytes // 2).astype(np.float32)

    def blocks(self, size: int) -> Iterator[tuple[int, Float]]:
        """The whole table from its beginning, some rows at a time, each part with its first id."""
        for start in range(0, self.count, size):
            part = os.pread(self._file.fileno(), size * self._bytes, start * self._bytes)
            yield start, np.frombuffer(part, np.float16).reshape(-1, self._bytes // 2).astype(np.float32)


def _session(file: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Threads that wait by spinning take the processor from the voice, and from Claude Code.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
