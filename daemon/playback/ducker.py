"""The process that turns other players down while speech is heard, and up again.

A process of its own, because libpulse can hang, and because it learns by the end of its input that the daemon is gone,
however that came: then it turns them up. Where it is itself killed, its file tells the next one. `ducking` runs it.

Arguments: the file, and the share of their loudness that other players keep.
In: lines, "down" and "up". End of input: up, and exit.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

TICK_SECONDS = 0.25
"""How soon a player is found that begins in mid-speech."""
LINGER_SECONDS = 0.4
"""So long after speech they stay down: another sentence may follow."""
OWN_NAME = "Yomiage"
_NOT_TOUCHED = 0.005
"""A volume that differs by no more from what was set is still what was set."""


@dataclass(frozen=True)
class Lowered:
    """One player's stream that was turned down."""

    index: int
    """The sound server's number of it."""
    before: list[float]
    """The volume of each channel as it was."""
    during: list[float]
    memory: str | None
    """Under which name the sound server remembers the volume for the player's next stream."""


class Others:
    """The other players of one sound server, by pulsectl. Its errors are raised as OSError."""

    def __init__(self, file: Path, share: float) -> None:
        self._file = file
        self._share = share
        self._server: Any = None
        self._lowered: dict[int, Lowered] = {}

    def lower(self) -> None:
        """Turns down whoever plays and is not down yet."""
        with self._connected() as server:
            new = []
            for stream in server.sink_input_list():
                if stream.index in self._lowered or _is_ours(stream):
                    continue
                before = list(stream.volume.values)
                memory = stream.proplist.get("module-stream-restore.id")
                # A player's next title is a new stream, which begins as loud as the one before ended.
                for known in self._lowered.values():
                    if memory and known.memory == memory and _alike(before, known.during):
                        before = known.before
                during = [self._share * channel for channel in before]
                new.append((stream, Lowered(stream.index, before, during, memory)))
            if not new:
                return
            self._lowered |= {lowered.index: lowered for _, lowered in new}
            # Noted before it is done: who dies in between has at worst noted too much.
            self._note(server)
            for stream, lowered in new:
                self._set(server, stream, lowered.during)

    def restore(self) -> None:
        """Turns them up again; whom the user has meanwhile turned otherwise is left as he is."""
        if not self._lowered:
            return
        with self._connected() as server:
            streams = {stream.index: stream for stream in server.sink_input_list()}
            for lowered in self._lowered.values():
                stream = streams.get(lowered.index)
                if stream is None:
                    self._remember(server, lowered)
                elif _alike(list(stream.volume.values), lowered.during):
                    self._set(server, stream, lowered.before)
            self._lowered = {}
            self._file.unlink(missing_ok=True)

    def take_over(self) -> None:
        """Takes on what a killed predecessor left, where it is the same sound server."""
        try:
            # Connects even where nothing was left: the first sentence shall not wait for that.
            with self._connected() as server:
                noted = json.loads(self._file.read_text(encoding="utf-8"))
                if noted["server"] == server.server_info().cookie:
                    self._lowered = {entry["index"]: Lowered(**entry) for entry in noted["lowered"]}
        except (FileNotFoundError, ValueError, TypeError, LookupError):
            return  # nothing was left, or nothing that can be used

    def _note(self, server: Any) -> None:
        told = {"server": server.server_info().cookie, "lowered": [asdict(one) for one in self._lowered.values()]}
        staged = self._file.with_suffix(".new")
        staged.write_text(json.dumps(told), encoding="utf-8")
        staged.replace(self._file)

    def _set(self, server: Any, stream: Any, channels: list[float]) -> None:
        import pulsectl

        # It may have ended just now.
        with contextlib.suppress(pulsectl.PulseOperationFailed):
            server.volume_set(stream, pulsectl.PulseVolumeInfo(channels))

    def _remember(self, server: Any, lowered: Lowered) -> None:
        """Corrects what the server would give the player's next stream: the lowered volume was the last one it saw."""
        import pulsectl

        if lowered.memory is None or server.stream_restore_test() is None:
            return
        for entry in server.stream_restore_list():
            if entry.name == lowered.memory and _alike(list(entry.volume.values), lowered.during):
                entry.volume = pulsectl.PulseVolumeInfo(lowered.before)
                server.stream_restore_write(entry, mode="replace", apply_immediately=True)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Any]:
        import pulsectl

        try:
            # Without its time limit, which is how long it would always wait. Where this hangs, we are killed.
            self._server = self._server or pulsectl.Pulse(OWN_NAME)
            yield self._server
        except pulsectl.PulseError as error:
            # Its streams are gone with a server that went away.
            self._server, self._lowered = None, {}
            raise OSError(f"the sound server failed: {error}") from error


def _is_ours(stream: Any) -> bool:
    told: dict[str, str] = stream.proplist
    return told.get("application.name") == OWN_NAME or told.get("application.process.id") == str(os.getppid())


def _alike(left: list[float], right: list[float]) -> bool:
    return len(left) == len(right) and all(abs(a - b) <= _NOT_TOUCHED for a, b in zip(left, right, strict=True))


def run(others: Others) -> None:
    """Until the end of input."""
    down, up_at = False, 0.0
    with contextlib.suppress(OSError):
        others.take_over()
        others.restore()
    while True:
        waiting = TICK_SECONDS if down or up_at else None
        if select.select([0], [], [], waiting)[0]:
            read = os.read(0, 4096)
            if not read:
                return
            for word in read.split():
                if word == b"up" and down:
                    up_at = time.monotonic() + LINGER_SECONDS
                down = word == b"down"
        # A sound server that is away is no reason to leave: the next speech finds it again.
        with contextlib.suppress(OSError):
            if down:
                up_at = 0.0
                others.lower()
            elif up_at and time.monotonic() >= up_at:
                up_at = 0.0
                others.restore()


def main() -> None:
    # Ctrl-C is for the daemon, which then closes our input; a logout ends us, and they must be up by then.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    others = Others(Path(sys.argv[1]), float(sys.argv[2]))
    try:
        run(others)
    finally:
        with contextlib.suppress(OSError):
            others.restore()


if __name__ == "__main__":
    main()
