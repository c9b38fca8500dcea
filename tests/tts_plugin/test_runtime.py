"""Where the socket lies, and that nobody else gets there."""

from __future__ import annotations

import stat
import tempfile
from pathlib import Path

import platformdirs
import pytest

from tts_plugin import runtime


@pytest.mark.parametrize("chosen", [None, "/somewhere/else"])
def test_the_data_directory_is_the_one_of_platformdirs(
    home: Path, monkeypatch: pytest.MonkeyPatch, chosen: str | None
) -> None:
    if chosen:
        monkeypatch.setenv("XDG_DATA_HOME", chosen)
    assert runtime.data_dir() == platformdirs.user_data_dir("yomiage")


def test_another_home_has_another_socket(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    first = runtime.socket_path()
    monkeypatch.setenv("HOME", str(tmp_path / "other"))
    assert runtime.socket_path() != first


def test_the_path_is_short_however_deep_the_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/" + "x" * 200)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/" + "y" * 200)
    assert len(runtime.socket_path().encode()) < 104


def test_the_environment_overrides_the_socket(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("YOMIAGE_SOCKET", str(tmp_path / "s"))
    assert runtime.socket_path() == str(tmp_path / "s")


def test_our_directory_is_private(home: Path) -> None:
    directory = runtime.socket_directory()
    Path(directory).chmod(0o755)
    assert stat.S_IMODE(Path(runtime.socket_directory()).stat().st_mode) == 0o700


def test_a_directory_that_the_user_named_keeps_its_mode(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tmp_path.chmod(0o755)
    monkeypatch.setenv("YOMIAGE_SOCKET", str(tmp_path / "s"))
    assert runtime.socket_directory() == str(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_a_link_in_place_of_our_directory_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with tempfile.TemporaryDirectory(prefix="yomi-") as short:  # pytest's own directories are too deep for a socket
        monkeypatch.setenv("XDG_DATA_HOME", short)
        directory = Path(runtime.socket_path()).parent
        directory.parent.mkdir(parents=True)
        directory.symlink_to(tmp_path)
        with pytest.raises(PermissionError, match="remove it"):
            runtime.socket_directory()
