"""A VOICEVOX engine on loopback, after the published interface of VOICEVOX ENGINE 0.2x (its OpenAPI document).

GET /speakers, POST /initialize_speaker (204), POST /audio_query (text and speaker in the query; 422 without),
POST /synthesis (speaker in the query, the AudioQuery as JSON; WAV). The voice is Open JTalk's, the speaker is not
heard; speedScale, outputSamplingRate and outputStereo are followed.
"""

from __future__ import annotations

from tests.rig.speech_service import Answer, Request, SpeechService, wav

SPEAKERS = [
    {
        "name": "四国めたん",
        "speaker_uuid": "7ffcb7ce-00ec-4bdc-82cd-45a8889e43ff",
        "version": "0.16.0",
        "styles": [{"name": "ノーマル", "id": 2, "type": "talk"}, {"name": "歌", "id": 3003, "type": "sing"}],
    },
    {
        "name": "ずんだもん",
        "speaker_uuid": "388f246b-8c41-4ac1-8e2d-5d79f3ff56d9",
        "version": "0.16.0",
        "styles": [{"name": "ノーマル", "id": 3}],
    },
]
_NEEDED = ("accent_phrases", "speedScale", "pitchScale", "intonationScale", "volumeScale", "prePhonemeLength")


class VoicevoxEngine(SpeechService):
    speech_path = "/synthesis"

    def __init__(self, initializes: bool = True) -> None:
        super().__init__()
        self._initializes = initializes
        """False for an engine without /initialize_speaker."""

    def answer(self, request: Request) -> Answer:
        match request.method, request.path:
            case "GET", "/speakers":
                return Answer.json(SPEAKERS)
            case "POST", "/initialize_speaker" if self._initializes:
                return Answer(204) if "speaker" in request.query else Answer.json({"detail": []}, 422)
            case "POST", "/audio_query":
                return self._query(request)
            case "POST", "/synthesis":
                return self._synthesis(request)
        return Answer.json({"detail": "Not Found"}, 404)

    def _query(self, request: Request) -> Answer:
        if not {"text", "speaker"} <= set(request.query):
            return Answer.json({"detail": [{"loc": ["query", "text"], "type": "missing"}]}, 422)
        return Answer.json(
            {
                # The real one holds moras here; that the text comes back with the query is what counts.
                "accent_phrases": [{"moras": [], "accent": 1, "text": request.query["text"]}],
                "speedScale": 1.0,
                "pitchScale": 0.0,
                "intonationScale": 1.0,
                "volumeScale": 1.0,
                "prePhonemeLength": 0.1,
                "postPhonemeLength": 0.1,
                "pauseLength": None,
                "pauseLengthScale": 1,
                "outputSamplingRate": 24_000,
                "outputStereo": False,
                "kana": "",
            }
        )

    def _synthesis(self, request: Request) -> Answer:
        query = request.body
        if "speaker" not in request.query or not all(name in query for name in _NEEDED):
            return Answer.json({"detail": []}, 422)
        text = "".join(phrase["text"] for phrase in query["accent_phrases"])
        sound = wav(text, query["outputSamplingRate"], query["speedScale"], 2 if query["outputStereo"] else 1)
        return Answer(200, sound, "audio/wav")
