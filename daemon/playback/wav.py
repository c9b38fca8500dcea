"""WAV files instead of a loudspeaker: for machines without sound, and for `say --output`."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
import wave
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import numpy as np

from daemon.narration import SAMPLE_RATE, AudioClip
from tts_plugin import paths
from tts_plugin.errors import EngineFailed, EngineUnavailable
from tts_plugin.settings import Settings


def write_wav(path: Path, clips: Iterable[AudioClip]) -> None:
    """All clips as one file, in one step: a reader sees the whole of it or nothing. EngineFailed."""
    writer = _Writer(path.parent)
    try:
        for clip in clips:
            writer.add(clip)
        writer.finish(path)
    except BaseException:
        writer.discard()
        raise


class WavOutput:
    """One file a narration, named by the time of its first sound. See Output.

    A narration that is cut leaves what was spoken so far; one that is cut before that leaves no file.
    """

    note = None

    def __init__(self, settings: Settings) -> None:
        self.check(settings)
        self._directory = _directory(settings)
        self._lock = threading.Lock()
        self._writer: _Writer | None = None
        self._begun = datetime.min

    @classmethod
    def check(cls, settings: Settings) -> None:
        directory = _directory(settings)
        try:
            # The folder of our own is ours to make; one that the user named may be a mistyped or unmounted one.
            if settings.wav_directory is None:
                directory.mkdir(parents=True, exist_ok=True)
            if not directory.is_dir():
                raise NotADirectoryError("no such directory")
            if not os.access(directory, os.W_OK | os.X_OK):
                raise PermissionError("not writable")
        except OSError as error:
            raise EngineUnavailable(
                f"WAV files cannot go to {directory} ({error}). "
                'Make that directory, or name another as "wav_directory" in settings.json.'
            ) from error

    def write(self, clip: AudioClip, cancelled: threading.Event) -> bool:
        with self._lock:
            if cancelled.is_set():
                return False
            if len(clip.samples):
                if self._writer is None:
                    self._writer = _Writer(self._directory)
                    self._begun = datetime.now()
                self._writer.add(clip)
            return True

    def drain(self, cancelled: threading.Event) -> bool:
        self._finish()
        return not cancelled.is_set()

    def stop(self) -> None:
        self._finish()

    def close(self) -> None:
        self._finish()

    def _finish(self) -> None:
        with self._lock:
            writer, self._writer = self._writer, None
            if writer is not None:
                writer.finish(_unused(self._directory, self._begun))


class _Writer:
    """A WAV file that has no name yet."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        try:
            handle, name = tempfile.mkstemp(dir=directory, prefix=".yomiage-", suffix=".part")
        except OSError as error:
            raise _cannot(directory, error) from error
        self._temporary = Path(name)
        self._file = os.fdopen(handle, "wb")
        self._wave = wave.Wave_write(self._file)
        self._wave.setnchannels(1)
        self._wave.setsampwidth(2)
        self._wave.setframerate(SAMPLE_RATE)

    def add(self, clip: AudioClip) -> None:
        try:
            self._wave.writeframesraw(np.ascontiguousarray(clip.samples, dtype="<i2").tobytes())
        except OSError as error:
            raise _cannot(self._directory, error) from error

    def finish(self, path: Path) -> None:
        try:
            self._wave.close()  # writes the lengths into the header
            self._file.close()
            self._temporary.replace(path)
        except OSError as error:
            self.discard()
            raise _cannot(path, error) from error

    def discard(self) -> None:
        # Closing writes what is left: on a full disk that fails again, and there is nothing more to say about it.
        with contextlib.suppress(OSError, ValueError):
            self._wave.close()
        with contextlib.suppress(OSError):
            self._file.close()
        self._temporary.unlink(missing_ok=True)


def _directory(settings: Settings) -> Path:
    if settings.wav_directory is not None:
        return Path(settings.wav_directory).expanduser()
    return paths.data_dir() / "recordings"


def _unused(directory: Path, begun: datetime) -> Path:
    stem = begun.strftime("%Y-%m-%d_%H-%M-%S")
    path = directory / f"{stem}.wav"
    number = 1
    while path.exists():
        number += 1
        path = directory / f"{stem}_{number}.wav"
    return path


def _cannot(path: Path, error: OSError) -> EngineFailed:
    reason = error.strerror or str(error)
    return EngineFailed(
        f"{path} cannot be written ({reason}). Choose a file in a directory that exists and is writable."
    )
