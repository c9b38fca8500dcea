"""Which voice a project has, and when its name is said."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from daemon import projects
from daemon.narration import Narration, Priority, Stage, Timeline
from daemon.projects import Alternation, Projects, voice_of


def begun(session: str, project: str, heard: bool = True) -> Narration:
    narration = Narration(1, "text", Priority.TEXT, session, Timeline(), project=project)
    if heard:
        narration.timeline.mark(Stage.FIRST_AUDIO_OUT)
        narration.timeline.mark(Stage.DONE)
    return narration


def names(*narrations: Narration) -> list[str | None]:
    alternation = Alternation()
    return [alternation.name_to_say(narration) for narration in narrations]


def test_the_closest_directory_chooses_the_voice(home: Path) -> None:
    voices = {"~/work": "openjtalk", "~/work/web/": "kokoro", "/srv": "gtts"}
    assert voice_of(f"{home}/work/web/src", voices) == "kokoro"
    assert voice_of(f"{home}/work/website", voices) == "openjtalk"
    assert voice_of(f"{home}/play", voices) is None
    assert voice_of("", voices) is None


def test_a_session_stays_in_the_project_where_it_was_first_seen() -> None:
    known = Projects()
    assert known.of("a", "/work/api") == known.of("a", "/work/api/src") == known.of("a", "") == "/work/api"
    assert known.of("b", "/work/web") == "/work/web"


def test_a_name_is_said_where_sessions_alternate_and_once() -> None:
    api, web = ("a", "/work/api"), ("b", "/work/web")
    assert names(begun(*api), begun(*api), begun(*web), begun(*web), begun(*api)) == [None, None, "web", None, "api"]


def test_two_sessions_of_one_project_need_no_name() -> None:
    assert names(begun("a", "/work/api"), begun("b", "/work/api")) == [None, None]


def test_the_command_line_has_no_name_and_hides_none() -> None:
    assert names(begun("a", "/work/api"), begun("", ""), begun("b", "/work/web")) == [None, None, "web"]


def test_what_was_not_heard_does_not_count() -> None:
    assert names(begun("a", "/work/api", heard=False), begun("b", "/work/web")) == [None, None]


def test_after_a_long_silence_no_name_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    alternation = Alternation()
    alternation.name_to_say(begun("a", "/work/api"))
    now = time.time()
    monkeypatch.setattr(projects.time, "time", lambda: now + 301)
    later = begun("b", "/work/web", heard=False)
    assert alternation.name_to_say(later) is None
