"""A private PulseAudio server whose only sink goes nowhere, and a recorder of what a person would hear.

Times are time.monotonic() seconds, so that a test can compare them with its own.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

RATE = 48_000
LOUD = 300
"""A sample at or above this, of 32767, is heard: -41 dB, below any speech and above any dither."""
_LATENCY_MS = 10

Samples = npt.NDArray[np.int16]


class SoundServer:
    """PulseAudio with a null sink. Give `environment` to whatever shall play there."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="yomi-pulse-"))
        self.socket = self.home / "native"
        self.environment = {
            "PULSE_SERVER": f"unix:{self.socket}",
            "PULSE_RUNTIME_PATH": str(self.home),
            "PULSE_STATE_PATH": str(self.home),
            "PULSE_COOKIE": str(self.home / "cookie"),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self, timeout: float = 15) -> None:
        """Returns once the server takes connections."""
        assert self._process is None, "the sound server runs already"
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *("pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1"),
                    *("--realtime=no", "--high-priority=yes", "--disable-shm=yes", "--log-target=stderr"),
                    *("-L", f"module-null-sink sink_name=ear rate={RATE} channels=1 format=s16le"),
                    *("-L", f"module-native-protocol-unix socket={self.socket} auth-anonymous=1"),
                ],
                env={
                    **os.environ,
                    **self.environment,
                    "HOME": str(self.home),
                    "XDG_RUNTIME_DIR": str(self.home),
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + timeout
        while True:
            with socket.socket(socket.AF_UNIX) as probe:
                if probe.connect_ex(str(self.socket)) == 0:
                    break
            if self._process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"PulseAudio did not start:\n{(self.home / 'log').read_text()}")
            time.sleep(0.01)
        # Left alone, a null sink works two seconds at a time. One listener that wants it promptly makes
        # it work in blocks of 10 ms, as a loudspeaker would, from here on.
        self._keeper = Recorder(self.environment)
        self._keeper.wait_for_length(0.05, timeout)

    def kill(self) -> None:
        """The server dies without a word, as in a crash. `start` brings it back."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(10)
            self._process = None
            self._keeper.close()
            self.socket.unlink(missing_ok=True)

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.home, ignore_errors=True)

    def streams(self) -> int:
        """How many playback streams are open."""
        return self._count("sink-inputs")

    def clients(self) -> int:
        """How many programs are connected, this question's own included."""
        return self._count("clients")

    def _count(self, what: str) -> int:
        return len(self.ask("list", "short", what).splitlines())

    def ask(self, *words: str) -> str:
        """What pactl says."""
        environment = {**os.environ, **self.environment}
        return subprocess.run(
            ["pactl", *words], env=environment, capture_output=True, check=True, timeout=10, text=True
        ).stdout

    @contextmanager
    def second_sink(self, name: str) -> Iterator[None]:
        """Another device, under that name, while the block runs."""
        properties = f"sink_properties=device.description={name}"
        module = self.ask("load-module", "module-null-sink", f"sink_name={name}", properties, f"rate={RATE}")
        try:
            yield
        finally:
            self.ask("unload-module", module.strip())

    @contextmanager
    def recording(self, sink: str = "ear") -> Iterator[Recorder]:
        """Records while the block runs, from before its first line."""
        recorder = Recorder(self.environment, sink)
        try:
            # So long, the earliest of the arrivals has come in time, and the clock is set.
            recorder.wait_for_length(0.3, timeout=10)
            yield recorder
        finally:
            recorder.close()


