"""The objects that travel down the pipeline."""

from __future__ import annotations

import enum
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the server accepts before numpy is loaded
    import numpy as np
    import numpy.typing as npt

SAMPLE_RATE = 48_000
"""Samples a second of every clip. Open JTalk's own rate; other engines are resampled to it once."""


class Priority(enum.IntEnum):
    """Speech-dispatcher's words; a lower number is spoken first."""

    IMPORTANT = 0
    """Claude Code waits for the user's permission."""
    MESSAGE = 1
    """The user asked for it: `yomiage say`, `pipe`, `replay`."""
    TEXT = 2
    """A finished reply."""
    NOTIFICATION = 3
    """An idle notice: spoken only when nothing else is."""
    PROGRESS = 4
    """Prose in the middle of a turn."""


class Stage(str, enum.Enum):
    """What a narration has reached; the names that `status --json` shows."""

    HOOK_STARTED = "hook_started"
    RECEIVED = "received"
    CLEANED = "cleaned"
    FIRST_TRANSLATED = "first_translated"
    FIRST_SYNTHESIZED = "first_synthesized"
    FIRST_AUDIO_OUT = "first_audio_out"
    DONE = "done"


class Timeline:
    """When a narration reached each stage, in seconds since the epoch. The first mark of a stage stays."""

    def __init__(self, hook_started: float | None = None) -> None:
        self._marks: dict[Stage, float] = {}
        self.was_cut = False
        if hook_started is not None:
            self._marks[Stage.HOOK_STARTED] = hook_started
        self.mark(Stage.RECEIVED)

    def mark(self, stage: Stage) -> None:
        self._marks.setdefault(stage, time.time())

    def as_dict(self) -> dict[str, float]:
        return {stage.value: at for stage, at in self._marks.copy().items()}


@dataclass(frozen=True, eq=False)
class Narration:
    """One text on its way to the loudspeaker."""

    id: int
    """Counts up from 1 in each daemon."""
    text: str
    """Markdown as Claude wrote it."""
    priority: Priority
    session: str
    """Claude Code's session id, or "" for the command line."""
    timeline: Timeline
    first_sentence: int = 0
    """Index of the first sentence to speak: above 0 when an interrupted narration goes on."""
    voice: str | None = None
    """The one voice that may speak it, where it was asked for by name; None for those of the settings."""
    preferred_voice: str | None = None
    """The voice of its project, which is tried before those of the settings; None where it has none of its own."""
    project: str = ""
    """The directory that the session works in; "" for the command line."""
    cancelled: threading.Event = field(default_factory=threading.Event)
    """Set once, by whoever cuts this narration; every stage looks at it."""
    finished: threading.Event = field(default_factory=threading.Event)
    """Set when the narration is over: heard, cut or failed."""


@dataclass(frozen=True)
class Sentence:
    """One sentence to speak, in the language it was written in."""

    text: str
    language: str
    """ISO 639-1 code of the source: "en", "ja", "de" …"""
    code: tuple[tuple[int, int], ...] = field(default=(), compare=False)
    """Where the author marked code, which is not to be translated: starts and ends in the text."""

    @property
    def marked(self) -> str:
        """The text with its code in backticks."""
        parts, last = [], 0
        for start, end in self.code:
            parts += [self.text[last:start], "`", self.text[start:end], "`"]
            last = end
        return "".join((*parts, self.text[last:]))


@dataclass(frozen=True)
class TranslatedSentence:
    """One sentence in Japanese, or as it was where no engine could translate it."""

    text: str
    source: Sentence
    engine: str | None
    """The engine's name; None where the source is spoken untranslated."""


@dataclass(frozen=True)
class AudioClip:
    """Speech, ready to play."""

    samples: npt.NDArray[np.int16]
    """Mono, shape (n,), at SAMPLE_RATE."""

    @property
    def seconds(self) -> float:
        return len(self.samples) / SAMPLE_RATE
