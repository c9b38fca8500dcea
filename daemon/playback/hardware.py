"""The sound devices of this machine, as miniaudio finds them: for the player process, which imports it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_SILENT = ("Dummy Output", "auto_null", "Discard all samples (playback) or generate zero samples (capture)")
"""What PulseAudio, PipeWire and ALSA show where there is no sound card."""


@dataclass(frozen=True)
class SoundDevice:
    """One device that can be heard."""

    name: str
    is_default: bool
    """Whether the system plays there what names no device."""
    id: Any
    """What miniaudio wants to open it."""


def find_devices() -> list[SoundDevice]:
    """The devices that can be heard. MiniaudioError or OSError, saying why, where there is none."""
    import miniaudio

    found = miniaudio.Devices()
    if found.backend == "Null":
        raise OSError("neither a sound server nor a sound card answers")
    ffi, lib = miniaudio.ffi, miniaudio.lib
    # Devices.get_playbacks leaves out which one is the default.
    infos, count = ffi.new("ma_device_info**"), ffi.new("ma_uint32*")
    if lib.ma_context_get_devices(found._context, infos, count, ffi.NULL, ffi.NULL) != lib.MA_SUCCESS:
        raise OSError("the sound system does not list its devices")
    devices = [
        SoundDevice(
            ffi.string(info.name).decode(errors="replace"), bool(info.isDefault), ffi.new("ma_device_id*", info.id)
        )
        for info in (infos[0][number] for number in range(count[0]))
        # ALSA lists a device where there is no card, and only here says so.
        if _can_be_asked(found._context, info)
    ]
    real = [device for device in devices if device.name not in _SILENT]
    if not real:
        raise OSError("the sound server has no loudspeaker to play to")
    return real


def _can_be_asked(context: Any, info: Any) -> bool:
    import miniaudio

    lib, address = miniaudio.lib, miniaudio.ffi.addressof
    told = lib.ma_context_get_device_info(context, lib.ma_device_type_playback, address(info.id), address(info))
    return bool(told == lib.MA_SUCCESS)


def choose(wanted: str, names: Sequence[str]) -> int | None:
    """Which of the names is meant: the one that is equal, else the only one that contains it; None for neither."""
    if wanted in names:
        return names.index(wanted)
    containing = [number for number, name in enumerate(names) if wanted.casefold() in name.casefold()]
    return containing[0] if len(containing) == 1 else None
