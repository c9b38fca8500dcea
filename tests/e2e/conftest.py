"""What the end-to-end tests ask for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig.claude import ClaudeCode
from tests.rig.messages_api import MessagesApi
from tests.rig.sound import SoundServer
from tests.rig.user import CHECKOUT, User


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The models directory of a user who has run `yomiage model download`."""
    user = User(dict(os.environ))
    done = user.run("model", "download")
    assert done.returncode == 0, done.stderr
    kept = tmp_path_factory.mktemp("downloaded") / "models"
    shutil.copytree(user.data / "models", kept)
    user.leave()
    return kept


@pytest.fixture
def user(sound: SoundServer, models: Path) -> Iterator[User]:
    """Yomiage installed in a fresh home, with the tiny checkpoint, Open JTalk and the sound server."""
    user = User(dict(os.environ))
    shutil.copytree(models, user.data / "models")
    yield user
    print(user.read_log())  # pytest shows it where the test failed
    user.leave()


@pytest.fixture
def claude(user: User, claude_path: Path, messages_api: MessagesApi) -> ClaudeCode:
    """Claude Code in that home, with this checkout as its plugin."""
    claude = ClaudeCode(claude_path, user.home, messages_api, plugins=(CHECKOUT,))
    claude.environment = {**claude.environment, **{k: v for k, v in user.environment.items() if k.startswith("PULSE_")}}
    return claude
