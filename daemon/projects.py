"""The directory that a session works in: whose voice it has, and what it is called."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import PurePath

from daemon.narration import Narration, Stage

MAX_SESSIONS = 256
FORGOTTEN_SECONDS = 300.0
"""After so long in silence a listener takes what comes for what it is; no session needs to be told from another."""
LONGEST_NAME = 40


def voice_of(directory: str, voices: Mapping[str, str]) -> str | None:
    """The voice of the closest of the directories that holds this one; None where none does."""
    if not directory:
        return None
    here = PurePath(os.path.normpath(directory))
    # Path.expanduser would raise at a "~name" of nobody here.
    projects = ((PurePath(os.path.normpath(os.path.expanduser(key))), voice) for key, voice in voices.items())  # noqa: PTH111
    holding = [(len(project.parts), voice) for project, voice in projects if here.is_relative_to(project)]
    return max(holding)[1] if holding else None


class Projects:
    """The directory in which each session was first seen: Claude changes into others as it works."""

    def __init__(self) -> None:
        self._directories: dict[str, str] = {}

    def of(self, session: str, directory: str) -> str:
        if session not in self._directories and directory:
            while len(self._directories) >= MAX_SESSIONS:
                del self._directories[next(iter(self._directories))]
            self._directories[session] = directory
        return self._directories.get(session, directory)


class Alternation:
    """Notices when another project's session begins to speak. One thread may call it, as each narration begins."""

    def __init__(self) -> None:
        self._last: Narration | None = None
        self._latest: Narration | None = None

    def name_to_say(self, narration: Narration) -> str | None:
        """The project's name, where the last one heard was another's, and lately."""
        if not narration.project:
            return None
        if self._latest is not None and Stage.FIRST_AUDIO_OUT.value in self._latest.timeline.as_dict():
            self._last = self._latest
        self._latest = narration
        last = self._last
        if last is None or last.session == narration.session or last.project == narration.project:
            return None
        # Without an end it was interrupted by this one.
        if time.time() - last.timeline.as_dict().get(Stage.DONE.value, time.time()) > FORGOTTEN_SECONDS:
            return None
        return PurePath(narration.project).name[:LONGEST_NAME] or None
