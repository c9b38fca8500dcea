"""What can be wrong, looked at part by part, each with its cure."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from tts_plugin import paths, protocol, runtime, settings
from tts_plugin.errors import SettingsError, YomiageError

Level = Literal["ok", "warning", "problem"]
CLAUDE_SECONDS = 20


@dataclass(frozen=True)
class Check:
    """One part and how it is."""

    name: str
    level: Level
    detail: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def examine() -> list[Check]:
    """Every check, in the order in which a narration meets the parts."""
    return [_switch(), _environment(), _command(), _plugin(), *_daemon()]


def _switch() -> Check:
    if runtime.muted():
        return Check("switch", "warning", "YOMIAGE_ENABLED mutes sessions started from this environment; unset it")
    try:
        chosen, warnings = settings.load()
    except SettingsError as error:
        return Check("switch", "problem", str(error))
    if warnings:
        return Check("switch", "warning", " ".join(warnings))
    return (
        Check("switch", "ok", "on")
        if chosen.enabled
        else Check("switch", "warning", "off; `yomiage on` switches it on")
    )


def _environment() -> Check:
    python = runtime.interpreter()
    if os.access(python, os.X_OK):
        return Check("environment", "ok", python)
    return Check("environment", "problem", f"hooks find no {python}; run install.sh")


def _command() -> Check:
    found = shutil.which("yomiage")
    if found:
        return Check("command", "ok", found)
    return Check("command", "warning", "`yomiage` is not on the PATH; add ~/.local/bin to it")


def _plugin() -> Check:
    claude = shutil.which("claude")
    if claude is None:
        return Check("plugin", "warning", "`claude` is not on the PATH; install Claude Code, then run install.sh again")
    try:
        listed = subprocess.run(
            [claude, "plugin", "list"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=CLAUDE_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check("plugin", "warning", f"`claude plugin list` gave no answer: {error}")
    if "yomiage" not in listed.stdout:
        return Check("plugin", "problem", "the plugin is not registered with Claude Code; run install.sh again")
    return Check("plugin", "ok", "registered with Claude Code")


def _daemon() -> list[Check]:
    try:
        status = protocol.request("status", timeout=10)
        answered = protocol.request("doctor", timeout=30)["checks"]
    except YomiageError as error:
        return [Check("daemon", "problem", f"{error} Log: {paths.log_file()}")]
    found = [
        Check(
            "daemon",
            "ok",
            f"version {status['version']}, process {status['pid']}, socket {paths.socket_file()}",
        )
    ]
    for kind in ("settings", "translator", "voice", "output"):
        same = [check for check in answered if check["name"].split()[0] == kind]
        # One engine of a kind is enough; without any there is no Japanese, no speech.
        fallback: Level = "warning" if any(check["ok"] for check in same) else "problem"
        found += [Check(c["name"], "ok" if c["ok"] else fallback, c["detail"]) for c in same]
    log = Path(paths.log_file())
    found.append(Check("log", "ok", str(log)))
    return found
