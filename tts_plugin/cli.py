"""The `yomiage` command."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tts_plugin import __version__, client, paths, runtime
from tts_plugin.errors import DaemonUnreachable, RequestRefused, YomiageError

SUCCESS, FAILURE = 0, 1
SPEAK_SECONDS = 620.0
ENGINE_SECONDS = 300.0
LEAVE_SECONDS = 10.0


def main(arguments: Sequence[str] | None = None) -> int:
    """0 on success, 1 on failure, 2 on wrong use."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
        sys.stdout.flush()
        return code
    except YomiageError as error:
        print(f"yomiage: {error}", file=sys.stderr)
    except BrokenPipeError:
        # The reader of a pipe left; what is still buffered has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        print(file=sys.stderr)
    return FAILURE


def _say(options: argparse.Namespace) -> int:
    text = _text(options.text)
    if options.output is not None:
        file = str(Path(options.output).absolute())
        reply = _request("render", timeout=ENGINE_SECONDS, text=text, file=file)
        print(f"{options.output} ({reply['seconds']:.1f} s)", file=sys.stderr)
    else:
        _request("say", timeout=SPEAK_SECONDS, text=text, wait=options.wait)
    return SUCCESS


def _translate(options: argparse.Namespace) -> int:
    reply = _request("translate", timeout=ENGINE_SECONDS, text=_text(options.text), engine=options.engine)
    for sentence in reply["sentences"]:
        print(sentence["text"])
    untranslated = [s["source"] for s in reply["sentences"] if s["engine"] is None]
    if untranslated:
        why = "; ".join(f"{n}: {e['reason']}" for n, e in reply["engines"].items() if e["reason"])
        print(
            f"yomiage: no engine could translate: {untranslated[0]} ({why or 'none knows it'})",
            file=sys.stderr,
        )
        return FAILURE
    return SUCCESS


def _clean(options: argparse.Namespace) -> int:
    if options.file in (None, "-"):
        text = sys.stdin.buffer.read().decode("utf-8", "replace")
    else:
        try:
            text = Path(options.file).read_bytes().decode("utf-8", "replace")
        except OSError as error:
            raise YomiageError(f"{options.file} cannot be read: {error.strerror}.") from error
    if text.strip():
        for sentence in _request("clean", timeout=30, text=text)["sentences"]:
            print(sentence)
    return SUCCESS


def _status(options: argparse.Namespace) -> int:
    from tts_plugin import report

    try:
        reply = {"running": True, **_request("status", timeout=5, start=False)}
    except DaemonUnreachable as error:
        reply = {"running": False, "reason": str(error)}
    print(json.dumps(reply, ensure_ascii=False, indent=2)) if options.json else report.show_status(reply)
    return SUCCESS


def _doctor(options: argparse.Namespace) -> int:
    from tts_plugin import doctor, report

    checks = doctor.examine()
    if options.json:
        print(json.dumps({"checks": [check.as_dict() for check in checks]}, ensure_ascii=False, indent=2))
    else:
        report.show_checks(checks)
    return FAILURE if any(check.level == "problem" for check in checks) else SUCCESS


def _switch(options: argparse.Namespace) -> int:
    from tts_plugin import settings

    settings.set_enabled(options.enabled)
    if not options.enabled:
        _request_if_running("stop")  # at once, even where the file system does not tell of edits
    print("on" if options.enabled else "off")
    return SUCCESS


def _stop(options: argparse.Namespace) -> int:
    _request_if_running("stop")
    return SUCCESS


def _replay(options: argparse.Namespace) -> int:
    _request("replay", timeout=SPEAK_SECONDS, wait=options.wait)
    return SUCCESS


def _pipe(options: argparse.Namespace) -> int:
    from tts_plugin import narrate

    return narrate.pipe(sys.stdin.fileno(), wait=options.wait)


def _ask(options: argparse.Namespace) -> int:
    from tts_plugin import narrate

    return narrate.ask(" ".join(options.prompt), wait=options.wait)


def _selftest(options: argparse.Namespace) -> int:
    from tts_plugin import selftest

    return selftest.run(as_json=options.json)


def _voices(options: argparse.Namespace) -> int:
    from tts_plugin import voices

    return voices.run(play=options.play, as_json=options.json)


def _devices(options: argparse.Namespace) -> int:
    from tts_plugin import report

    devices = _request("devices", timeout=30)["devices"]
    if options.json:
        print(json.dumps({"devices": devices}, ensure_ascii=False, indent=2))
    else:
        report.show_devices(devices)
    return SUCCESS


def _model(options: argparse.Namespace) -> int:
    from tts_plugin import settings

    name = options.name or settings.load()[0].model
    return _run_module("daemon.translation.download", name, then_reload=True)


def _bench(options: argparse.Namespace) -> int:
    arguments = ["--rounds", str(options.rounds), *(["--quick"] if options.quick else [])]
    arguments += [*(["--json"] if options.json else []), *(["--png", options.png] if options.png else [])]
    return _run_module("daemon.bench", *arguments, then_reload=False)


def _daemon(options: argparse.Namespace) -> int:
    if options.action == "run":
        os.execv(sys.executable, [sys.executable, "-I", "-m", "daemon"])
    if options.action == "start":
        print(f"running, process {_request('status', timeout=10)['pid']}")
    elif _request_if_running("shutdown"):
        _wait_for_leave()
        print("stopped")
    else:
        print("not running")
    return SUCCESS


