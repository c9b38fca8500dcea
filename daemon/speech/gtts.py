"""Google Translate's voice: natural, and only with a network."""

from __future__ import annotations

import importlib.util
import logging
import queue
import threading
import time
from http.cookiejar import DefaultCookiePolicy
from typing import ClassVar

from urllib3.exceptions import ProtocolError

from daemon.narration import AudioClip
from daemon.speech import batchexecute, mp3, shaping
from daemon.speech.breaker import Breaker
from daemon.speech.parts import parts
from daemon.speech.shaping import Samples
from tts_plugin.errors import EngineFailed, EngineUnavailable
from tts_plugin.settings import Settings

PATH = "/_/TranslateWebserverUi/data/batchexecute"
PARALLEL = 4
"""Requests of one sentence that are on their way at once: 400 characters."""
CONNECT_SECONDS = 2.0
PAUSE_SECONDS = 0.2
"""Silence between two parts of one sentence, which are cut after 。 or 、."""
LARGEST_REPLY = 8 << 20
"""Bytes of one reply; 100 characters of speech take about 60 kB."""


class Gtts:
    """gTTS packs the requests; they travel over one pooled session, TLS verified, with time limits.

    (gTTS's own `stream()` opens a connection for each part, with `verify=False` and no limit.)
    """

    reads_latin: ClassVar[bool] = True

    def __init__(self, settings: Settings) -> None:
        import gtts
        import requests

        # It logs what it is given, word for word, where the log level is debug.
        logging.getLogger("gtts").setLevel(logging.WARNING)
        self._gtts = gtts.gTTS
        self._requests = requests
        self._host = settings.gtts_url
        self._seconds = settings.gtts_timeout
        self._breaker = Breaker()
        self._session = requests.Session()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = requests.adapters.HTTPAdapter(pool_connections=2, pool_maxsize=PARALLEL, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    @classmethod
    def check(cls, settings: Settings) -> None:
        for module in ("gtts", "requests", "miniaudio"):
            if importlib.util.find_spec(module) is None:
                raise EngineUnavailable(
                    f"The package {module} is not installed. "
                    "Run install.sh again, or leave gtts out of `voices` in settings.json."
                )

    def synthesize(self, text: str) -> AudioClip:
        pieces = parts(text, self._gtts.GOOGLE_TTS_MAX_CHARS)
        if not pieces:
            return AudioClip(shaping.silence())
        self._breaker.check()
        packed = self._gtts("".join(pieces), lang="ja", lang_check=False, tokenizer_func=lambda _: pieces)
        try:
            clips = self._fetch(packed.get_bodies())
        except Unreachable as error:
            self._breaker.failed(str(error), error.requested_pause)
            raise
        self._breaker.succeeded()
        return AudioClip(shaping.join(clips, PAUSE_SECONDS))

    def _fetch(self, bodies: list[str]) -> list[Samples]:
        """The clips of all request bodies, asked for side by side; whatever is late is given up."""
        deadline = time.monotonic() + self._seconds
        waiting: queue.SimpleQueue[tuple[int, str]] = queue.SimpleQueue()
        for numbered in enumerate(bodies):
            waiting.put(numbered)
        answers: queue.SimpleQueue[tuple[int, Samples | Exception]] = queue.SimpleQueue()
        for _ in range(min(PARALLEL, len(bodies))):
            # Daemon threads of our own, for the system's resolver knows no time limit: a thread that hangs
            # in it must hold neither the sentence nor, as a pool's would, the end of the process.
            threading.Thread(
                target=self._ask_all, args=(waiting, answers, deadline), name="gtts request", daemon=True
            ).start()
        clips: dict[int, Samples] = {}
        while len(clips) < len(bodies):
            try:
                index, answer = answers.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise self._too_late() from None
            if isinstance(answer, Exception):
                raise answer
            clips[index] = answer
        return [clips[index] for index in range(len(bodies))]

    def _ask_all(
        self,
        waiting: queue.SimpleQueue[tuple[int, str]],
        answers: queue.SimpleQueue[tuple[int, Samples | Exception]],
        deadline: float,
    ) -> None:
        while True:
            try:
                index, body = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                reply = self._post(body, deadline)
                answers.put((index, shaping.trim(mp3.decode(batchexecute.audio(reply)))))
            except Exception as error:  # noqa: BLE001 - the thread's root; the waiting sentence gets it
                answers.put((index, error))
                return

    def _post(self, body: str, deadline: float) -> bytes:
        errors = self._requests.exceptions
        try:
            try:
                return self._post_once(body, deadline)
            except errors.ConnectionError as error:
                # A kept connection may have been closed by the other side just now: once more, on a fresh one.
                if not isinstance(error.args[0] if error.args else None, ProtocolError):
                    raise
                return self._post_once(body, deadline)
        except errors.Timeout as error:
            raise self._too_late() from error
        except errors.SSLError as error:
            raise Unreachable(f"The certificate of {self._host} was refused, so nothing was sent.") from error
        except errors.RequestException as error:
            raise Unreachable(f"{self._host} cannot be reached ({type(error).__name__}).") from error

    def _post_once(self, body: str, deadline: float) -> bytes:
        left = deadline - time.monotonic()
        if left <= 0:
            raise self._too_late()
        with self._session.post(
            self._host + PATH,
            data=body,
            headers=self._gtts.GOOGLE_TTS_HEADERS,
            timeout=(min(CONNECT_SECONDS, left), left),
            stream=True,
            allow_redirects=False,  # the text goes where the settings say, and nowhere else
        ) as response:
            if response.status_code != 200:
                pause = batchexecute.requested_pause(response.headers.get("Retry-After"))
                raise Unreachable(f"{self._host} answered {response.status_code} {response.reason}.", pause)
            reply = bytearray()
            for chunk in response.iter_content(1 << 16):
                reply += chunk
                if len(reply) > LARGEST_REPLY:
                    raise Unreachable(f"{self._host} sent more than {LARGEST_REPLY} bytes for one sentence.")
                if time.monotonic() > deadline:
                    raise self._too_late()
            return bytes(reply)

    def _too_late(self) -> Unreachable:
        return Unreachable(f"{self._host} did not answer within {self._seconds:g} s.")


class Unreachable(EngineFailed):
    """The service, not the sentence, is what failed: the next sentence would fare no better."""

    def __init__(self, message: str, requested_pause: float = 0.0) -> None:
        super().__init__(message)
        self.requested_pause = requested_pause
