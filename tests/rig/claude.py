"""Claude Code itself, in a home of its own, with plugins from directories and a Messages API on loopback."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.rig.messages_api import MessagesApi

_KEY = "sk-dummy"


class ClaudeCode:
    """How to run it. `environment` is all that it and its hooks see; a test may add to it."""

    def __init__(self, claude: Path, home: Path, api: MessagesApi, plugins: tuple[Path, ...] = ()) -> None:
        self.claude = claude
        self.home = home
        self.plugins = plugins
        self.project = home / "project"
        self.project.mkdir(parents=True, exist_ok=True)
        self.environment = {
            "HOME": str(home),
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "SHELL": "/bin/sh",
            "ANTHROPIC_BASE_URL": api.url,
            "ANTHROPIC_API_KEY": _KEY,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
            "DISABLE_TELEMETRY": "1",
        }
        node = shutil.which("node")
        if node is not None:
            self.environment["PATH"] += f":{Path(node).parent}"
        self._skip_first_run()

    def command(self, *arguments: str) -> list[str]:
        plugins = [part for plugin in self.plugins for part in ("--plugin-dir", str(plugin))]
        return [str(self.claude), *plugins, *arguments]

    def ask(self, prompt: str, *arguments: str, timeout: float = 90) -> subprocess.CompletedProcess[str]:
        """`claude -p PROMPT`, to its end."""
        return subprocess.run(
            self.command("-p", prompt, *arguments),
            cwd=self.project,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def run(self, *arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Any other command of it: `run("plugin", "validate", ".")`."""
        return subprocess.run(
            [str(self.claude), *arguments],
            cwd=self.project,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    @contextmanager
    def terminal(self, *arguments: str, timeout: float = 60) -> Iterator[Terminal]:
        """An interactive session in a terminal, ready for a prompt."""
        terminal = Terminal(self.command(*arguments), self.project, self.environment)
        try:
            terminal.wait_for("? for shortcuts", "❯", timeout=timeout)
            yield terminal
        finally:
            terminal.close()

    def _skip_first_run(self) -> None:
        """No dialogs about theme, key and trust."""
        seed = {
            "hasCompletedOnboarding": True,
            "customApiKeyResponses": {"approved": [_KEY], "rejected": []},
            "projects": {str(self.project): {"hasTrustDialogAccepted": True}},
        }
        (self.home / ".claude.json").write_text(json.dumps(seed), encoding="utf-8")


class Terminal:
    """A program in a terminal of its own (tmux), typed to and read like a person does."""

    def __init__(self, command: list[str], directory: Path, environment: dict[str, str]) -> None:
        # A socket's path must be short, which pytest's directories are not.
        self._socket = Path(tempfile.mkdtemp(prefix="yomi-tmux-")) / "s"
        clean = ["env", "-i", *(f"{name}={value}" for name, value in environment.items()), *command]
        self._tmux(
            "-f", os.devnull, "new-session", "-d", "-x", "140", "-y", "50", "-c", str(directory), shlex.join(clean)
        )

    def type(self, text: str) -> None:
        """A prompt, and Enter."""
        self._tmux("send-keys", "-l", text)
        # Enter that comes with the text would count as part of a paste: wait until the text stands there.
        self.wait_for(text[-20:], timeout=10)
        self.press("Enter")

    def press(self, *keys: str) -> None:
        """Keys by tmux's names: Enter, Escape, C-c, Down."""
        self._tmux("send-keys", *keys)

    def screen(self) -> str:
        return self._tmux("capture-pane", "-p")

    def wait_for(self, *texts: str, timeout: float = 30) -> str:
        """Until one of the texts stands on the screen; the screen."""
        self.wait_until(lambda: any(text in self.screen() for text in texts), f"{texts} on the screen", timeout)
        return self.screen()

    def wait_until(self, condition: Callable[[], bool], what: str, timeout: float = 30) -> None:
        """Until something has come of what was typed."""
        end = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"no {what} within {timeout} s; the screen:\n{self.screen()}")
            time.sleep(0.05)  # neither tmux nor a file tells when it changes

    def close(self) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            self._tmux("kill-server")
        shutil.rmtree(self._socket.parent, ignore_errors=True)

    def _tmux(self, *arguments: str) -> str:
        return subprocess.run(
            ["tmux", "-S", str(self._socket), *arguments], capture_output=True, text=True, check=True, timeout=10
        ).stdout
