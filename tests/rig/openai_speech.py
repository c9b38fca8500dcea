"""OpenAI's speech service on loopback, after its published interface: POST /v1/audio/speech.

`model`, `input` and `voice` are needed (400 without); `response_format` and `speed` (0.25 to 4) are followed. A
wrong key is answered 401. The WAV is as OpenAI streams it: chunked lengths unknown to its header, 24 kHz.
"""

from __future__ import annotations

from tests.rig.speech_service import Answer, Request, SpeechService, wav

PATH = "/v1/audio/speech"


class OpenAISpeech(SpeechService):
    speech_path = PATH

    def __init__(self, key: str | None = None) -> None:
        super().__init__()
        self._key = key
        """None for a service that asks for none, as those on one's own machine do."""

    def answer(self, request: Request) -> Answer:
        if (request.method, request.path) != ("POST", PATH):
            return Answer.json({"error": {"message": "Unknown request URL"}}, 404)
        if self._key is not None and request.headers.get("authorization") != f"Bearer {self._key}":
            return Answer.json({"error": {"message": "Incorrect API key provided"}}, 401)
        asked = request.body
        if not {"model", "input", "voice"} <= set(asked) or not 0.25 <= asked.get("speed", 1) <= 4:
            return Answer.json({"error": {"message": "invalid"}}, 400)
        if asked.get("response_format", "mp3") != "wav":
            return Answer.json({"error": {"message": "this one speaks WAV only"}}, 400)
        speed = 1.0 if asked["model"].startswith("gpt-") else asked.get("speed", 1.0)
        return Answer(200, streamed(wav(asked["input"], 24_000, speed)), "audio/wav")


def streamed(whole: bytes) -> bytes:
    """The WAV with the lengths that a writer gives who does not know them yet."""
    unknown = b"\xff\xff\xff\xff"
    assert whole[36:40] == b"data"
    return whole[:4] + unknown + whole[8:40] + unknown + whole[44:]
