"""Which models are whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tts_plugin import models, paths
from tts_plugin.errors import ModelError

MODEL = "facebook/nllb-200-distilled-600M"


def install(size: int = 4) -> Path:
    folder = models.directory(MODEL)
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"1234")
    manifest = {"model": MODEL, "revision": "abc", "files": {"model.safetensors": {"size": size, "sha256": ""}}}
    (folder / models.MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def test_hub_names_live_in_the_data_directory() -> None:
    assert models.directory(MODEL) == paths.models_dir() / "facebook--nllb-200-distilled-600M"


@pytest.mark.parametrize("path", ["/models/nllb", "~/models/nllb", "./models/nllb", "../nllb", "models"])
def test_other_names_are_directories(path: str) -> None:
    assert not models.is_hub_name(path)
    assert models.directory(path) == Path(path).expanduser()


def test_a_whole_model_is_ready() -> None:
    folder = install()
    found = models.status(MODEL)
    assert (found.state, found.path, found.revision, found.size, found.reason) == ("ready", folder, "abc", 4, None)
    assert models.require(MODEL) == folder


def test_an_absent_model_names_the_cure() -> None:
    assert models.status(MODEL).state == "absent"
    with pytest.raises(ModelError, match="Run `yomiage model download`"):
        models.require(MODEL)


def test_a_folder_without_manifest_is_an_interrupted_download() -> None:
    (install() / models.MANIFEST).unlink()
    assert models.status(MODEL).state == "incomplete"
    assert "interrupted" in (models.status(MODEL).reason or "")


def test_a_file_of_another_size_is_noticed() -> None:
    install(size=5)
    assert models.status(MODEL).state == "incomplete"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"revision": 1, "files": {"a": 2}}', "\udcff"])
def test_a_broken_manifest_is_no_model(text: str) -> None:
    (install() / models.MANIFEST).write_bytes(text.encode("utf-8", "surrogateescape"))
    assert models.status(MODEL).state == "incomplete"


def test_a_directory_of_ones_own_needs_no_manifest(tmp_path: Path) -> None:
    assert models.status(str(tmp_path / "nowhere")).state == "absent"
    assert models.status(str(tmp_path)).state == "incomplete"
    for name in ("config.json", "tokenizer.json", "pytorch_model.bin"):
        (tmp_path / name).write_bytes(b"{}")
    assert models.status(str(tmp_path)).state == "ready"
