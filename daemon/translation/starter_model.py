"""The model that Yomiage ships, under ONNX Runtime: ids of English pieces in, ids of Japanese pieces out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from daemon.translation.onnx_model import HEAD, Float, OnnxModel

ENGLISH, JAPANESE, POSITIONS = "english", "japanese", "english-positions.npy"
"""The two tables of embeddings, and the encoder's positions."""


class StarterModel(OnnxModel):
    """Its sides have tables of their own, in 8 bits. Its output head lacks the placeholders."""

    def _open_tables(self, folder: Path, width: int) -> None:
        self.table = ByteTable(folder, JAPANESE)
        self.head = np.load(folder / HEAD)
        self._english = ByteTable(folder, ENGLISH)
        self._english_positions: Float = np.load(folder / POSITIONS).astype(np.float32)

    def _embed_source(self, ids: Sequence[int]) -> Float:
        embedded: Float = self._english.rows(ids) + self._english_positions[: len(ids)]
        return embedded[None]


class ByteTable:
    """An embedding table in 8 bits, mapped: only the rows that are asked for are read."""

    def __init__(self, folder: Path, name: str) -> None:
        self._rows = np.load(folder / f"{name}.npy", mmap_mode="r")
        self._scales = np.load(folder / f"{name}-scales.npy")
        self.count = len(self._rows)

    def rows(self, ids: Sequence[int]) -> Float:
        index = np.asarray(ids, np.int64)
        rows: Float = self._rows[index] * self._scales[index]
        return rows
