"""The command line, as a person uses it."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np
import pytest

from tests.rig.claude import ClaudeCode
from tests.rig.ear import Ear, error_rate
from tests.rig.messages_api import MessagesApi, Reply
from tests.rig.sound import Recorder
from tests.rig.user import User


def test_say_is_heard(user: User, recorder: Recorder, ear: Ear) -> None:
    done = user.run("say", "--wait", "Hello,", "how are you today?")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    heard = ear.transcribe(recorder.samples())
    assert error_rate(heard, "こんにちは。今日の調子はいかがですか？") < 0.3, heard


def test_say_writes_a_file(user: User, ear: Ear) -> None:
    done = user.run("say", "All tests pass.", "--output", "spoken.wav")
    assert done.returncode == 0, done.stderr
    with wave.open(str(user.home / "spoken.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 48_000)
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    assert "テスト" in ear.transcribe(samples)


def test_say_to_a_missing_folder_says_so(user: User) -> None:
    done = user.run("say", "Done.", "--output", "no/such/folder/a.wav")
    assert done.returncode == 1 and "no/such/folder" in done.stderr and "Traceback" not in done.stderr


def test_say_without_a_loudspeaker_says_why(user: User) -> None:
    user.environment["PULSE_SERVER"] = "unix:/nowhere"
    done = user.run("say", "--wait", "Done.")
    assert done.returncode == 1 and "No sound" in done.stderr and '"wav"' in done.stderr


def test_translate_prints_japanese(user: User) -> None:
    user.warm()
    done = user.run("translate", "Nobody could hear it, because it had no voice.")
    assert (done.returncode, done.stdout) == (0, "声がなかったので、誰にも聞こえませんでした。\n")


def test_translate_by_one_engine_asks_no_other(user: User) -> None:
    user.settings(translators=["phrasebook"])
    stock, other = "All tests pass.", "Nobody could hear it, because it had no voice."
    user.run("model", "download")
    by_model = user.run("translate", "--engine", "nllb", other)
    assert (by_model.returncode, by_model.stdout) == (0, "声がなかったので、誰にも聞こえませんでした。\n")
    by_table = user.run("translate", "--engine", "phrasebook", stock, other)
    assert (by_table.returncode, len(by_table.stdout.splitlines())) == (1, 2)
    assert other in by_table.stderr
    wrong = user.run("translate", "--engine", "babelfish", stock)
    assert wrong.returncode == 1 and "nllb_torch" in wrong.stderr and "Traceback" not in wrong.stderr


def test_translate_says_why_it_cannot(user: User) -> None:
    user.settings(model="facebook/nllb-200-distilled-600M")
    done = user.run("translate", "The quick brown zebra refactors the parser.")
    assert done.returncode == 1
    assert done.stdout == "The quick brown zebra refactors the parser.\n", "spoken as it is"
    assert "yomiage model download" in done.stderr


def test_clean_prints_a_sentence_a_line(user: User) -> None:
    text = "## Done\n\nI fixed **the bug** in `client.py`. See https://example.com/a?b=c for more.\n\n```sh\nls\n```\n"
    done = user.run("clean", stdin=text.encode())
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "Done." and lines[1] == "I fixed the bug in client.py."
    assert "example.com" in lines[2] and "?b=c" not in done.stdout and "ls" not in done.stdout.split()
    file = user.home / "message.md"
    file.write_text(text)
    assert user.run("clean", str(file)).stdout == done.stdout


def test_clean_of_nothing_prints_nothing(user: User) -> None:
    assert (user.run("clean", stdin=b" \n").returncode, user.run("clean", stdin=b"").stdout) == (0, "")


def test_clean_of_a_missing_file_says_so(user: User) -> None:
    done = user.run("clean", "no-such-file.md")
    assert done.returncode == 1 and "no-such-file.md" in done.stderr


def test_pipe_speaks_a_message(user: User, recorder: Recorder, ear: Ear) -> None:
    message = b'{"content":[{"type":"text","text":"Hello, how are you today?"}]}'
    done = user.run("pipe", "--wait", stdin=message)
    assert done.returncode == 0, done.stderr
    heard = ear.transcribe(recorder.samples())
    assert error_rate(heard, "こんにちは。今日の調子はいかがですか？") < 0.3, heard


def test_pipe_of_nothing_fails_and_says_so(user: User) -> None:
    done = user.run("pipe", stdin=b"")
    assert done.returncode == 1 and "nothing came" in done.stderr


def test_pipe_speaks_a_captured_stream(user: User, recorder: Recorder) -> None:
    stream = (Path(__file__).parents[1] / "samples/stream_partial.jsonl").read_bytes()
    user.settings(output="wav")
    assert user.run("pipe", "--wait", stdin=stream).returncode == 0
    assert user.status()["narrations"]


def test_selftest_prints_timings(user: User) -> None:
    user.settings(output="wav")
    done = user.run("selftest", "--json")
    assert done.returncode == 0, done.stderr
    timings = json.loads(done.stdout)
    assert set(timings) == {"greeting", "longer message", "several segments"}
    assert all(steps["to first sound"] > 0 for steps in timings.values())
    assert "several segments" in user.run("selftest").stdout


def test_status_for_people_and_for_programs(user: User) -> None:
    assert "not running" in user.run("status").stdout
    user.settings(output="wav")
    user.run("say", "--wait", "Done.")
    assert "openjtalk" in user.run("status").stdout
    status = user.status()
    assert status["running"] and status["narrations"][0]["stages"]["done"]


def test_doctor_names_every_part_and_its_cure(user: User) -> None:
    user.settings(model="facebook/nllb-200-distilled-600M")
    done = user.run("doctor", "--json")
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert checks["daemon"]["level"] == checks["voice openjtalk"]["level"] == "ok"
    assert checks["translator nllb"]["level"] == "warning" and "model download" in checks["translator nllb"]["detail"]
    assert checks["plugin"]["level"] == "warning" and "Claude Code" in checks["plugin"]["detail"]
    assert "voice openjtalk" in user.run("doctor").stdout


def test_doctor_fails_where_nothing_can_be_spoken(user: User) -> None:
    (user.home / ".config/yomiage/settings.json").write_text("{")
    done = user.run("doctor")
    assert done.returncode == 1 and "line 1" in done.stdout


def test_ask_prints_and_speaks(
    user: User, claude: ClaudeCode, messages_api: MessagesApi, recorder: Recorder, ear: Ear
) -> None:
    messages_api.script("greet me", Reply("Hello, how are you today?\n\n```sh\nls\n```"))
    path = f"{claude.claude.parent}:{user.environment['PATH']}:{claude.environment['PATH']}"
    user.environment = {**claude.environment, **user.environment, "PATH": path}
    done = user.run("ask", "--wait", "greet", "me")
    assert done.returncode == 0 and done.stdout.startswith("Hello, how are you today?\n"), done.stderr
    heard = ear.transcribe(recorder.samples())
    assert error_rate(heard, "こんにちは。今日の調子はいかがですか？シェルのコードブロックです。") < 0.3, heard


def test_ask_without_claude_says_so(user: User) -> None:
    done = user.run("ask", "hello")
    assert done.returncode == 1 and "install Claude Code" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [[], ["dance"], ["say"], ["translate"], ["ask"], ["daemon"], ["daemon", "jump"], ["model"], ["status", "--yaml"]],
    ids=lambda arguments: " ".join(arguments) or "nothing",
)
def test_wrong_use_exits_2_with_a_usable_message(user: User, arguments: list[str]) -> None:
    done = user.run(*arguments)
    assert done.returncode == 2 and "usage: yomiage" in done.stderr


@pytest.mark.parametrize("text", ["", "  \n"])
def test_nothing_to_say_is_a_failure(user: User, text: str) -> None:
    done = user.run("say", text)
    assert done.returncode == 1 and "empty" in done.stderr


@pytest.mark.parametrize(
    "command",
    "say translate clean status doctor on off stop replay pipe ask selftest model bench daemon".split(),  # noqa: SIM905
)
def test_help_explains_every_command(user: User, command: str) -> None:
    assert f" {command} " in user.run("--help").stdout.replace("\n", " ")
    assert user.run(command, "--help").stdout.startswith(f"usage: yomiage {command}")
