"""Torch must find its environment as the daemon sets it, so this comes before any test imports it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from daemon.translation import convert, converted, devices

assert devices

TINY = Path(__file__).resolve().parents[1] / "checkpoint" / "nllb-tiny"


@pytest.fixture(scope="session")
def conversion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny checkpoint, converted once for the whole run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("conversion")))
        return convert.convert(str(TINY))


@pytest.fixture
def converted_tiny(conversion: Path, home: Path) -> str:
    """The tiny checkpoint as the setting `model` names it, with its conversion in this test's own home."""
    shutil.copytree(conversion, converted.directory(str(TINY)))
    return str(TINY)
