"""Every voice there is, and whether it can run here."""

from __future__ import annotations

from dataclasses import dataclass

from daemon.speech import registry
from tts_plugin.errors import EngineUnavailable
from tts_plugin.settings import Settings


@dataclass(frozen=True)
class VoiceState:
    """One voice. Its fields are those of the `voices` reply."""

    name: str
    chosen: int | None
    """Its place in the setting `voices`, from 1; None where it is not in it."""
    can_run: bool
    reason: str | None
    """What hinders it, and the cure."""


def voices(settings: Settings) -> list[VoiceState]:
    """The chosen ones in their order, then the others."""
    order = list(dict.fromkeys((*settings.voices, *registry.ENGINES)))
    return [_examined(name, settings) for name in order]


def _examined(name: str, settings: Settings) -> VoiceState:
    chosen = settings.voices.index(name) + 1 if name in settings.voices else None
    try:
        registry.engine_class(name).check(settings)
    except EngineUnavailable as error:
        return VoiceState(name, chosen, False, str(error))
    return VoiceState(name, chosen, True, None)
