"""The installation and the program look for their files in the same places."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tts_plugin import paths

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize("chosen", [{}, {"XDG_DATA_HOME": " "}, {"XDG_DATA_HOME": "/x/d", "XDG_CONFIG_HOME": "/x/c"}])
def test_installation_and_program_agree(chosen: dict[str, str], home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)
    script = '. "$1"; printf "%s\\n" "$data" "$config" "$cache" "$state" "$models"'
    told = subprocess.run(
        ["bash", "-euc", script, "bash", str(ROOT / "scripts/install/places.sh")],
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    wanted = [paths.data_dir(), paths.config_dir(), paths.cache_dir(), paths.state_dir(), paths.models_dir()]
    assert [Path(line) for line in told.stdout.splitlines()] == wanted
