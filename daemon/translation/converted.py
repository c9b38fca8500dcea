"""The fast engine's form of a model: where it is, and whether it is whole and up to date."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tts_plugin import models, paths
from tts_plugin.errors import ModelError

VERSION = 2
"""Of the converter. Another number makes every earlier conversion stale."""
MANIFEST = "manifest.json"
"""Written last: a folder without it is an interrupted conversion."""
SOURCES = ("config.json", "tokenizer.json", "vocab.json", "source.spm", "target.spm")
"""What is read of the checkpoint, beside its weights: NLLB has the first two, Marian all but the second."""

_CURE = "Run `yomiage model download`: it converts what is here already."


@dataclass(frozen=True)
class Status:
    """What is known about a conversion without loading it."""

    state: Literal["ready", "absent", "incomplete", "stale"]
    path: Path
    revision: str | None
    """Commit on the hub of the checkpoint that was converted."""
    reason: str | None
    """What is wrong, and the cure; None when it is ready."""


def directory(model: str) -> Path:
    """Beside the downloaded models, also for a checkpoint in a directory of the user's own."""
    if models.is_hub_name(model):
        name = models.directory(model).name
    else:
        place = models.directory(model).resolve()
        name = f"{place.name}-{hashlib.sha256(str(place).encode()).hexdigest()[:8]}"
    return paths.models_dir() / f"{name}.cpu"


def status(model: str) -> Status:
    folder = directory(model)
    if not folder.is_dir():
        return Status("absent", folder, None, models.status(model).reason or f"{model} is not converted yet. {_CURE}")
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        version, source = manifest["converter"], manifest["source"]
        expected = {folder / name: int(size) for name, size in manifest["files"].items()}
        stale = version != VERSION or not _unchanged(models.directory(model), source["files"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return Status("incomplete", folder, None, f"{folder / MANIFEST} cannot be read ({error}). {_CURE}")
    revision = source.get("revision")
    for file, size in expected.items():
        if not file.is_file() or file.stat().st_size != size:
            return Status("incomplete", folder, revision, f"{file} is missing or not of its full size. {_CURE}")
    if stale:
        why = "by another version of Yomiage" if version != VERSION else "from other files than are there now"
        return Status("stale", folder, revision, f"{model} was converted {why}. {_CURE}")
    return Status("ready", folder, revision, None)


def require(model: str) -> Path:
    """The conversion's directory; ModelError, naming the cure, where there is none that can be used."""
    found = status(model)
    if found.reason is not None:
        raise ModelError(found.reason)
    return found.path


def describe(folder: Path) -> dict[str, Any]:
    """The checkpoint's revision and files, for the manifest. Reads all of them once, for their checksums."""
    files = {}
    sources = (folder / name for name in SOURCES if (folder / name).is_file())
    for file in (*sources, models.weights_file(folder)):
        facts = file.stat()
        files[file.name] = {"size": facts.st_size, "mtime_ns": facts.st_mtime_ns, "sha256": _sha256(file)}
    return {"revision": _download_manifest(folder).get("revision"), "files": files}


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _unchanged(folder: Path, files: dict[str, Any]) -> bool:
    """True where the checkpoint is what was converted, as far as that can be told without reading it.

    One without weights tells nothing: they were removed after the conversion (setting `keep_original_model`).
    """
    if not any((folder / name).is_file() for name in models.WEIGHTS):
        return True
    downloaded = _download_manifest(folder).get("files", {})
    for name, facts in files.items():
        if not (folder / name).is_file():
            return False
        now = (folder / name).stat()
        same_content = downloaded.get(name, {}).get("sha256") == facts["sha256"]
        if now.st_size != facts["size"] or not (same_content or now.st_mtime_ns == facts["mtime_ns"]):
            return False
    return True


def _download_manifest(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / models.MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # a directory of the user's own has none
    return found if isinstance(found, dict) else {}
