"""The import rule: hooks -> tts_plugin <- daemon, and heavy packages nowhere but in the daemon."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
HEAVY = {"torch", "transformers", "ctranslate2", "onnxruntime", "miniaudio", "simpleaudio", "sounddevice", "pydub"}
HEAVY |= {"pyopenjtalk", "numpy", "gtts"}
LIGHT = {"client", "runtime", "wire", "__init__"}
"""Modules of tts_plugin that hooks load: standard library only."""


def imports(file: Path) -> set[str]:
    """Top-level names of every import in a file, wherever it stands in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute here"
            found.add((node.module or "").split(".")[0])
    return found


def modules(package: str) -> list[Path]:
    return sorted((CHECKOUT / package).rglob("*.py"))


@pytest.mark.parametrize("file", modules("hooks"), ids=lambda file: file.name)
def test_hooks_import_the_light_side_only(file: Path) -> None:
    assert imports(file) <= {"os", "sys", "time", "tts_plugin"}


@pytest.mark.parametrize("file", modules("tts_plugin"), ids=lambda file: file.name)
def test_the_light_side_knows_neither_daemon_nor_hooks(file: Path) -> None:
    found = imports(file)
    assert not found & {"daemon", "hooks"}
    assert not found & HEAVY
    if file.stem in LIGHT:
        assert found <= set(sys.stdlib_module_names) | {"tts_plugin"}


@pytest.mark.parametrize("file", modules("daemon"), ids=lambda file: str(file.relative_to(CHECKOUT)))
def test_the_daemon_does_not_know_hooks_and_tests(file: Path) -> None:
    assert not imports(file) & {"hooks", "tests", "bench", "training"}
