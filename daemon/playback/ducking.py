"""Other players, turned down while speech is heard: the daemon's side of the process that does it."""

from __future__ import annotations

import contextlib
import ctypes.util
import importlib.util
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

from daemon.playback import ducker
from tts_plugin import paths
from tts_plugin.errors import EngineUnavailable
from tts_plugin.settings import Settings

log = logging.getLogger(__name__)

DUCKER = [sys.executable, "-I", "-m", ducker.__name__]
CLOSE_SECONDS = 1.0


def check() -> None:
    """EngineUnavailable, naming the cure, where other players cannot be turned down."""
    if importlib.util.find_spec("pulsectl") is None:
        raise EngineUnavailable(
            "Other players cannot be turned down: pulsectl is not installed, which is for Linux only. Run install.sh "
            'again, or set "others_volume" to 1.'
        )
    if ctypes.util.find_library("pulse") is None:
        raise EngineUnavailable(
            "Other players cannot be turned down: libpulse was not found. Install it (Debian: apt-get install "
            'libpulse0), or set "others_volume" to 1.'
        )


class Ducking:
    """Starts the process when it is first needed. Any thread may call it; no call waits for the sound server."""

    def __init__(self, settings: Settings) -> None:
        self._lock = threading.Lock()
        self._share = settings.others_volume
        self._process: subprocess.Popen[bytes] | None = None
        self._down = False
        if self._share < 1 or _left_over().exists():
            # Now, so that the first sentence does not wait for it; and players may still be down since a crash.
            with self._lock:
                self._start()

    def begin(self) -> None:
        """Speech begins, or goes on."""
        if not self._down and self._share < 1:
            with self._lock:
                self._down = True
                self._tell(b"down\n")

    def end(self) -> None:
        """Speech is over."""
        if self._down:
            with self._lock:
                self._down = False
                self._tell(b"up\n")

    def apply(self, settings: Settings) -> None:
        if settings.others_volume != self._share:
            self.close()
            self._share = settings.others_volume

    def close(self) -> None:
        """Others are up again when it returns, or the process is killed and its file tells the next one."""
        with self._lock:
            process, self._process, self._down = self._process, None, False
        if process is None:
            return
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _tell(self, line: bytes) -> None:
        if self._process is None or self._process.poll() is not None:
            self._start()
        if self._process is not None:
            assert self._process.stdin is not None
            try:
                os.write(self._process.stdin.fileno(), line)
            except OSError as error:  # it hangs, its pipe full, or it ended just now: others stay as they are
                log.debug("ducking: %s", error)

    def _start(self) -> None:
        try:
            check()
        except EngineUnavailable as error:
            log.warning("%s", error)
            self._share = 1.0  # said once
            return
        file = _left_over()
        file.parent.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [*DUCKER, str(file), str(self._share)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert self._process.stdin is not None
        os.set_blocking(self._process.stdin.fileno(), False)


def _left_over() -> Path:
    return paths.state_dir() / "ducked.json"
