"""VOICEVOX, AivisSpeech and every engine with VOICEVOX's HTTP interface, where the user has started one."""

from __future__ import annotations

import json
import time
from typing import Any, ClassVar

from daemon.narration import SAMPLE_RATE, AudioClip
from daemon.speech import shaping, wav
from daemon.speech.breaker import Breaker
from daemon.speech.http import Service, Unreachable, is_local
from daemon.speech.parts import parts
from daemon.speech.shaping import Samples
from tts_plugin.errors import EngineFailed, EngineUnavailable
from tts_plugin.settings import Settings

LONGEST_PART = 200
CHECK_SECONDS = 2.0
PAUSE_SECONDS = 0.2


class Voicevox:
    """Two requests a part: `audio_query` makes the reading, `synthesis` the sound. Nothing is started here."""

    reads_latin: ClassVar[bool] = False
    SETTINGS: ClassVar[tuple[str, ...]] = ("voicevox_url", "voicevox_speaker")
    rates = (0.5, 2.0)
    """What the engines' own editors offer."""

    def __init__(self, settings: Settings) -> None:
        self._service = Service(settings.voicevox_url, settings.voicevox_timeout)
        self._breaker = Breaker()
        self._speaker = _speaker(self._service, settings.voicevox_speaker)
        try:
            # The engine loads a speaker at its first sentence; this one nobody waits for. Not every engine has it.
            self._ask("POST", "/initialize_speaker", params={"speaker": self._speaker, "skip_reinit": "true"})
        except EngineFailed:
            self.synthesize("はい。")

    @classmethod
    def check(cls, settings: Settings) -> None:
        if not is_local(settings.voicevox_url) and not settings.voicevox_remote:
            raise EngineUnavailable(
                f"{settings.voicevox_url} is not this machine, and the text would leave it: "
                'set "voicevox_remote": true where that is meant.'
            )
        _speaker(Service(settings.voicevox_url, CHECK_SECONDS), settings.voicevox_speaker)

    def synthesize(self, text: str, rate: float = 1.0) -> AudioClip:
        pieces = parts(text, LONGEST_PART)
        if not pieces:
            return AudioClip(shaping.silence())
        self._breaker.check()
        deadline = self._service.deadline()
        try:
            clips = [self._speak(piece, rate, deadline) for piece in pieces]
        except Unreachable as error:
            self._breaker.failed(str(error), error.requested_pause)
            raise
        self._breaker.succeeded()
        return AudioClip(shaping.join(clips, PAUSE_SECONDS))

    def _speak(self, text: str, rate: float, deadline: float) -> Samples:
        speaker = {"speaker": self._speaker}
        query = _json(self._ask("POST", "/audio_query", deadline, params={"text": text, **speaker}))
        if not isinstance(query, dict) or "accent_phrases" not in query:
            raise EngineFailed(f"{self._service.url} answered audio_query without accent phrases.")
        query |= {"speedScale": rate, "outputSamplingRate": SAMPLE_RATE, "outputStereo": False}
        sound = self._ask("POST", "/synthesis", deadline, params=speaker, json=query)
        return shaping.trim(wav.decode(sound))

    def _ask(self, method: str, path: str, deadline: float | None = None, **what: Any) -> bytes:
        return self._service.ask(method, path, self._service.deadline() if deadline is None else deadline, **what)


def _speaker(service: Service, wanted: int | None) -> int:
    """The style to speak in: the wanted one, or the first that the engine has. EngineUnavailable without either."""
    try:
        answer = _json(service.ask("GET", "/speakers", min(service.deadline(), time.monotonic() + CHECK_SECONDS)))
        styles = {
            int(style["id"]): f"{speaker['name']} {style['name']}"
            for speaker in answer
            for style in speaker["styles"]
            if style.get("type", "talk") == "talk"
        }
    except EngineFailed as error:
        raise EngineUnavailable(
            f"No VOICEVOX engine: {error} Start VOICEVOX, AivisSpeech or another with its interface, "
            "or correct `voicevox_url`."
        ) from error
    except (TypeError, LookupError, ValueError, AttributeError) as error:
        raise EngineUnavailable(
            f"{service.url} does not answer as VOICEVOX does; correct `voicevox_url` in settings.json."
        ) from error
    if wanted is None and styles:
        return next(iter(styles))
    if wanted is None or wanted not in styles:
        some = ", ".join(f"{number} {name}" for number, name in list(styles.items())[:8])
        raise EngineUnavailable(f"The engine has no speaker {wanted}; `voicevox_speaker` is one of: {some or 'none'}.")
    return wanted


def _json(answer: bytes) -> Any:
    try:
        return json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise EngineFailed("the answer is no JSON.") from error
