"""The output that the settings choose, opened when first needed and again after it was lost."""

from __future__ import annotations

import threading

from daemon.narration import AudioClip
from daemon.playback.output import Output
from daemon.playback.registry import open_output
from tts_plugin.errors import EngineFailed, EngineUnavailable
from tts_plugin.settings import Settings


class Loudspeaker:
    """What the pipeline plays to. The same threads as for Output: `stop` and `apply` come from any."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._output: Output | None = None
        self._problem: str | None = None

    def open(self) -> None:
        """Opens it where it is not open. EngineUnavailable where there is no such output."""
        self._opened()

    def write(self, clip: AudioClip, cancelled: threading.Event) -> bool:
        """As Output.write. EngineUnavailable where there is no output, EngineFailed where it was lost twice."""
        for last in (False, True):
            output = self._opened()
            try:
                return output.write(clip, cancelled)
            except EngineFailed as error:
                self._lose(output, str(error))
                if last:
                    raise
        raise AssertionError("unreachable")

    def drain(self, cancelled: threading.Event) -> bool:
        with self._lock:
            output = self._output
        return output.drain(cancelled) if output is not None else not cancelled.is_set()

    def stop(self) -> None:
        with self._lock:
            if self._output is not None:
                self._output.stop()

    def close(self) -> None:
        with self._lock:
            output, self._output = self._output, None
        if output is not None:
            output.stop()
            output.close()

    def apply(self, settings: Settings) -> None:
        """Takes new settings; the next write opens what they name."""
        self._settings = settings
        self.close()

    def health(self) -> dict[str, str | None]:
        """State ("open", "idle" or "unavailable") and reason, for `status`."""
        if self._problem is not None:
            return {"state": "unavailable", "reason": self._problem}
        return {"state": "idle" if self._output is None else "open", "reason": None}

    def _opened(self) -> Output:
        with self._lock:
            if self._output is not None:
                return self._output
        # Not under the lock: a sound server may take seconds to answer, and `stop` must not wait for it.
        try:
            output = open_output(self._settings)
        except EngineUnavailable as error:
            self._problem = str(error)
            raise
        with self._lock:
            self._output, self._problem = output, None
        return output

    def _lose(self, output: Output, reason: str) -> None:
        with self._lock:
            self._problem = reason
            if self._output is output:
                self._output = None
        output.close()