def _request(command: str, *, timeout: float, start: bool = True, **fields: Any) -> dict[str, Any]:
    from tts_plugin import protocol  # json; kept from commands that need no daemon

    return protocol.request(command, timeout=timeout, start=start, **fields)


def _request_if_running(command: str) -> bool:
    from tts_plugin import protocol

    try:
        protocol.request(command, timeout=5, start=False)
    except DaemonUnreachable as error:
        if isinstance(error.__cause__, client.ABSENT):
            return False
        raise
    except RequestRefused as error:
        if error.code != protocol.ErrorCode.RESTART.value:
            raise
    return True


def _run_module(module: str, *arguments: str, then_reload: bool) -> int:
    """Runs a part of the daemon's side as a process of its own: nothing here imports it."""
    import subprocess

    code = subprocess.run([sys.executable, "-I", "-m", module, *arguments], check=False).returncode
    if code == 0 and then_reload:
        _request_if_running("reload")
    return SUCCESS if code == 0 else FAILURE


def _wait_for_leave() -> None:
    # The lock goes last: when it is gone, so is all of the daemon.
    lock = Path(runtime.lock_path())
    deadline = time.monotonic() + LEAVE_SECONDS
    while lock.exists():
        if time.monotonic() > deadline:
            raise YomiageError(
                f"The daemon has not left {LEAVE_SECONDS:.0f} s after it was told to; see {paths.log_file()}."
            )
        time.sleep(0.02)


def _text(words: list[str]) -> str:
    text = sys.stdin.read() if words == ["-"] else " ".join(words)
    if not text.strip():
        raise YomiageError("There is nothing to say: the text is empty.")
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="yomiage",
        formatter_class=lambda prog: argparse.HelpFormatter(prog, max_help_position=28),
        description="Hear, in Japanese, what Claude Code writes.",
        epilog="Settings: ~/.config/yomiage/settings.json. Something wrong? See `yomiage doctor`.",
    )
    parser.add_argument("--version", action="version", version=f"yomiage {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, run: Any, help: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=help, description=help[0].upper() + help[1:] + ".")
        made.set_defaults(run=run)
        return made

    def wait_option(made: argparse.ArgumentParser) -> None:
        made.add_argument("--wait", action="store_true", help="return when it has been heard")

    say = command("say", _say, "speak a text in Japanese")
    say.add_argument("text", nargs="+", metavar="TEXT", help="the text, Markdown or plain; - reads standard input")
    say.add_argument("--output", metavar="FILE.wav", help="write the speech to a file instead of the loudspeaker")
    wait_option(say)
    translate = command("translate", _translate, "print a text in Japanese")
    translate.add_argument("text", nargs="+", metavar="TEXT", help="the text; - reads standard input")
    translate.add_argument(
        "--engine", metavar="NAME", help="by this engine alone, in the settings or not, and not from the cache"
    )
    clean = command("clean", _clean, "print the sentences that would be spoken, one a line, untranslated")
    clean.add_argument("file", nargs="?", metavar="FILE", help="a Markdown file; standard input without it")
    wait_option(command("replay", _replay, "speak the last reply again"))
    command("stop", _stop, "cut the speech and drop what is waiting")
    command("on", _switch, "switch narration on").set_defaults(enabled=True)
    command("off", _switch, "switch narration off, in mid-word").set_defaults(enabled=False)
    status = command("status", _status, "show what the daemon is doing, and its latest timings")
    status.add_argument("--json", action="store_true", help="for programs")
    doctor = command("doctor", _doctor, "check every part and name the cure for what is wrong")
    doctor.add_argument("--json", action="store_true", help="for programs")
    wait_option(
        command(
            "pipe",
            _pipe,
            "speak Claude's output from standard input (JSON, stream-json or text) as it arrives",
        )
    )
    ask = command("ask", _ask, "ask Claude (`claude -p`), print the answer and speak it")
    ask.add_argument("prompt", nargs="+", metavar="PROMPT")
    wait_option(ask)
    selftest = command(
        "selftest",
        _selftest,
        "speak a greeting, a longer message and several segments, and print their timings",
    )
    selftest.add_argument("--json", action="store_true", help="for programs")
    voices = command("voices", _voices, "list the voices and what hinders those that cannot run")
    voices.add_argument("--play", action="store_true", help="hear a sample of each that can run")
    voices.add_argument("--json", action="store_true", help="for programs")
    devices = command("devices", _devices, "list the sound devices; the setting output_device chooses one")
    devices.add_argument("--json", action="store_true", help="for programs")
    model = command("model", _model, "download the translation model")
    model.add_argument("action", choices=["download"])
    model.add_argument(
        "name", nargs="?", metavar="NAME", help="a model on the hub; the one in settings.json without it"
    )
    bench = command("bench", _bench, "time this machine: translation and speech, now and as Yomiage began")
    bench.add_argument("--rounds", type=int, default=3, metavar="N", help="turns of each way; medians are shown (3)")
    bench.add_argument("--quick", action="store_true", help="a small model with random weights, in seconds")
    bench.add_argument("--json", action="store_true", help="for programs")
    bench.add_argument("--png", metavar="FILE", help="write the averages as a picture, too")
    daemon = command("daemon", _daemon, "start or stop the resident process, or run it in this terminal")
    daemon.add_argument("action", choices=["start", "stop", "run"])
    return parser
