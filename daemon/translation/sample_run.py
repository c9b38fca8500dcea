"""A trial of a fresh conversion: it must work, and its trimmed head must say what the whole one would."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from daemon.translation import devices
from daemon.translation.languages import JAPANESE, nllb_code
from daemon.translation.marian_pieces import MarianPieces
from daemon.translation.onnx_model import TABLE, Float, OnnxModel, Table
from daemon.translation.pieces import Pieces
from daemon.translation.tokens import END
from tts_plugin.errors import ModelError

SENTENCES = (
    "Hello, how are you today?",
    "All 128 tests pass now.",
    "I fixed the bug in src/parser.py and added a regression test.",
    "The build failed because the environment variable DATABASE_URL is not set.",
    "Let me look at the error message first.",
    "Run npm install, then restart the development server.",
    "I renamed getUserName to fetch_user_name in all 14 files.",
    "Should I commit these changes and push them to the main branch?",
    "The function returns None when the file does not exist.",
    "Memory use fell from 1.2 GB to 480 MB, about 60% less.",
    "There is a race condition between the worker thread and the cache.",
    "Claude needs your permission to use Bash.",
    "I could not reproduce the problem on Python 3.12, only on 3.10.",
    "The API answers with status 429 when there are too many requests.",
    "Please check whether the Docker container is still running.",
    "This change is not backward compatible, so it needs a new major version.",
    "Two of the links in README.md were broken; both work again.",
    "I will write the migration next and leave the old column in place.",
    "It took 35 seconds before and takes 4 seconds now.",
    "The type checker complains about an optional value in line 87.",
    "Nothing was deleted, and your local changes are untouched.",
    "Unfortunately, the certificate expired yesterday.",
    "Open http://localhost:8080 in your browser to see the result.",
    "That's all for today!",
)
_BLOCK = 8192


def count_marian(folder: Path) -> tuple[int, int]:
    """Tokens of the trial; 0, for a Marian head is whole. ModelError where the model's numbers are none."""
    pieces = MarianPieces(folder)
    model = OnnxModel(folder, devices.thread_count(), 512)
    states = []
    for sentence in SENTENCES:
        ids = pieces.encode(sentence)
        for count, (token, state) in enumerate(model.steps(model.read(ids, ()), [pieces.start])):
            states.append(state)
            if token == pieces.end or count > 2 * len(ids):
                break
    return len(_numbers(states)), 0


def count_outside(folder: Path) -> tuple[int, int]:
    """Tokens of the trial, and how many of them the whole vocabulary would have chosen outside of the head.

    ModelError where the model's numbers are none.
    """
    pieces = Pieces(folder)
    model = OnnxModel(folder, devices.thread_count(), 512)
    states, reachable = [], []
    for sentence in SENTENCES:
        ids = pieces.encode(sentence, nllb_code("en"))
        source = model.read(ids, pieces.spellings(ids))
        within = np.union1d(model.head, source.names)
        for count, (token, state) in enumerate(model.steps(source, [END, pieces.language(JAPANESE)])):
            states.append(state)
            reachable.append(within)
            if token == END or count > 2 * len(ids):
                break
    hidden = _numbers(states)
    best, where = np.full(len(hidden), -np.inf, np.float32), np.zeros(len(hidden), np.int64)
    for start, block in Table(folder / TABLE, hidden.shape[1]).blocks(_BLOCK):
        logits = hidden @ block.T
        highest = logits.max(axis=1)
        where = np.where(highest > best, start + logits.argmax(axis=1), where)
        best = np.maximum(best, highest)
    return len(hidden), sum(int(token) not in within for token, within in zip(where, reachable, strict=True))


def _numbers(states: list[Float]) -> Float:
    hidden = np.stack(states)
    if not np.isfinite(hidden).all():
        raise ModelError("The converted model computes no numbers. The checkpoint is damaged; download it again.")
    return hidden
