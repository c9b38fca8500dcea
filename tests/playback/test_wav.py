"""WAV files, read back."""

from __future__ import annotations

import os
import threading
import wave
from pathlib import Path

import numpy as np
import pytest

from daemon.narration import SAMPLE_RATE, AudioClip
from daemon.playback.registry import open_output
from daemon.playback.wav import WavOutput, write_wav
from tests.playback.conftest import sweep
from tts_plugin import paths
from tts_plugin.errors import EngineFailed, EngineUnavailable
from tts_plugin.settings import Settings


def read(path: Path) -> list[int]:
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, SAMPLE_RATE)
        return list(map(int, np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")))


def test_clips_become_one_file(tmp_path: Path) -> None:
    first, second = sweep(0.1), sweep(0.2)
    write_wav(tmp_path / "speech.wav", [first, second])
    assert read(tmp_path / "speech.wav") == [*first.samples.tolist(), *second.samples.tolist()]
    assert [path.name for path in tmp_path.glob("*.wav")] == ["speech.wav"]


def test_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "speech.wav"
    write_wav(path, [sweep(0.1)])
    before = read(path)

    def failing() -> object:
        yield sweep(0.3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_wav(path, failing())  # type: ignore[arg-type]
    assert read(path) == before
    assert [entry.name for entry in tmp_path.iterdir() if entry.is_file()] == ["speech.wav"]


def test_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineFailed, match=r"absent.*No such file.*Choose"):
        write_wav(tmp_path / "absent" / "speech.wav", [sweep(0.1)])


def test_target_that_is_a_directory_is_named(tmp_path: Path) -> None:
    (tmp_path / "speech.wav").mkdir()
    with pytest.raises(EngineFailed, match=r"speech\.wav.*directory"):
        write_wav(tmp_path / "speech.wav", [sweep(0.1)])
    assert [entry.name for entry in tmp_path.iterdir() if entry.is_file()] == []


def test_full_disk_is_named() -> None:
    if not os.access("/dev/full", os.W_OK):
        pytest.skip("no /dev/full here")
    from daemon.playback.wav import _Writer

    writer = _Writer(Path("/tmp"))
    try:
        os.dup2(os.open("/dev/full", os.O_WRONLY), writer._file.fileno())
        with pytest.raises(EngineFailed, match="No space left"):
            for _ in range(10):
                writer.add(sweep(0.2))
    finally:
        writer.discard()


def test_each_narration_is_a_file_named_by_time(home: Path, going: threading.Event) -> None:
    output = open_output(Settings(output="wav"))
    for clips in ([sweep(0.1), sweep(0.1)], [sweep(0.2)]):
        for clip in clips:
            assert output.write(clip, going)
        assert output.drain(going)
    output.close()
    files = sorted((paths.data_dir() / "recordings").iterdir())
    assert [len(read(file)) / SAMPLE_RATE for file in files] == [0.2, 0.2]
    assert all(file.name.startswith("20") and file.suffix == ".wav" for file in files)


def test_cut_narration_leaves_what_was_spoken(tmp_path: Path) -> None:
    output = WavOutput(Settings(output="wav", wav_directory=str(tmp_path)))
    cancelled = threading.Event()
    output.write(sweep(0.1), cancelled)
    cancelled.set()
    output.stop()
    assert not output.write(sweep(0.1), cancelled)
    output.stop()
    assert [len(read(file)) for file in tmp_path.glob("*.wav")] == [SAMPLE_RATE // 10]


def test_nothing_spoken_leaves_no_file(tmp_path: Path, going: threading.Event) -> None:
    output = WavOutput(Settings(output="wav", wav_directory=str(tmp_path)))
    assert output.write(AudioClip(np.zeros(0, dtype=np.int16)), going)
    output.drain(going)
    output.close()
    assert not list(tmp_path.glob("*.wav")) + list(tmp_path.glob(".yomiage*"))


def test_named_directory_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match=r'absent.*"wav_directory"'):
        open_output(Settings(output="wav", wav_directory=str(tmp_path / "absent")))
