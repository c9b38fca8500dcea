"""The daemon's side of the player process: starts it, feeds it, knows how far it is."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable

from daemon.playback import player

PLAYER = [sys.executable, "-I", "-m", player.__name__]
"""-I: only what is installed with the interpreter counts, not a miniaudio.py in the working directory."""
READY_SECONDS = 10.0
"""So long may a sound server take to say what devices it has."""
SILENT_SECONDS = player.WAKING_SECONDS + 1
"""The player says so when its device hangs; silent for longer than that, it hangs itself."""
_CANCEL_SECONDS = 0.05
"""A cut narration is noticed so late by the thread that writes it; what is heard does not wait for that."""


class DeviceLost(Exception):
    """The player gave up; the message is its reason."""


class Device:
    """One player process. It ends with its first trouble; then make another."""

    def __init__(self, wanted: str | None = None) -> None:
        """Starts it, for the device of that name or the system's default. DeviceLost where there is no loudspeaker."""
        self._changed = threading.Condition()
        self._sending = threading.Lock()
        self._epoch = 0
        self._sent = 0
        self._taken = 0
        self._heard = 0
        self._unheard: deque[bytes] = deque()
        self._forgotten = 0
        """So many samples of this epoch are no longer in `_unheard`."""
        self._ready = False
        self.missing = False
        """True where there is no device of the name that was asked for, and the default one plays."""
        self._lost: str | None = None
        self._process = subprocess.Popen(
            [*PLAYER, "play", wanted] if wanted else PLAYER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # ALSA complains there about each device that it cannot find
        )
        assert self._process.stdin is not None
        self._input = self._process.stdin.fileno()
        os.set_blocking(self._input, False)
        self._listener = threading.Thread(target=self._listen, name="player", daemon=True)
        self._listener.start()
        end = time.monotonic() + READY_SECONDS
        with self._changed:
            while not self._ready and self._lost is None:
                if not self._changed.wait(end - time.monotonic()) and time.monotonic() >= end:
                    self._lost = f"the sound system did not answer within {READY_SECONDS:.0f} s"
            lost = self._lost
        if lost is not None:
            self.close()
            raise DeviceLost(lost)

    @property
    def lost(self) -> str | None:
        """Why nothing can be played any more; None while it can."""
        return self._lost

    def send(self, samples: bytes, cancelled: threading.Event) -> bool:
        """More samples; False, and nothing sent, where `cancelled` is set."""
        with self._sending:
            # Looked at under the lock: after `stop` has sent its order, nothing of the old speech may follow it.
            if cancelled.is_set():
                return False
            with self._changed:
                self._sent += len(samples) // 2
                self._unheard.append(samples)
            self._put(player.HEADER.pack(player.PLAY, len(samples)) + samples)
            return True

    def unheard(self) -> bytes:
        """The samples that were sent and, as far as the player told, have not been heard."""
        with self._changed:
            return b"".join(self._unheard)[2 * (self._heard - self._forgotten) :]

    def stop(self) -> None:
        with self._sending:
            with self._changed:
                self._epoch += 1
                self._sent = self._taken = self._heard = self._forgotten = 0
                self._unheard.clear()
                self._changed.notify_all()
                epoch = self._epoch
            with contextlib.suppress(DeviceLost):
                self._put(player.HEADER.pack(player.STOP, epoch))

    def wait_for_room(self, samples: int, cancelled: threading.Event) -> bool:
        """Until no more than so many samples wait for the device; False where `cancelled` is set before that."""
        return self._wait(lambda: self._sent - self._taken <= samples, cancelled)

    def wait_until_heard(self, cancelled: threading.Event) -> bool:
        """Until all that was sent has been heard; False where `cancelled` is set before that."""
        return self._wait(lambda: self._sent == self._heard, cancelled)

    def _wait(self, condition: Callable[[], bool], cancelled: threading.Event) -> bool:
        with self._changed:
            progress = self._taken, self._heard
            end = time.monotonic() + SILENT_SECONDS
            while True:
                if cancelled.is_set():
                    return False
                if self._lost is not None:
                    raise DeviceLost(self._lost)
                if condition():
                    return True
                if progress != (self._taken, self._heard):
                    progress = self._taken, self._heard
                    end = time.monotonic() + SILENT_SECONDS
                elif time.monotonic() > end:
                    self._lost = f"the sound system took no sound for {SILENT_SECONDS:.0f} s"
                self._changed.wait(_CANCEL_SECONDS)

    def close(self) -> None:
        """Ends the process; a second is enough, else it is killed."""
        with self._sending, contextlib.suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        try:
            self._process.wait(1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join(1)

    def _put(self, data: bytes) -> None:
        # The player always reads, and little is ever ahead: a full pipe means that it hangs.
        left = memoryview(data)
        while left:
            try:
                left = left[os.write(self._input, left) :]
            except BlockingIOError:
                if not select.select([], [self._input], [], SILENT_SECONDS)[1]:
                    self._give_up(f"the sound system took no sound for {SILENT_SECONDS:.0f} s")
                    raise DeviceLost(self._lost) from None
            except (OSError, ValueError) as error:
                self._give_up("the sound player ended")
                raise DeviceLost(self._lost) from error

    def _give_up(self, reason: str) -> None:
        with self._changed:
            self._lost = self._lost or reason
            self._changed.notify_all()

    def _forget_heard(self) -> None:
        while self._unheard and self._forgotten + len(self._unheard[0]) // 2 <= self._heard:
            self._forgotten += len(self._unheard.popleft()) // 2

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                word, _, rest = line.decode(errors="replace").strip().partition(" ")
                with self._changed:
                    if word == "ready":
                        self._ready = True
                    elif word in ("found", "missing"):
                        self.missing = word == "missing"
                    elif word == "failed":
                        self._lost = self._lost or rest
                    elif word == "at":
                        epoch, taken, heard = map(int, rest.split())
                        if epoch == self._epoch:
                            self._taken, self._heard = taken, heard
                            self._forget_heard()
                    self._changed.notify_all()
        self._give_up("the sound player ended unexpectedly")
