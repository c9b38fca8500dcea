"""What each request does: one function a command, each quick or on its own connection's thread."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from daemon import fields
from daemon.app import App
from daemon.fields import Message
from daemon.hook_events import HookEvents
from daemon.narration import Narration, Priority, Stage, Timeline
from daemon.narrator import Narrator
from daemon.schedule import MAX_WAITING
from tts_plugin import __version__, protocol, wire
from tts_plugin.errors import YomiageError
from tts_plugin.protocol import BadLine, ErrorCode

log = logging.getLogger(__name__)

WAIT_SECONDS = 600.0
"""The longest that `say` with `wait` holds its connection."""


class Requests:
    """Checks a request's envelope and hands it to its function."""

    def __init__(self, app: App, leave_socket: Callable[[], None]) -> None:
        """`leave_socket` stops listening, so that a client that is told to restart finds no daemon."""
        self._app = app
        self._leave_socket = leave_socket
        self._other_versions: set[str] = set()
        self._narrator = Narrator(app)
        self._commands: dict[str, Callable[[Message], Message]] = {
            "hook": HookEvents(app, self._narrator).handle,
            "say": self._say,
            "render": self._render,
            "translate": self._translate,
            "clean": self._clean,
            "wait": self._wait,
            "replay": self._replay,
            "stop": self._stop,
            "status": self._status,
            "doctor": self._doctor,
            "voices": self._voices,
            "devices": self._devices,
            "reload": self._reload,
            "shutdown": self._shutdown,
        }

    def handle(self, request: Message) -> Message:
        """The reply to one request. Raises BadLine where its envelope is wrong."""
        name = request.get("command")
        command = self._commands.get(name) if isinstance(name, str) else None
        # "shutdown" is understood in every version: it is how one version makes room for another.
        if command is not self._commands["shutdown"] and (refusal := self._check_version(request)):
            return refusal
        if command is None:
            raise BadLine(ErrorCode.UNKNOWN_COMMAND, f"unknown command {str(name)[:40]!r}")
        if name != "status":
            self._app.touch()
        try:
            return {"ok": True, **command(request)}
        except BadLine:
            raise
        except YomiageError as error:
            return protocol.refusal(ErrorCode.FAILED, str(error))

    def _check_version(self, request: Message) -> Message | None:
        number, version = request.get("protocol"), request.get("version")
        if not isinstance(number, int) or not isinstance(version, str):
            raise BadLine(ErrorCode.BAD_REQUEST, 'the fields "protocol" (a number) and "version" (text) are needed')
        if number == wire.PROTOCOL and (version == __version__ or version in self._other_versions):
            return None
        if request.get("restarted") is True and number == wire.PROTOCOL:
            log.warning("serving version %s with version %s: run install.sh to make them one", version, __version__)
            self._other_versions.add(version)
            return None
        log.info("version %s asks version %s to restart", version, __version__)
        # The socket must be gone *before* the client reads this, or it would come straight back to this daemon.
        self._leave_socket()
        self._app.shut_down()
        return protocol.refusal(ErrorCode.RESTART, f"this daemon is version {__version__}")

    def _say(self, request: Message) -> Message:
        text = fields.text_of(request)
        if not self._app.settings.enabled:
            return protocol.refusal(
                ErrorCode.DISABLED, 'Yomiage is switched off; `yomiage on` or "enabled": true switches it on.'
            )
        if len(self._app.schedule.waiting()) >= MAX_WAITING // 2:
            return protocol.refusal(ErrorCode.BUSY, "Much is waiting to be spoken already; try again later.")
        voice = fields.voice_of(request)
        narration = self._narrator.narrate(text, Priority.MESSAGE, fields.session_of(request), Timeline(), voice=voice)
        if request.get("wait") is True:
            return self._wait_for(narration)
        return {"id": narration.id}

    def _replay(self, request: Message) -> Message:
        session = request.get("session")
        last = self._app.history.last_reply(session if isinstance(session, str) else None)
        if last is None:
            return protocol.refusal(ErrorCode.FAILED, "There is nothing to replay yet.")
        return self._say({**request, "text": last.text, "session": last.session})

    def _wait(self, request: Message) -> Message:
        last = self._app.history.last_reply(fields.session_of(request))
        return self._wait_for(last) if last is not None else {}

    def _wait_for(self, narration: Narration) -> Message:
        if not narration.finished.wait(WAIT_SECONDS):
            return protocol.refusal(ErrorCode.TIMEOUT, f"It is still being spoken after {WAIT_SECONDS:.0f} s.")
        stages = narration.timeline.as_dict()
        if not narration.timeline.was_cut and Stage.FIRST_AUDIO_OUT.value not in stages:
            return protocol.refusal(ErrorCode.FAILED, self._app.why_silent())
        return {"id": narration.id, "cut": narration.timeline.was_cut, "stages": stages}

    def _render(self, request: Message) -> Message:
        file = request.get("file")
        if not isinstance(file, str) or not Path(file).is_absolute():
            raise BadLine(ErrorCode.BAD_REQUEST, 'the field "file" must hold an absolute path')
        return {"file": file, "seconds": self._app.render(fields.text_of(request), file)}

    def _translate(self, request: Message) -> Message:
        sentences, engines = self._app.translate(fields.text_of(request), fields.engine_of(request))
        return {
            "sentences": [{"text": s.text, "source": s.source.text, "engine": s.engine} for s in sentences],
            "engines": engines,
        }

    def _clean(self, request: Message) -> Message:
        return {"sentences": self._app.clean(fields.text_of(request))}

    def _stop(self, request: Message) -> Message:
        session = request.get("session")
        return {"stopped": self._app.schedule.cut(session if isinstance(session, str) else None)}

    def _status(self, request: Message) -> Message:
        current = self._app.schedule.current()
        return {
            "pid": os.getpid(),
            "uptime_seconds": round(time.monotonic() - self._app.started, 3),
            "enabled": self._app.settings.enabled,
            "speaking": current is not None,
            "waiting": len(self._app.schedule.waiting()),
            "settings_problems": self._app.settings_problems,
            **self._app.health(),
            "other_versions": sorted(self._other_versions),
            "narrations": self._app.history.timelines(),
        }

    def _doctor(self, request: Message) -> Message:
        return {"checks": self._app.checks()}

    def _voices(self, request: Message) -> Message:
        return {"voices": [asdict(voice) for voice in self._app.voices()]}

    def _devices(self, request: Message) -> Message:
        return {"devices": [asdict(device) for device in self._app.devices()]}

    def _reload(self, request: Message) -> Message:
        self._app.reload()
        return {}

    def _shutdown(self, request: Message) -> Message:
        self._leave_socket()
        self._app.shut_down()
        return {}
