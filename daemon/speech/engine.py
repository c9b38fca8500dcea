"""What a voice is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Protocol, runtime_checkable

from daemon.narration import AudioClip
from tts_plugin.settings import Settings

ANY_RATE = (0.5, 3.0)
"""For engines whose own rate is good over all that the setting `rate` allows."""
NO_RATE = (1.0, 1.0)
"""For engines that speak at one rate only; the time-scaler does the rest."""


class Voice(Protocol):
    """Speaks one Japanese sentence. Heavy imports and loading happen in the constructor."""

    reads_latin: ClassVar[bool]
    """True where the engine reads English words itself; False where it wants katakana."""
    SETTINGS: ClassVar[tuple[str, ...]]
    """The settings that change how it sounds: another value makes kept clips another voice's."""

    @property
    def rates(self) -> tuple[float, float]:
        """The slowest and the quickest rate at which the engine itself speaks well."""

    def __init__(self, settings: Settings) -> None: ...

    @classmethod
    def check(cls, settings: Settings) -> None:
        """Raises EngineUnavailable, naming the cure, where the engine cannot run. Cheap: loads nothing."""

    def synthesize(self, text: str, rate: float = 1.0) -> AudioClip:
        """The sentence as speech at a rate within `rates`; EngineFailed where that failed or took too long."""


@runtime_checkable
class StreamingVoice(Voice, Protocol):
    """A voice that can be heard before it has made a sentence to its end."""

    def stream(self, text: str, rate: float = 1.0) -> Iterator[AudioClip]:
        """As `synthesize`, in pieces that follow each other without a gap; the first comes as soon as it can."""
