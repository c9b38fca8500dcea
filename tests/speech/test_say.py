"""macOS's voice, by a script that takes and gives what the manual page of `say` says."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from daemon.narration import SAMPLE_RATE
from daemon.speech import say as say_module
from daemon.speech.say import Say
from tests.rig.ear import Ear, error_rate
from tests.rig.say import LEVER
from tests.rig.say import Say as Command
from tts_plugin.errors import EngineFailed, EngineUnavailable
from tts_plugin.settings import Settings

SENTENCE = "テストが全て成功しました。次に、設定ファイルを更新します。"


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", f"{directory}{os.pathsep}{os.environ['PATH']}")
    return Command(directory)


def test_a_sentence_is_understood(command: Command, ear: Ear) -> None:
    clip = Say(Settings()).synthesize(SENTENCE)
    assert error_rate(ear.transcribe(clip.samples, SAMPLE_RATE), SENTENCE) < 0.2


def test_the_text_is_not_among_the_arguments(command: Command) -> None:
    Say(Settings()).synthesize(SENTENCE)
    [call] = command.calls
    assert call["text"] == SENTENCE
    assert not any("テスト" in argument for argument in call["arguments"])
    assert call["arguments"][:2] == ["-v", "Kyoko"]


def test_embedded_commands_are_not_obeyed(command: Command) -> None:
    assert Say(Settings()).synthesize("[[volm 0]]終わりました。[[rset 0]]").seconds > 0.5


def test_a_voice_that_is_not_there_is_told_with_the_cure(command: Command) -> None:
    with pytest.raises(EngineUnavailable, match="Spoken Content"):
        Say(Settings(say_voice="Otoya"))


@pytest.mark.parametrize(
    ("lever", "told"),
    [("fail", "ended with 1: say: the voice cannot be opened"), ("nothing", "no sound file"), ("empty", "no WAV")],
)
def test_a_failure_is_told(command: Command, monkeypatch: pytest.MonkeyPatch, lever: str, told: str) -> None:
    voice = Say(Settings())
    monkeypatch.setenv(LEVER, lever)
    with pytest.raises(EngineFailed, match=told):
        voice.synthesize(SENTENCE)


def test_a_command_that_hangs_is_given_up(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    voice = Say(Settings())
    (command.directory / "say").write_text("#!/bin/sh\nexec tail -f /dev/null\n", encoding="utf-8")
    monkeypatch.setattr(say_module, "SECONDS", 0.2)
    with pytest.raises(EngineFailed, match=r"within 0\.2 s"):
        voice.synthesize(SENTENCE)


def test_nothing_to_speak_starts_nothing(command: Command) -> None:
    assert Say(Settings()).synthesize("……。").seconds == 0
    assert command.calls == []


def test_elsewhere_than_on_macos_check_says_so(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(EngineUnavailable, match="macOS only"):
        Say.check(Settings())
    monkeypatch.setattr(sys, "platform", "darwin")
    Say.check(Settings())
