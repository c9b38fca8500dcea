"""macOS's own voice, through its command `say`."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import ClassVar

from daemon.narration import SAMPLE_RATE, AudioClip
from daemon.speech import shaping, wav
from daemon.speech.engine import NO_RATE
from daemon.speech.parts import parts
from tts_plugin.errors import EngineFailed, EngineUnavailable
from tts_plugin.settings import Settings

SECONDS = 20.0
LONGEST_PART = 800

_COMMANDS = re.compile(r"\[\[|\]\]")
"""Embedded speech commands, [[volm 1]]: no text of Claude's may give them."""


class Say:
    """A process a sentence. The text goes through its standard input, so that no list of processes shows it.

    `say -r` counts words a minute from a base that each voice has for itself: the time-scaler is exact.
    """

    reads_latin: ClassVar[bool] = False
    SETTINGS: ClassVar[tuple[str, ...]] = ("say_voice",)
    rates = NO_RATE

    def __init__(self, settings: Settings) -> None:
        self._voice = settings.say_voice
        listed = _run(["say", "-v", "?"]).decode("utf-8", "replace")
        if not any(re.match(rf"{re.escape(self._voice)}\s", line) for line in listed.splitlines()):
            raise EngineUnavailable(
                f"macOS has no voice {self._voice!r}. Download it in System Settings, Accessibility, Spoken Content, "
                "or name another of `say -v '?'` in `say_voice`."
            )

    @classmethod
    def check(cls, settings: Settings) -> None:
        if sys.platform != "darwin":
            raise EngineUnavailable("`say` is a part of macOS only; leave say out of `voices` in settings.json.")
        if shutil.which("say") is None:
            raise EngineUnavailable("/usr/bin/say was not found on the PATH; put /usr/bin on it.")

    def synthesize(self, text: str, rate: float = 1.0) -> AudioClip:
        pieces = parts(text, LONGEST_PART)
        if not pieces:
            return AudioClip(shaping.silence())
        with tempfile.TemporaryDirectory(prefix="yomiage-") as directory:  # 0700
            file = Path(directory) / "speech.wav"
            command = ["say", "-v", self._voice, "-o", str(file), f"--data-format=LEI16@{SAMPLE_RATE}", "-f", "-"]
            _run(command, _COMMANDS.sub(" ", "".join(pieces)).encode())
            try:
                sound = file.read_bytes()
            except OSError as error:
                raise EngineFailed("`say` made no sound file.") from error
        return AudioClip(shaping.trim(wav.decode(sound)))


def _run(command: list[str], text: bytes = b"") -> bytes:
    try:
        done = subprocess.run(command, input=text, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise EngineFailed(f"`say` did not finish within {SECONDS:g} s.") from error
    except OSError as error:
        raise EngineFailed(f"`say` cannot be run ({error.strerror}).") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()[:200]
        raise EngineFailed(f"`say` ended with {done.returncode}: {said or 'no reason given'}")
    return done.stdout
