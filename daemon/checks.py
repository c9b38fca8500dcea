"""What `doctor` asks of the daemon: settings, engines, sound."""

from __future__ import annotations

from typing import Any

from daemon.playback import ducking
from daemon.playback.devices import missing, output_devices
from daemon.studio import Studio
from tts_plugin.errors import EngineUnavailable
from tts_plugin.settings import Settings


def checks(studio: Studio, problems: list[str]) -> list[dict[str, Any]]:
    """Name, ok and detail of each part; `problems` are those of the settings."""
    settings = studio.settings
    found = [_check("settings", not problems, "; ".join(problems) or "in order")]
    for kind, name, engine in studio.engine_classes():
        try:
            engine.check(settings)
            found.append(_check(f"{kind} {name}", True, "can run"))
        except EngineUnavailable as error:
            found.append(_check(f"{kind} {name}", False, str(error)))
    if settings.output_device is not None:
        found.append(_output_device(settings.output_device, settings))
    if settings.others_volume < 1:
        found.append(_others())
    return found


def _output_device(wanted: str, settings: Settings) -> dict[str, Any]:
    try:
        chosen = [device.name for device in output_devices(settings) if device.chosen]
    except EngineUnavailable as error:
        return _check("output device", False, str(error))
    return _check("output device", bool(chosen), chosen[0] if chosen else missing(wanted))


def _others() -> dict[str, Any]:
    try:
        ducking.check()
    except EngineUnavailable as error:
        return _check("other players", False, str(error))
    return _check("other players", True, "can be turned down")


def _check(name: str, ok: bool, detail: str) -> dict[str, Any]:
    return {"name": name, "ok": ok, "detail": detail}
