"""Any service with OpenAI's speech interface: OpenAI itself, or an engine on this machine."""

from __future__ import annotations

import os
from typing import ClassVar

from daemon.narration import AudioClip
from daemon.speech import shaping, wav
from daemon.speech.breaker import Breaker
from daemon.speech.engine import ANY_RATE, NO_RATE
from daemon.speech.http import Service, Unreachable, is_local
from daemon.speech.parts import parts
from tts_plugin.errors import EngineUnavailable
from tts_plugin.settings import Settings

PATH = "/v1/audio/speech"


class OpenAI:
    """One request a sentence. The key comes from the environment, and goes nowhere but into that request."""

    reads_latin: ClassVar[bool] = True
    SETTINGS: ClassVar[tuple[str, ...]] = ("openai_url", "openai_model", "openai_voice")

    def __init__(self, settings: Settings) -> None:
        self._service = Service(settings.openai_url, settings.openai_timeout)
        self._breaker = Breaker()
        self._request: dict[str, str | float] = {
            "model": settings.openai_model,
            "voice": settings.openai_voice,
            "response_format": "wav",
        }
        key = _key(settings)
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        # The gpt models take `speed` and do not follow it.
        self.rates = NO_RATE if settings.openai_model.startswith("gpt-") else ANY_RATE

    @classmethod
    def check(cls, settings: Settings) -> None:
        local = is_local(settings.openai_url)
        if not local and not settings.openai_url.startswith("https://"):
            raise EngineUnavailable(
                f"{settings.openai_url} would carry the key and the text unencrypted; write https:// in `openai_url`."
            )
        if not _key(settings) and not local:
            raise EngineUnavailable(
                f"The environment has no {settings.openai_key_variable}. Export it before the daemon starts "
                "(`yomiage daemon stop`, then `start`), or name another variable in `openai_key_variable`."
            )

    def synthesize(self, text: str, rate: float = 1.0) -> AudioClip:
        said = "".join(parts(text, 4096))  # the interface's limit, far beyond ours
        if not said:
            return AudioClip(shaping.silence())
        self._breaker.check()
        request = {**self._request, "input": said}
        if rate != 1:
            request["speed"] = rate
        try:
            sound = self._service.ask("POST", PATH, self._service.deadline(), json=request, headers=self._headers)
        except Unreachable as error:
            self._breaker.failed(str(error), error.requested_pause)
            raise
        self._breaker.succeeded()
        return AudioClip(shaping.trim(wav.decode(sound)))


def _key(settings: Settings) -> str:
    """The key; "" where there is none that a header may hold."""
    key = os.environ.get(settings.openai_key_variable, "").strip()
    return key if key.isascii() and key.isprintable() else ""
