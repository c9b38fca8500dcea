"""Status and checks for people: tables in a terminal, plain lines elsewhere."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tts_plugin.doctor import Check

_MARKS = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "problem": "[red]✗[/]"}


def show_status(reply: dict[str, Any]) -> None:
    """Prints the reply of a `status` request, or that there is no daemon."""
    console = Console(soft_wrap=True, highlight=False)
    if not reply["running"]:
        console.print("The daemon is not running; the next hook, or `yomiage daemon start`, starts it.")
        return
    doing = "speaking" if reply["speaking"] else "quiet"
    switch = "on" if reply["enabled"] else "switched off"
    console.print(
        f"Yomiage {reply['version']} is {switch} and {doing}; {reply['waiting']} waiting; process {reply['pid']}"
    )
    for problem in reply["settings_problems"]:
        console.print(f"settings: {problem}", markup=False)
    for version in reply["other_versions"]:
        console.print(f"The plugin is version {version}, the installation {reply['version']}: run install.sh again.")
    engines = Table("engine", "state", "reason", box=None, pad_edge=False)
    for kind in ("translators", "voices"):
        for name, health in reply[kind].items():
            engines.add_row(name, health["state"], health["reason"] or "")
    if reply["output"]:
        engines.add_row("sound", reply["output"]["state"], reply["output"]["reason"] or "")
    console.print(engines)
    if reply["narrations"]:
        console.print(_timings(reply["narrations"]))


def show_checks(checks: list[Check]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for check in checks:
        mark = _MARKS[check.level] if console.is_terminal else check.level
        console.print(f"{mark} {check.name}:", end=" ")
        console.print(check.detail, markup=False)


def show_voices(voices: list[dict[str, Any]]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    table = Table("voice", "chosen", "state", box=None, pad_edge=False)
    for voice in voices:
        chosen = str(voice["chosen"] or "–")
        table.add_row(voice["name"], chosen, "can run" if voice["can_run"] else escape(voice["reason"]))
    console.print(table)


def show_devices(devices: list[dict[str, Any]]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    table = Table("device", "", box=None, pad_edge=False)
    for device in devices:
        marks = [mark for mark in ("default", "chosen") if device[mark]]
        table.add_row(escape(device["name"]), ", ".join(marks))
    console.print(table)


def _timings(narrations: list[dict[str, Any]]) -> Table:
    table = Table(
        box=None,
        pad_edge=False,
        title="Latest narrations, ms from the hook's start (or the request)",
        title_justify="left",
    )
    stages = ("received", "cleaned", "first_translated", "first_synthesized", "first_audio_out", "done")
    for column in ("#", "kind", *stages):
        table.add_column(column.replace("_", " "), justify="right")
    for narration in narrations[:5]:
        marks = narration["stages"]
        start = marks.get("hook_started", marks["received"])
        times = [f"{(marks[s] - start) * 1000:.0f}" if s in marks else "–" for s in stages]
        table.add_row(str(narration["id"]), narration["priority"] + (" (cut)" if narration["cut"] else ""), *times)
    return table
