"""What a sound output is."""

from __future__ import annotations

import threading
from typing import Protocol

from daemon.narration import AudioClip
from tts_plugin.errors import EngineFailed
from tts_plugin.settings import Settings


class OutputLost(EngineFailed):
    """The device went away in mid-speech."""

    def __init__(self, message: str, unheard: AudioClip) -> None:
        super().__init__(message)
        self.unheard = unheard
        """What was written, the clip at hand included, and has not been heard: for the output that comes after."""


class Output(Protocol):
    """One stream to the listener. `write` and `drain` come from one thread, `stop` from any."""

    def __init__(self, settings: Settings) -> None: ...

    @classmethod
    def check(cls, settings: Settings) -> None:
        """Raises EngineUnavailable, naming the cure, where there is no such output. Opens nothing."""

    @property
    def note(self) -> str | None:
        """What the user should know, though it plays."""

    def write(self, clip: AudioClip, cancelled: threading.Event) -> bool:
        """Hands the clip to the stream, without a gap after the one before.

        Returns once the clip's last block is handed over (so that the next clip can follow in time);
        False where `cancelled` was set before that. OutputLost where the device is gone, EngineFailed where it
        cannot be told what was heard.
        """

    def drain(self, cancelled: threading.Event) -> bool:
        """Waits until all that was written has been heard; False where `cancelled` was set before that."""

    def stop(self) -> None:
        """Silence at once: what was handed over and not yet heard is dropped."""

    def close(self) -> None:
        """Gives the device back. A later `write` opens it again."""
