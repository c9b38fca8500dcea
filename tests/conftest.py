"""What every test can ask for: real parts, and a home of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig.ear import Ear
from tests.rig.messages_api import MessagesApi
from tests.rig.sound import Recorder, SoundServer

CHECKOUT = Path(__file__).resolve().parent.parent
TOOLS = CHECKOUT / ".tools"
"""What run-tests has installed for the tests."""
_OURS = ("XDG_", "YOMIAGE_", "PULSE_", "CLAUDE", "ANTHROPIC_", "HF_", "TRANSFORMERS_")
"""Variables that would lead a test to the files, sound or network of whoever runs it."""


def pytest_configure(config: pytest.Config) -> None:
    for mark, what in (
        ("gpu", "needs an NVIDIA GPU that torch can use"),
        ("hub", "downloads from the real model hub; set YOMIAGE_TEST_HUB=1"),
        ("google", "speaks through the real Google; set YOMIAGE_TEST_GOOGLE=1"),
    ):
        config.addinivalue_line("markers", f"{mark}: {what}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for mark, had in (("hub", "YOMIAGE_TEST_HUB"), ("google", "YOMIAGE_TEST_GOOGLE")):
            if item.get_closest_marker(mark) and os.environ.get(had) != "1":
                item.add_marker(pytest.mark.skip(reason=f"goes to the real {mark}; set {had}=1 to run it"))
        if item.get_closest_marker("gpu") and not Path("/proc/driver/nvidia/version").exists():
            item.add_marker(pytest.mark.skip(reason="no NVIDIA GPU here"))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh HOME: no test reads or writes what belongs to whoever runs it, and none hears another's sound."""
    for name in list(os.environ):
        if name.startswith(_OURS) and not name.startswith("YOMIAGE_TEST_"):
            monkeypatch.delenv(name)
    directory = tmp_path / "home"
    directory.mkdir()
    monkeypatch.setenv("HOME", str(directory))
    # Without this, libpulse would start a sound server of its own where it finds none.
    monkeypatch.setenv("PULSE_SERVER", f"unix:{directory}/no-sound-server")
    return directory


@pytest.fixture(scope="session")
def sound_server() -> Iterator[SoundServer]:
    """The sound server of the whole run. A test that kills it starts it again."""
    if shutil.which("pulseaudio") is None or shutil.which("parec") is None:
        pytest.skip("pulseaudio or parec is missing; ./run-tests installs them")
    server = SoundServer()
    yield server
    server.close()


@pytest.fixture
def sound(sound_server: SoundServer, home: Path, monkeypatch: pytest.MonkeyPatch) -> SoundServer:
    """The sound server, as the environment's own: what this process and its children play goes there."""
    for name, value in sound_server.environment.items():
        monkeypatch.setenv(name, value)
    return sound_server


@pytest.fixture
def recorder(sound: SoundServer) -> Iterator[Recorder]:
    """What a person would hear during this test."""
    with sound.recording() as recorder:
        yield recorder


@pytest.fixture(scope="session")
def ear() -> Ear:
    return Ear(TOOLS)


@pytest.fixture
def messages_api() -> Iterator[MessagesApi]:
    with MessagesApi() as api:
        yield api


@pytest.fixture(scope="session")
def claude_path() -> Path:
    """Claude Code's executable: YOMIAGE_TEST_CLAUDE, or the one that run-tests installed."""
    path = Path(os.environ.get("YOMIAGE_TEST_CLAUDE") or TOOLS / "node_modules/.bin/claude")
    if not path.exists():
        pytest.skip(f"no Claude Code at {path}; ./run-tests installs it")
    return path


@pytest.fixture(scope="session")
def python39() -> Path:
    """A Python 3.9, which is what macOS gives a hook: YOMIAGE_TEST_PYTHON39, the PATH's, or pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    candidates = [
        os.environ.get("YOMIAGE_TEST_PYTHON39"),
        shutil.which("python3.9"),
        *sorted(map(str, pyenv.glob("versions/3.9.*/bin/python3.9"))),
    ]
    for candidate in filter(None, candidates):
        # A version manager's shim can be there and yet run nothing; what it would run is what we want.
        told = subprocess.run(
            [candidate, "-c", "import sys; print(sys.executable if sys.version_info[:2] == (3, 9) else '')"],
            capture_output=True,
            text=True,
            timeout=20,
        )
        if told.returncode == 0 and told.stdout.strip():
            return Path(told.stdout.strip())
    pytest.skip("no Python 3.9 here; put python3.9 on the PATH, or name one with YOMIAGE_TEST_PYTHON39")


@pytest.fixture
def installed(home: Path) -> Path:
    """The private environment where hooks look for it, as install.sh makes it: it is this very one."""
    import sys

    from tts_plugin import runtime

    place = Path(runtime.data_dir()) / "venv"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(sys.prefix)
    return place
