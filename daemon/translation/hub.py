"""The model hub: what a model consists of, and its files."""

from __future__ import annotations

import errno
import functools
import hashlib
import logging
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

# Xet, the hub's other transfer protocol, starts a broken file anew; plain HTTP goes on where it stopped.
os.environ.setdefault("HF_HUB_DISABLE_XET", "1")

import httpx
from huggingface_hub import HfApi, constants, errors, hf_hub_download
from huggingface_hub.utils.tqdm import tqdm

from tts_plugin.errors import ModelError

PAUSES = (0.5, 1.0, 2.0)
"""Seconds before each new attempt when nothing at all came; after any bytes they begin anew."""
_API_SECONDS = 15.0
_WORKING = ".cache"
"""Where huggingface_hub keeps unfinished files, inside the model's folder."""

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class HubFile:
    """One file of a model, as the hub's API describes it."""

    name: str
    size: int
    sha256: str | None
    """Known for large files."""
    git_sha1: str | None
    """Known for the others: git's own hash of the content."""


@dataclass(frozen=True)
class Listing:
    """One revision of a model."""

    model: str
    revision: str
    """The commit, also where a branch was asked for."""
    files: tuple[HubFile, ...]


def listing(model: str, revision: str | None) -> Listing:
    """What the hub has of the model; ModelError where it cannot be asked."""
    api = HfApi()
    info = _explained(
        model, lambda: api.model_info(model, revision=revision, files_metadata=True, timeout=_API_SECONDS)
    )
    files = tuple(
        HubFile(
            file.rfilename,
            file.size or 0,
            file.lfs.sha256 if file.lfs else None,
            None if file.lfs else file.blob_id,
        )
        for file in info.siblings or ()
    )
    if not info.sha:
        raise ModelError(f"{constants.ENDPOINT} names no commit for {model}. Is HF_ENDPOINT a model hub?")
    return Listing(model, info.sha, files)


def fetch(source: Listing, file: HubFile, folder: Path, on_progress: Callable[[int], None]) -> None:
    """Brings the file into the folder, going on where an earlier attempt stopped.

    `on_progress` hears the file's bytes so far. A connection that breaks is taken up again for as long as bytes
    come; ModelError when they do not.
    """
    bar = _counting(on_progress)
    get = functools.partial(
        hf_hub_download, source.model, file.name, revision=source.revision, local_dir=folder, tqdm_class=bar
    )
    pauses = iter(PAUSES)
    before = _unfinished_bytes(folder)
    while True:
        try:
            get()
            return
        except (httpx.HTTPError, errors.LocalEntryNotFoundError, OSError) as error:
            if _is_hopeless(error):
                _explained(source.model, functools.partial(_raise, error))
            if isinstance(error, errors.HfHubHTTPError) and error.response.status_code == 416:
                discard_unfinished(folder)  # more bytes than the file has: they cannot be the beginning of it
            now = _unfinished_bytes(folder)
            if now > before:
                pauses, before = iter(PAUSES), now
            pause = next(pauses, None)
            if pause is None:
                _explained(source.model, functools.partial(_raise, error))
            log.debug("%s: %s; once more", file.name, error)
            time.sleep(pause or 0)


def verify(file: HubFile, path: Path) -> str:
    """The file's SHA-256; ModelError, and the file is gone, where it is not what the hub described."""
    sha256 = hashlib.sha256()
    git = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            sha256.update(chunk)
            if file.git_sha1:
                git.update(chunk)
    wanted, found = (file.sha256, sha256.hexdigest()) if file.sha256 else (file.git_sha1, git.hexdigest())
    if path.stat().st_size != file.size or (wanted and wanted != found):
        path.unlink()
        raise ModelError(
            f"{file.name} arrived damaged (checksum mismatch) and was removed. Run `yomiage model download` again; "
            "if it happens again, a proxy or mirror between here and the hub changes files."
        )
    return sha256.hexdigest()


def discard_unfinished(folder: Path) -> None:
    shutil.rmtree(folder / _WORKING, ignore_errors=True)


def _unfinished_bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in (folder / _WORKING).rglob("*.incomplete"))


def _counting(on_progress: Callable[[int], None]) -> type[tqdm]:
    class Counting(tqdm):
        """Draws nothing; tells how far the file is."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self._so_far = int(kwargs.get("initial") or 0)
            super().__init__(*args, **{**kwargs, "disable": True})  # type: ignore[no-untyped-call]
            on_progress(self._so_far)

        def update(self, n: float | None = 1) -> bool | None:
            self._so_far += int(n or 0)
            on_progress(self._so_far)
            return None

    return Counting


def _is_hopeless(error: Exception) -> bool:
    """True where another attempt would end in the same way."""
    if isinstance(error, errors.HfHubHTTPError):
        return error.response.status_code < 500 and error.response.status_code not in (408, 416, 429)
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EDQUOT)


def _raise(error: Exception) -> None:
    raise error


def _explained(model: str, function: Callable[[], T]) -> T:
    """The function's result; a failure as a ModelError that says what, why, cure."""
    hub = constants.ENDPOINT
    again = "then run `yomiage model download` again; it goes on where it stopped."
    try:
        return function()
    except errors.GatedRepoError as error:
        raise ModelError(
            f"The hub gives {model} only to accounts that accepted its terms. Accept them on {hub}/{model}, "
            f"set HF_TOKEN, {again}"
        ) from error
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError, errors.HFValidationError) as error:
        raise ModelError(
            f"{hub} knows no model {model} (or not this revision of it). Correct the setting `model`."
        ) from error
    except errors.OfflineModeIsEnabled as error:
        raise ModelError(f"HF_HUB_OFFLINE forbids the network. Unset it, {again}") from error
    except (errors.HfHubHTTPError, httpx.HTTPError, errors.LocalEntryNotFoundError) as error:
        cause = error.__cause__ if isinstance(error, errors.LocalEntryNotFoundError) else error
        reason = str(cause or error).strip().partition("\n")[0] or type(error).__name__
        raise ModelError(f"The hub {hub} cannot be reached ({reason}). Check the network, {again}") from error
    except OSError as error:
        raise ModelError(f"{model} could not be stored ({error}). Make room or correct this, {again}") from error
