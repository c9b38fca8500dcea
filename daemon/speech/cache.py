"""Clips of short sentences, kept on the disk: notices come again and again, and are wanted at once."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import tempfile
import threading
from pathlib import Path

import numpy as np

from daemon.narration import AudioClip
from tts_plugin import paths
from tts_plugin.settings import Settings

log = logging.getLogger(__name__)

LONGEST = 80
"""Characters of a sentence that is kept: all of the phrasebook's are, and few of a reply's own."""
BYTES = 64 << 20
"""Of all files together: twelve minutes of speech."""
_MAGIC = b"yomiage clip 1\n"
_HEADER = len(_MAGIC) + hashlib.sha256().digest_size


class ClipCache:
    """A file a clip, named by the hash of all that its sound depends on. Any thread may call it.

    A file's time of change is the time of its last use. A failing disk only makes it forget.
    """

    def __init__(self, directory: Path | None = None, largest: int = BYTES) -> None:
        self.directory = directory or paths.cache_dir() / "speech"
        self._largest = largest
        self._turn = threading.Lock()
        self._size: int | None = None
        """Bytes of all files; None until they were counted."""

    def get(self, key: str) -> AudioClip | None:
        file = self.directory / key
        try:
            data = file.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            log.debug("speech cache: %s", error)
            return None
        body = data[_HEADER:]
        if not data.startswith(_MAGIC) or data[len(_MAGIC) : _HEADER] != _digest(body) or len(body) % 2:
            log.warning("A kept clip was damaged and is thrown away: %s", file)
            self._forget(file)
            return None
        with contextlib.suppress(OSError):
            os.utime(file)
        return AudioClip(np.frombuffer(body, dtype="<i2").astype(np.int16))

    def put(self, key: str, clip: AudioClip) -> None:
        body = clip.samples.astype("<i2").tobytes()
        if not body or len(body) > self._largest // 8:
            return
        with self._turn:
            try:
                self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._write(self.directory / key, _MAGIC + _digest(body) + body)
                if self._size is None or self._size > self._largest:
                    self._trim()
            except OSError as error:
                log.warning("A clip could not be kept: %s", error)

    def clear(self) -> None:
        with self._turn:
            for file, _, _ in self._files():
                self._forget(file)
            self._size = None

    def _write(self, file: Path, data: bytes) -> None:
        # mkstemp makes it 0600, and whoever reads never sees half of it.
        handle, temporary = tempfile.mkstemp(dir=self.directory, prefix=".")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            Path(temporary).replace(file)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        if self._size is not None:
            self._size += len(data)

    def _trim(self) -> None:
        """The least recently used go, until a tenth is free: so that not every clip looks through all of them."""
        files = self._files()
        self._size = sum(size for _, _, size in files)
        if self._size <= self._largest:
            return
        for file, _, size in sorted(files, key=lambda entry: entry[1]):
            if self._size <= self._largest * 0.9:
                return
            self._forget(file)
            self._size -= size

    def _files(self) -> list[tuple[Path, int, int]]:
        """Path, time of the last use and size of each."""
        found: list[tuple[Path, int, int]] = []
        with contextlib.suppress(FileNotFoundError):
            for file in self.directory.iterdir():
                with contextlib.suppress(FileNotFoundError):
                    told = file.stat()
                    found.append((file, told.st_mtime_ns, told.st_size))
        return found

    def _forget(self, file: Path) -> None:
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)


def clip_key(voice: str, depends_on: tuple[str, ...], settings: Settings, spoken: str) -> str:
    """The name of the clip: the voice, its settings, the rate, and the sentence as it was given to the voice."""
    values = {name: getattr(settings, name) for name in depends_on}
    told = json.dumps([voice, values, settings.rate, spoken], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()
