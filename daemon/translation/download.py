"""Brings a translation model onto this machine, ready to run: `python -I -m daemon.translation.download NAME`."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from daemon.translation import checkpoint, converted, hub
from tts_plugin import models, settings
from tts_plugin.errors import ModelError, YomiageError

REVISIONS = {settings.DEFAULT_MODEL: "f8d333a098d19b4fd9a8b18f94170487ad3f821d"}
"""Tested commits. Other models are taken as their main branch stands, and the manifest says which commit that was."""

USEFUL = ("generation_config.json", "tokenizer_config.json", "special_tokens_map.json")
MARGIN = 200_000_000
"""Bytes of the disk that stay free."""
LOCK_SECONDS = 5.0

Progress = Callable[[int, int], None]
"""Hears the bytes that are here, and the bytes of the whole."""


def download(model: str, progress: Progress = lambda done, total: None) -> Path:
    """The model's directory, whole and verified. Takes up an interrupted download where it stopped.

    ModelError says what hindered it. What is on the disk then does not count as a model.
    """
    found = models.status(model)
    wanted = REVISIONS.get(model)
    if found.reason is None and wanted in (None, found.revision):
        return found.path
    if not models.is_hub_name(model):
        raise ModelError(found.reason or "")
    folder = found.path
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(folder.parent / f".{folder.name}.lock", timeout=LOCK_SECONDS)
    try:
        with lock:
            _download(model, wanted, folder, progress)
    except filelock.Timeout as error:
        raise ModelError(f"Another download of {model} is under way. Let it finish.") from error
    return folder


def _download(model: str, revision: str | None, folder: Path, progress: Progress) -> None:
    source = hub.listing(model, revision)
    files = _choose(source)
    total = sum(file.size for file in files)
    folder.mkdir(exist_ok=True)
    _require_room(model, folder, total)
    (folder / models.MANIFEST).unlink(missing_ok=True)
    done = 0
    facts = {}
    for file in files:
        hub.fetch(source, file, folder, lambda so_far, done=done: progress(done + so_far, total))  # type: ignore[misc]
        facts[file.name] = {"size": file.size, "sha256": hub.verify(file, folder / file.name)}
        done += file.size
        progress(done, total)
    manifest = {"model": model, "revision": source.revision, "files": facts}
    settings.write_atomically(folder / models.MANIFEST, json.dumps(manifest, indent=2) + "\n")
    hub.discard_unfinished(folder)


def _choose(source: hub.Listing) -> list[hub.HubFile]:
    """The files that the engine reads: the weights in one format, no second copy, no pictures."""
    by_name = {file.name: file for file in source.files}
    weights = next((name for name in models.WEIGHTS if name in by_name), None)
    needed = ("config.json", *models.tokenizer(by_name))
    missing = [name for name in needed if name not in by_name]
    if weights is None or missing:
        what = ", ".join(missing or [" or ".join(models.WEIGHTS)])
        raise ModelError(
            f"{source.model} has no {what}, so it is no checkpoint that Yomiage can use. "
            "Name another one in the setting `model`."
        )
    return [by_name[name] for name in (*needed, *USEFUL, weights) if name in by_name]


def _require_room(model: str, folder: Path, total: int) -> None:
    here = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    needed = max(0, total - here) + MARGIN
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ModelError(
            f"{model} needs {needed / 1e9:.1f} GB in {folder}, and {free / 1e9:.1f} GB are free. "
            "Make room there, or choose another place by XDG_DATA_HOME; then run `yomiage model download` again."
        )


@contextmanager
def _bar(model: str) -> Iterator[Progress]:
    """A moving bar on a terminal, a line for each tenth elsewhere."""
    if not sys.stderr.isatty():
        told = -1

        def line(done: int, total: int) -> None:
            nonlocal told
            tenth = 10 * done // max(total, 1)
            if tenth > told:
                told = tenth
                _say(f"{model}: {10 * tenth}% of {total / 1e6:,.0f} MB")

        yield line
        return
    from rich import progress as bars
    from rich.console import Console

    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.DownloadColumn(),
        bars.TransferSpeedColumn(),
        bars.TimeRemainingColumn(),
    )
    with bars.Progress(*columns, console=Console(stderr=True)) as shown:
        task = shown.add_task(model, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _is_converted(model: str) -> bool:
    """Whether the fast engine has its form of the model, of the revision that a download would bring."""
    found = converted.status(model)
    return found.reason is None and REVISIONS.get(model) in (None, found.revision)


def _convert(model: str, folder: Path, keep: bool) -> None:
    if checkpoint.model_type(folder) not in (checkpoint.M2M100, checkpoint.MARIAN):
        _say(f"{model} is neither of NLLB's architecture nor Marian's, so no engine can run it.")
        return
    from daemon.translation.convert import convert  # half a second for ONNX, which an absent model need not cost

    convert(model, _say)
    if not keep and models.is_hub_name(model):
        models.weights_file(folder).unlink()
        _say(f"{model}: removed the original weights, as the setting keep_original_model wants")


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0].startswith("-"):
        _say("usage: python -I -m daemon.translation.download NAME")
        return 2
    model = arguments[0]
    try:
        keep = settings.load()[0].keep_original_model
        folder = models.directory(model)
        if keep or not _is_converted(model):
            with _bar(model) as progress:
                folder = download(model, progress)
            _convert(model, folder, keep)
    except YomiageError as error:
        _say(str(error))
        return 1
    except KeyboardInterrupt:
        _say(f"Stopped. Run it again: the download of {model} goes on where it stopped.")
        return 130
    sys.stdout.write(f"{folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
