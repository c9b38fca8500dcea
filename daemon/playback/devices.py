"""Which loudspeakers the settings can choose from."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass

from daemon.playback.device import PLAYER, READY_SECONDS
from daemon.playback.hardware import choose
from tts_plugin.errors import EngineUnavailable
from tts_plugin.settings import Settings


@dataclass(frozen=True)
class OutputDevice:
    """One loudspeaker, as `yomiage devices` shows it."""

    name: str
    default: bool
    """Whether it is the system's default."""
    chosen: bool
    """Whether it is the one that `output_device` names."""


def output_devices(settings: Settings) -> list[OutputDevice]:
    """Asks a player process: a sound library that hangs must not hold the daemon. EngineUnavailable."""
    try:
        listed = subprocess.run(
            [*PLAYER, "list"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=READY_SECONDS,
        )
        told = json.loads(listed.stdout or '{"failed":"the sound player ended unexpectedly"}')
    except subprocess.TimeoutExpired:
        told = {"failed": f"the sound system did not answer within {READY_SECONDS:.0f} s"}
    if "failed" in told:
        raise EngineUnavailable(
            f"No sound device can be listed: {told['failed']}. Connect a loudspeaker or start the sound server."
        )
    names = [device["name"] for device in told["devices"]]
    chosen = choose(settings.output_device, names) if settings.output_device else None
    return [OutputDevice(d["name"], d["default"], number == chosen) for number, d in enumerate(told["devices"])]


def missing(wanted: str) -> str:
    """What is said where no device, or more than one, can be meant."""
    return (
        f'"output_device": {json.dumps(wanted, ensure_ascii=False)} names none of the sound devices, or several; '
        "the system's default is used. `yomiage devices` lists them."
    )
