"""Google Translate's voice: natural, and only with a network."""

from __future__ import annotations

import importlib.util
import logging
import queue
import threading
import time
from typing import ClassVar

from daemon.narration import AudioClip
from daemon.speech import batchexecute, mp3, shaping
from daemon.speech.breaker import Breaker
from daemon.speech.engine import NO_RATE
from daemon.speech.http import Service, Unreachable
from daemon.speech.parts import parts
from daemon.speech.shaping import Samples
from tts_plugin.errors import EngineUnavailable
from tts_plugin.settings import Settings

PATH = "/_/TranslateWebserverUi/data/batchexecute"
PARALLEL = 4
"""Requests of one sentence that are on their way at once: 400 characters."""
RETRY_SECONDS = (0.25, 0.75)
"""Pauses before a part is asked for again that was answered 429, where the sentence's time allows."""
ANSWER_SECONDS = 0.3
"""What must be left of the sentence's time after such a pause."""
PAUSE_SECONDS = 0.2
"""Silence between two parts of one sentence, which are cut after 。 or 、."""
PROBE = "はい"
LARGEST_REPLY = 8 << 20
"""Bytes of one reply; 100 characters of speech take about 60 kB."""


class Gtts:
    """gTTS packs the requests; they travel over one pooled session, TLS verified, with time limits.

    (gTTS's own `stream()` opens a connection for each part, with `verify=False` and no limit.)
    """

    reads_latin: ClassVar[bool] = True
    SETTINGS: ClassVar[tuple[str, ...]] = ("gtts_url",)
    rates = NO_RATE

    def __init__(self, settings: Settings) -> None:
        import gtts

        # It logs what it is given, word for word, where the log level is debug.
        logging.getLogger("gtts").setLevel(logging.WARNING)
        self._gtts = gtts.gTTS
        self._service = Service(
            settings.gtts_url, settings.gtts_timeout, connections=PARALLEL, largest_reply=LARGEST_REPLY
        )
        self._breaker = Breaker(probe=self._probe, name="gtts probe")

    @classmethod
    def check(cls, settings: Settings) -> None:
        for module in ("gtts", "requests", "miniaudio"):
            if importlib.util.find_spec(module) is None:
                raise EngineUnavailable(
                    f"The package {module} is not installed. "
                    "Run install.sh again, or leave gtts out of `voices` in settings.json."
                )

    def synthesize(self, text: str, rate: float = 1.0) -> AudioClip:
        pieces = parts(text, self._gtts.GOOGLE_TTS_MAX_CHARS)
        if not pieces:
            return AudioClip(shaping.silence())
        self._breaker.check()
        try:
            clips = self._fetch(self._bodies(pieces))
        except Unreachable as error:
            self._breaker.failed(str(error), error.requested_pause)
            raise
        self._breaker.succeeded()
        return AudioClip(shaping.join(clips, PAUSE_SECONDS))

    def _bodies(self, pieces: list[str]) -> list[str]:
        packed = self._gtts("".join(pieces), lang="ja", lang_check=False, tokenizer_func=lambda _: pieces)
        bodies: list[str] = packed.get_bodies()
        return bodies

    def _probe(self) -> None:
        """Asks for a word of ours, of which nothing depends: a sentence might wait in vain for all of its time."""
        self._fetch(self._bodies([PROBE]))

    def _fetch(self, bodies: list[str]) -> list[Samples]:
        """The clips of all request bodies, asked for side by side; whatever is late is given up."""
        deadline = self._service.deadline()
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
                raise self._service.too_late() from None
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
        for pause in (*RETRY_SECONDS, None):
            try:
                return self._service.ask("POST", PATH, deadline, data=body, headers=self._gtts.GOOGLE_TTS_HEADERS)
            except Unreachable as error:
                if error.status != 429 or pause is None:
                    raise
                pause = max(pause, error.requested_pause)
                if time.monotonic() + pause + ANSWER_SECONDS > deadline:
                    raise
                time.sleep(pause)
        raise AssertionError("unreachable")
