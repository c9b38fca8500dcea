"""A long narration, recorded at the sound server, while translation works beside it."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from daemon.studio import PAUSE_SECONDS
from tests.rig.sound import RATE, Samples, SoundServer
from tests.rig.user import CHECKPOINT, User

SENTENCE_SECONDS = 3.1
"""The story's mean, with the pause."""
HOLE_MS = 30.0
"""Open JTalk's own longest run of zeros is 11 ms."""
PAUSE_MS = 1000 * PAUSE_SECONDS


@dataclass(frozen=True)
class Heard:
    """What came of it."""

    sentences: int
    seconds: float
    """From the first sound to the last."""
    first_sound_ms: float
    pauses: int
    holes: list[tuple[float, float]]
    """Each silence of more than HOLE_MS within a sentence: when, in seconds, and its milliseconds."""
    late: list[tuple[float, float]]
    """Likewise by how much each pause between two sentences was too long, where that is more than HOLE_MS."""
    translations: int
    """How many sentences were translated beside it, for somebody else."""


def endure(user: User, server: SoundServer, seconds: float) -> Heard:
    """Narrates about so many seconds; the user needs a model that is downloaded."""
    user.settings(translation_cache=False, speech_cache=False)
    story = _story()
    sentences = list(itertools.islice(itertools.cycle(story), max(2, round(seconds / SENTENCE_SECONDS))))
    user.warm()
    with server.recording() as recorder, _translating(user, story) as translated:
        asked = time.monotonic()
        user.hook("Stop", last_assistant_message=" ".join(sentences))
        began = recorder.wait_for_sound(60, since=asked)
        recorder.wait_for_silence(3.0, 3 * seconds + 60, since=began)
        samples = recorder.samples(asked)
    loud = np.flatnonzero(samples)
    heard = samples[loud[0] : loud[-1] + 1]
    silences = list(_silences(heard))
    return Heard(
        sentences=len(sentences),
        seconds=len(heard) / RATE,
        first_sound_ms=1000 * (began - asked),
        pauses=sum(ms >= PAUSE_MS - 1 for _, ms in silences),
        holes=[(at, ms) for at, ms in silences if HOLE_MS < ms < PAUSE_MS - 1],
        late=[(at, ms - PAUSE_MS) for at, ms in silences if ms > PAUSE_MS + HOLE_MS],
        translations=len(translated),
    )


def _story() -> list[str]:
    lines = (CHECKPOINT.parent / "story.tsv").read_text(encoding="utf-8").splitlines()
    return [line.split("\t")[0] for line in lines if line and not line.startswith("#")]


@contextmanager
def _translating(user: User, story: list[str]) -> Iterator[list[str]]:
    """One translation after the other is asked of the daemon while the block runs; what came of them."""
    done: list[str] = []
    over = threading.Event()

    def ask() -> None:
        for sentence in itertools.cycle(story):
            if over.is_set():
                return
            done.extend(answer["text"] for answer in user.ask("translate", text=sentence)["sentences"])

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    try:
        yield done
    finally:
        over.set()
        asking.join(30)


def _silences(samples: Samples) -> Iterator[tuple[float, float]]:
    """When there was digital silence, and how long: no voice makes it, but our pauses do, and what comes late."""
    sounding = np.flatnonzero(samples)
    gaps = np.diff(sounding) - 1
    for number in np.flatnonzero(gaps):
        yield round(float(sounding[number]) / RATE, 2), round(float(gaps[number]) * 1000 / RATE, 1)
