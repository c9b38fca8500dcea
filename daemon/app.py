"""The daemon's parts, put together; what requests act on."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any

from daemon.history import History
from daemon.schedule import Schedule
from daemon.wake import Wake
from tts_plugin.errors import EngineUnavailable, YomiageError

if TYPE_CHECKING:  # the server accepts before any of these is loaded
    from daemon.narration import TranslatedSentence
    from daemon.pipeline import Pipeline
    from daemon.playback.devices import OutputDevice
    from daemon.settings_watch import SettingsWatch
    from daemon.speech.listing import VoiceState
    from daemon.studio import Studio
    from tts_plugin.settings import Settings

log = logging.getLogger(__name__)

STARTING_SECONDS = 20.0
"""How long a request waits for a daemon that has just begun to accept."""


class App:
    """Holds schedule, history, settings and pipeline. Any thread may call it."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.leaving = False
        """True once the daemon is to leave."""
        self.attention = Wake()
        """Set when the main thread should look again: at `leaving`, or at new settings."""
        self.schedule = Schedule(on_cut=self._silence)
        self.history = History()
        self._ready = threading.Event()
        self._warming = threading.Lock()
        self._last_request = time.monotonic()
        self._watch: SettingsWatch
        self._pipeline: Pipeline
        self._studio: Studio

    def start(self) -> None:
        """Reads the settings and builds the pipeline. Slow: the server answers meanwhile."""
        from daemon.pipeline import Pipeline
        from daemon.settings_watch import SettingsWatch
        from daemon.studio import Studio

        self._watch = SettingsWatch()
        self._studio = Studio(self._watch.current)
        self._pipeline = Pipeline(self.schedule, self._studio)
        self._pipeline.start()
        self._ready.set()
        self._watch.start(self._apply)

    def stop(self) -> None:
        """Silence, then the parts in the reverse order of their start."""
        self.schedule.close()
        if self._ready.is_set():
            self._watch.stop()
            self._pipeline.close()
            self._studio.output.close()

    @property
    def settings(self) -> Settings:
        self._wait_until_ready()
        return self._watch.current

    @property
    def settings_problems(self) -> list[str]:
        return self._watch.problems if self._ready.is_set() else []

    def touch(self) -> None:
        """Notes a request: the daemon is in use."""
        self._last_request = time.monotonic()

    def idle_seconds(self) -> float:
        """Seconds since the last request or the last speech; 0 while anything is spoken or loaded."""
        if self.schedule.current() is not None or self.schedule.waiting() or self._warming.locked():
            self.touch()
        return time.monotonic() - self._last_request

    def warm(self) -> None:
        """Loads the models on a thread of its own; at once where that is under way already."""
        if self._ready.is_set() and self._watch.current.enabled:
            threading.Thread(target=self._warm, name="warm", daemon=True).start()

    def unload(self) -> None:
        """Lets the models leave memory and gives the sound device back."""
        self._studio.unload()

    def reload(self) -> None:
        """Forgets what failed to load: a model may have been downloaded since."""
        self._wait_until_ready()
        self._studio.rebuild(self._watch.current)
        self.warm()

    def shut_down(self) -> None:
        self.leaving = True
        self.attention.set()

    def clean(self, text: str) -> list[str]:
        """The sentences that would be spoken, in the language they were written in."""
        self._wait_until_ready()
        return [sentence.text for sentence in self._studio.clean(text)]

    def translate(self, text: str, engine: str | None = None) -> tuple[list[TranslatedSentence], dict[str, Any]]:
        """The sentences in Japanese, by that engine alone if one is named; and the states of the engines asked."""
        self._wait_until_ready()
        return self._studio.translate(text, engine)

    def render(self, text: str, file: str) -> float:
        """Speaks into a WAV file; its length in seconds."""
        self._wait_until_ready()
        return self._studio.render(text, file)

    def health(self) -> dict[str, Any]:
        """State of every engine, for `status`; never waits for one."""
        if not self._ready.is_set():
            return {"state": "starting", "translators": {}, "voices": {}, "output": {}}
        return {"state": "ready", **self._studio.health()}

    def voices(self) -> list[VoiceState]:
        """Every voice there is, and whether it can run here."""
        from daemon.speech.listing import voices

        return voices(self.settings)

    def devices(self) -> list[OutputDevice]:
        """Every loudspeaker there is."""
        from daemon.playback.devices import output_devices

        return output_devices(self.settings)

    def why_silent(self) -> str:
        """The first reason in sight for a narration that made no sound."""
        health = self.health()
        if health["output"].get("state") == "unavailable":
            return f"No sound: {health['output']['reason']}"
        reasons = [f"{name}: {state['reason']}" for name, state in health["voices"].items() if state["reason"]]
        return "Nothing was spoken. " + ("; ".join(reasons) or "The text holds nothing that can be spoken.")

    def checks(self) -> list[dict[str, Any]]:
        """What `doctor` asks of the daemon: name, ok, detail of each part."""
        from daemon.checks import checks

        self._wait_until_ready()
        return checks(self._studio, self._watch.problems)

    def _apply(self, settings: Settings) -> None:
        if not settings.enabled:
            self.schedule.cut()
        self._studio.apply(settings)
        self.attention.set()

    def _warm(self) -> None:
        if not self._warming.acquire(blocking=False):
            return
        try:
            self._studio.warm()
        except YomiageError as error:
            log.warning("warming: %s", error)
        except Exception:
            log.exception("warming failed")
        finally:
            self._warming.release()

    def _silence(self) -> None:
        if self._ready.is_set():
            self._studio.output.stop()

    def _wait_until_ready(self) -> None:
        if not self._ready.wait(STARTING_SECONDS):
            raise EngineUnavailable("The daemon is still starting; try again in a moment.")
