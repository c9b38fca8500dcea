"""What the end-to-end tests ask for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig.claude import ClaudeCode
from tests.rig.messages_api import MessagesApi
from tests.rig.sound import SoundServer
from tests.rig.user import CHECKOUT, User


@pytest.fixture
def user(sound: SoundServer) -> Iterator[User]:
    """Yomiage installed in a fresh home, with the tiny checkpoint, Open JTalk and the sound server."""
    user = User(dict(os.environ))
    yield user
    print(user.read_log())  # pytest shows it where the test failed
    user.leave()


@pytest.fixture
def claude(user: User, claude_path: Path, messages_api: MessagesApi) -> ClaudeCode:
    """Claude Code in that home, with this checkout as its plugin."""
    claude = ClaudeCode(claude_path, user.home, messages_api, plugins=(CHECKOUT,))
    claude.environment = {**claude.environment, **{k: v for k, v in user.environment.items() if k.startswith("PULSE_")}}
    return claude
