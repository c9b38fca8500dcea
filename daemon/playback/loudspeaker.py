"""The output that the settings choose, opened when first needed and again after it was lost."""

from __future__ import annotations

import logging
import threading
import time

from daemon.narration import AudioClip
from daemon.playback.ducking import Ducking
from daemon.playback.output import Output, OutputLost
from daemon.playback.registry import open_output
from tts_plugin.errors import EngineFailed, EngineUnavailable
from tts_plugin.settings import Settings

log = logging.getLogger(__name__)

REOPEN_SECONDS = 10.0
"""A sound server that restarts is waited for so long in mid-speech; a narration that begins does not wait."""
RETRY_SECONDS = 0.2


class Loudspeaker:
    """What the pipeline plays to. The same threads as for Output: `stop` and `apply` come from any."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._ducking = Ducking(settings)
        self._lock = threading.Lock()
        self._output: Output | None = None
        self._problem: str | None = None

    def open(self) -> None:
        """Opens it where it is not open. EngineUnavailable where there is no such output."""
        self._opened()

    def write(self, clip: AudioClip, cancelled: threading.Event) -> bool:
        """As Output.write. Where the output is lost, what was not heard goes on to the next one.

        EngineUnavailable where there is no output, or where none came back in time.
        """
        output = self._opened()
        if self._settings.output != "wav":
            self._ducking.begin()
        going_on = False
        try:
            going_on = self._write(output, clip, cancelled)
        finally:
            if not going_on:
                self._ducking.end()
        return going_on

    def drain(self, cancelled: threading.Event) -> bool:
        """As Output.drain, and as `write` where the output is lost."""
        try:
            return self._drain(cancelled)
        finally:
            self._ducking.end()

    def stop(self) -> None:
        with self._lock:
            if self._output is not None:
                self._output.stop()
        self._ducking.end()

    def close(self) -> None:
        with self._lock:
            output, self._output = self._output, None
        if output is not None:
            output.stop()
            output.close()
        self._ducking.close()

    def apply(self, settings: Settings) -> None:
        """Takes new settings; the next write opens what they name."""
        self._settings = settings
        self._ducking.apply(settings)
        with self._lock:
            output, self._output = self._output, None
        # Not silenced: whoever is writing to it finds it lost, and goes on with the next.
        if output is not None:
            output.close()

    def health(self) -> dict[str, str | None]:
        """State ("open", "idle" or "unavailable") and reason, or what there is to know of it, for `status`."""
        if self._problem is not None:
            return {"state": "unavailable", "reason": self._problem}
        output = self._output
        return {"state": "idle" if output is None else "open", "reason": output.note if output is not None else None}

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

    def _write(self, output: Output, clip: AudioClip, cancelled: threading.Event) -> bool:
        try:
            return output.write(clip, cancelled)
        except OutputLost as lost:
            return self._go_on(output, lost, cancelled)
        except EngineFailed as error:
            self._lose(output, str(error))
            raise

    def _drain(self, cancelled: threading.Event) -> bool:
        end: float | None = None
        while True:
            with self._lock:
                output = self._output
            if output is None:
                return not cancelled.is_set()
            try:
                return output.drain(cancelled)
            except OutputLost as lost:
                # A device that dies anew each time must not hold the narration for ever.
                end = end or time.monotonic() + lost.unheard.seconds + REOPEN_SECONDS
                if not self._go_on(output, lost, cancelled, end):
                    return False
            except EngineFailed as error:
                self._lose(output, str(error))
                raise

    def _go_on(self, output: Output, lost: OutputLost, cancelled: threading.Event, end: float | None = None) -> bool:
        """Writes what was not heard to another output; False where `cancelled` was set before that."""
        end = end or time.monotonic() + REOPEN_SECONDS
        log.info("%s %.2f s were not heard and go to the next output", lost, lost.unheard.seconds)
        while True:
            self._lose(output, str(lost))
            if time.monotonic() > end:
                raise EngineUnavailable(f"{lost} It could not be opened again within {REOPEN_SECONDS:.0f} s.") from lost
            try:
                output = self._opened()
                return output.write(lost.unheard, cancelled)
            except OutputLost as again:
                lost = again
            except EngineUnavailable:
                if time.monotonic() > end:
                    raise
            # A sound server that restarts takes a while.
            if cancelled.wait(RETRY_SECONDS):
                return False

    def _lose(self, output: Output, reason: str) -> None:
        with self._lock:
            self._problem = reason
            if self._output is output:
                self._output = None
        output.close()
