"""Which translation models are on this machine, and whether they are whole."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tts_plugin import paths
from tts_plugin.errors import ModelError

MANIFEST = "yomiage-manifest.json"
"""Written last by the download: a model folder with it, and with the sizes it names, is whole."""

WEIGHTS = ("model.safetensors", "pytorch_model.bin")
"""Either will do; the first is preferred."""

TOKENIZERS = (("tokenizer.json",), ("vocab.json", "source.spm", "target.spm"))
"""Files of an NLLB model's tokenizer, and of a Marian model's."""

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


@dataclass(frozen=True)
class ModelStatus:
    """What is known about one model without loading it."""

    model: str
    """As the setting names it."""
    state: Literal["ready", "absent", "incomplete"]
    path: Path
    """Where it is, or where it will be."""
    revision: str | None
    """Commit on the hub; None for a directory of the user's own."""
    size: int
    """Bytes on the disk of the files that belong to it."""
    reason: str | None
    """What is wrong, and the cure; None when it is ready."""


def is_hub_name(model: str) -> bool:
    """ "owner/name" is looked up on the hub; everything else is the path of a directory."""
    return _HUB_NAME.fullmatch(model) is not None


def directory(model: str) -> Path:
    """Where the model is, or will be after its download."""
    if is_hub_name(model):
        return paths.models_dir() / model.replace("/", "--")
    return Path(model).expanduser()


def status(model: str) -> ModelStatus:
    folder = directory(model)
    if not is_hub_name(model) and not (folder / MANIFEST).exists():
        return _status_of_own_directory(model, folder)
    cure = f"Run `yomiage model download`{'' if is_hub_name(model) else ' again'}."
    if not folder.is_dir():
        return ModelStatus(model, "absent", folder, None, 0, f"The model {model} is not on this machine. {cure}")
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        revision = str(manifest["revision"])
        expected = {str(name): int(facts["size"]) for name, facts in manifest["files"].items()}
    except FileNotFoundError:
        reason = f"The download of {model} was interrupted. {cure} It goes on where it stopped."
        return ModelStatus(model, "incomplete", folder, None, _size(folder), reason)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"{folder / MANIFEST} cannot be read ({error}). {cure}"
        return ModelStatus(model, "incomplete", folder, None, _size(folder), reason)
    for name, size in expected.items():
        file = folder / name
        if not file.is_file() or file.stat().st_size != size:
            reason = f"{file} is missing or not of its full size. {cure}"
            return ModelStatus(model, "incomplete", folder, revision, _size(folder), reason)
    return ModelStatus(model, "ready", folder, revision, sum(expected.values()), None)


def weights_file(folder: Path) -> Path:
    """The file with the weights; where there is none, the one that a download would bring."""
    return next((folder / name for name in WEIGHTS if (folder / name).is_file()), folder / WEIGHTS[0])


def tokenizer(present: Iterable[str]) -> tuple[str, ...]:
    """The files that the tokenizer of a model with these files consists of; NLLB's where it is neither."""
    names = set(present)
    return next((files for files in TOKENIZERS if names.issuperset(files)), TOKENIZERS[0])


def require(model: str) -> Path:
    """The model's directory; ModelError, naming the cure, where the model is not whole."""
    found = status(model)
    if found.reason is not None:
        raise ModelError(found.reason)
    return found.path


def _status_of_own_directory(model: str, folder: Path) -> ModelStatus:
    if not folder.is_dir():
        reason = f"{folder} is not a directory. Correct the setting `model`."
        return ModelStatus(model, "absent", folder, None, 0, reason)
    needed = ("config.json", *tokenizer(file.name for file in folder.iterdir()))
    missing = [name for name in needed if not (folder / name).is_file()]
    if not any((folder / name).is_file() for name in WEIGHTS):
        missing.append(" or ".join(WEIGHTS))
    if missing:
        reason = f"{folder} holds no {', no '.join(missing)}. Correct the setting `model`."
        return ModelStatus(model, "incomplete", folder, None, _size(folder), reason)
    return ModelStatus(model, "ready", folder, None, _size(folder), None)


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
