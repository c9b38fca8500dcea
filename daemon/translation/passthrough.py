"""Text that is Japanese already."""

from __future__ import annotations

from tts_plugin.settings import Settings


class Passthrough:
    """Leaves Japanese as it is. Always the first engine; needs nothing."""

    def __init__(self, settings: Settings) -> None:
        pass

    @classmethod
    def check(cls, settings: Settings) -> None:
        """Always there."""

    def translate(self, text: str, language: str) -> str | None:
        return text if language.partition("-")[0].lower() == "ja" else None