class Recorder:
    """What came out of the sink since this recorder was made."""

    def __init__(self, environment: dict[str, str], sink: str = "ear") -> None:
        self._changed = threading.Condition()
        self._buffer: Samples = np.zeros(RATE * 60, dtype=np.int16)
        self._length = 0
        self._last_loud = -1
        self._started = float("inf")
        self._ended = False
        self._parec = subprocess.Popen(
            [
                *("parec", f"--device={sink}.monitor", "--raw", "--format=s16le", f"--rate={RATE}"),
                *("--channels=1", f"--latency-msec={_LATENCY_MS}", f"--process-time-msec={_LATENCY_MS}"),
            ],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a killed server is what some tests want
        )
        self._thread = threading.Thread(target=self._read, name="recorder", daemon=True)
        self._thread.start()

    def samples(self, since: float | None = None, until: float | None = None) -> Samples:
        """What was recorded so far, or between two times."""
        with self._changed:
            last = self._length if until is None else min(self._position(until), self._length)
            return self._buffer[self._position(since) : last].copy()

    def wait_for_length(self, seconds: float, timeout: float) -> None:
        """Until so many seconds are recorded."""
        self._wait(lambda: 0.0 if self._length >= seconds * RATE else None, timeout, f"{seconds} s of recording")

    def wait_until(self, at: float, timeout: float) -> None:
        """Until the recording has reached that time."""
        self._wait(lambda: 0.0 if self._time_of(self._length) >= at else None, timeout, "recording up to that time")

    def wait_for_sound(self, timeout: float, since: float | None = None) -> float:
        """Until something is heard; when it was first heard."""
        scanned = self._position(since)

        def first_sound() -> float | None:
            nonlocal scanned
            found = _loud(self._buffer[scanned : self._length])
            if not len(found):
                scanned = max(scanned, self._length)
                return None
            return self._time_of(scanned + int(found[0]))

        return self._wait(first_sound, timeout, "sound")

    def wait_for_silence(self, seconds: float, timeout: float, since: float | None = None) -> float:
        """Until nothing was heard for so long; when that silence began (`since` where nothing was heard after it).

        Speech pauses too: half a second between two sentences is common.
        """
        begin = self._position(since)

        def silence() -> float | None:
            quiet_from = max(begin, self._last_loud + 1)
            return self._time_of(quiet_from) if self._length - quiet_from >= seconds * RATE else None

        return self._wait(silence, timeout, f"{seconds} s of silence")

    def sound_between(self, since: float, until: float) -> bool:
        """Whether anything was heard between two times; waits for the recording to get there."""
        self.wait_until(until, timeout=2 + max(0.0, until - time.monotonic()))
        return len(_loud(self.samples(since, until))) > 0

    def holes(self, longer_than_ms: float, since: float | None = None) -> list[tuple[float, float]]:
        """(when, milliseconds) of each silence between the first and the last sound."""
        loud = _loud(self.samples(since))
        gaps = np.diff(loud) * 1000 / RATE
        first = self._position(since)
        return [(self._time_of(first + int(loud[i])), float(gaps[i])) for i in np.flatnonzero(gaps > longer_than_ms)]

    def close(self) -> None:
        self._parec.terminate()
        self._parec.wait(10)
        self._thread.join(10)

    def _time_of(self, position: int) -> float:
        return self._started + position / RATE

    def _position(self, at: float | None) -> int:
        return 0 if at is None else max(0, round((at - self._started) * RATE))

    def _wait(self, condition: Callable[[], float | None], timeout: float, what: str) -> float:
        end = time.monotonic() + timeout
        with self._changed:
            while (found := condition()) is None:
                if self._ended:
                    raise AssertionError(f"the recording ended before there was {what}")
                left = end - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"no {what} within {timeout:.1f} s")
                self._changed.wait(left)
            return found

    def _read(self) -> None:
        assert self._parec.stdout is not None
        # An odd byte at the end of a read belongs to the next one.
        rest = b""
        while read := os.read(self._parec.stdout.fileno(), 65_536):
            now = time.monotonic()
            chunk = rest + read
            rest = chunk[len(chunk) & ~1 :]
            heard = np.frombuffer(chunk, dtype=np.int16, count=len(chunk) // 2)
            loud = _loud(heard)
            with self._changed:
                if self._length + len(heard) > len(self._buffer):
                    self._buffer = np.concatenate([self._buffer, np.zeros_like(self._buffer)])
                self._buffer[self._length : self._length + len(heard)] = heard
                if len(loud):
                    self._last_loud = self._length + int(loud[-1])
                # A block comes when its first sample is due; later under load, never earlier. So the
                # earliest arrival tells when the recording began.
                self._started = min(self._started, now - self._length / RATE)
                self._length += len(heard)
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


def similarity(heard: Samples, played: Samples) -> float:
    """How like `played` the most alike stretch of `heard` is: 1 where it was heard entire and unmangled."""
    size = len(heard) + len(played)
    left, right = np.fft.rfft(heard, size), np.fft.rfft(played, size)
    products = np.fft.irfft(left * np.conj(right), size)
    start = int(np.argmax(products[: max(1, len(heard) - len(played) + 1)]))
    stretch = heard[start : start + len(played)].astype(np.float64)
    norm = float(np.linalg.norm(stretch) * np.linalg.norm(played.astype(np.float64)))
    return float(products[start]) / norm if norm else 0.0


def _loud(samples: Samples) -> npt.NDArray[np.intp]:
    return np.flatnonzero((samples >= LOUD) | (samples <= -LOUD))
