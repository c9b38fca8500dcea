"""What Claude Code reads: the manifests and the slash commands."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.rig.claude import ClaudeCode
from tests.rig.messages_api import MessagesApi
from tts_plugin import __version__

CHECKOUT = Path(__file__).resolve().parent.parent.parent
COMMANDS = ("off", "on", "replay", "status", "stop")


def manifest(name: str) -> dict[str, object]:
    made: dict[str, object] = json.loads((CHECKOUT / ".claude-plugin" / name).read_text(encoding="utf-8"))
    return made


def test_plugin_has_the_packages_version() -> None:
    assert manifest("plugin.json")["version"] == __version__


def test_marketplace_offers_this_checkout_as_the_plugin() -> None:
    offered = manifest("marketplace.json")
    assert offered["name"] == "yomiage"
    assert [(p["name"], p["source"]) for p in offered["plugins"]] == [("yomiage", "./")]  # type: ignore[attr-defined]


@pytest.fixture
def claude(claude_path: Path, home: Path, messages_api: MessagesApi) -> ClaudeCode:
    return ClaudeCode(claude_path, home, messages_api, plugins=(CHECKOUT,))


def test_claude_code_finds_no_fault_with_the_plugin(claude: ClaudeCode) -> None:
    validated = claude.run("plugin", "validate", "--strict", str(CHECKOUT))
    assert validated.returncode == 0, validated.stdout + validated.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_slash_command_acts_before_the_model_is_asked(name: str, claude: ClaudeCode, messages_api: MessagesApi) -> None:
    """With nothing but Claude Code's default permissions, and with what it printed in the model's prompt."""
    called = claude.home / "called"
    stub = claude.home / "bin/yomiage"
    stub.parent.mkdir()
    stub.write_text(f'#!/bin/sh\necho "$*" >>{called}\necho "printed by $1"\n', encoding="utf-8")
    stub.chmod(stub.stat().st_mode | stat.S_IXUSR)
    claude.environment["PATH"] = f"{stub.parent}:{claude.environment['PATH']}"

    asked = claude.ask(f"/yomiage:{name}", "--permission-mode", "default")

    assert asked.returncode == 0, asked.stderr
    assert called.read_text(encoding="utf-8") == f"{name}\n"
    assert any(f"printed by {name}" in json.dumps(request.body) for request in messages_api.requests())


def test_every_slash_command_is_tested() -> None:
    assert tuple(sorted(file.stem for file in (CHECKOUT / "commands").glob("*.md"))) == COMMANDS
