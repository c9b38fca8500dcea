"""Where the translation model runs, and in which number format."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tts_plugin.errors import EngineUnavailable

if TYPE_CHECKING:
    import torch

# Torch's threads spin while they wait for each other. On a machine that is busy otherwise (Claude Code runs a
# build, say) one spins for the slice in which the other could have worked: measured with four busy processes on
# two cores, a sentence took 2468 ms spinning and 61 ms sleeping. OpenMP reads this when torch is first imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

_CARDS = (Path("/dev/nvidiactl"), Path("/dev/dxg"), Path("/dev/kfd"))
"""NVIDIA's driver, Windows' under WSL, AMD's."""
_MOST_THREADS = 8
_SIBLINGS = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"
_CPUINFO = Path("/proc/cpuinfo")


def choose_device(wanted: str) -> torch.device:
    """The device that the setting names; for "auto" the first of cuda, mps, cpu that is there."""
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        return torch.device(next(name for name, available in there.items() if available))
    if not there[wanted]:
        raise EngineUnavailable(
            f'The setting device is "{wanted}", but torch finds no such device here. Set it to "auto".'
        )
    return torch.device(wanted)


def has_graphics_card(wanted: str) -> bool:
    """Whether `choose_device` will find one: a look at the machine that costs no import of torch."""
    if wanted != "auto":
        return wanted != "cpu"
    try:
        torch = importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return False
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    return "+cpu" not in torch and any(device.exists() for device in _CARDS)


def choose_dtype(device: torch.device) -> torch.dtype:
    """The 16 bits that the device does well, else float32.

    A decoding step reads every weight once, so half the bytes is twice the speed where the arithmetic keeps up.
    Measured with the 600M shape on two x86 cores, 16 tokens to 20: float32 2.6 s, bfloat16 1.3 s or less with
    AVX512-BF16 and with plain AVX2 alike (widening a bfloat16 is one shift), but as slow as float32 below AVX2.
    GPUs before compute capability 8.0 and Apple's first chips emulate bfloat16, and do float16 well. The M2M-100
    family's activations overflow in float16, so torch_model keeps the residual stream in float32.
    """
    import torch

    if device.type == "cuda":
        capability = torch.cuda.get_device_capability(device)
        return torch.bfloat16 if capability >= (8, 0) else torch.float16 if capability >= (7, 0) else torch.float32
    if device.type == "mps":
        return torch.float16
    return torch.bfloat16 if _cpu_is_wide() else torch.float32


def _cpu_is_wide() -> bool:
    if not sys.platform.startswith("linux"):
        return False
    try:
        lines = _CPUINFO.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return False
    flags = next((line for line in lines if line.lower().startswith(("flags", "features"))), "")
    return not {"avx2", "bf16"}.isdisjoint(flags.partition(":")[2].split())


def thread_count() -> int:
    """Processor cores for the model: one is left for sound where there are more than two.

    Two threads of one core share what a decoding step waits for, the way to memory, so a core counts once; and
    about eight cores use that way up.
    """
    cores = _physical_cores()
    return min(cores - 1 if cores > 2 else cores, _MOST_THREADS)


def _physical_cores() -> int:
    if not sys.platform.startswith("linux"):
        return os.cpu_count() or 1
    ours = os.sched_getaffinity(0)
    siblings = {_SIBLINGS.format(number) for number in ours}
    try:
        return len({Path(file).read_text(encoding="ascii") for file in siblings})
    except OSError:
        return len(ours)
