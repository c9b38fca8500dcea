"""What a voice is."""

from __future__ import annotations

from typing import ClassVar, Protocol

from daemon.narration import AudioClip
from tts_plugin.settings import Settings


class Voice(Protocol):
    """Speaks one Japanese sentence. Heavy imports and loading happen in the constructor."""

    reads_latin: ClassVar[bool]
    """True where the engine reads English words itself; False where it wants katakana."""

    def __init__(self, settings: Settings) -> None: ...

    @classmethod
    def check(cls, settings: Settings) -> None:
        """Raises EngineUnavailable, naming the cure, where the engine cannot run. Cheap: loads nothing."""

    def synthesize(self, text: str) -> AudioClip:
        """The sentence as speech; EngineFailed where that failed or took too long."""
