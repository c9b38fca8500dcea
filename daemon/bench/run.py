"""One run of the bench: what can be timed here, in turns, and in words what cannot."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from daemon.bench import random_model, ways
from daemon.bench.sentences import SENTENCES, Report
from daemon.speech import registry as voices
from daemon.text.reading import to_reading
from daemon.translation import convert, converted, devices
from tts_plugin import models
from tts_plugin.errors import EngineUnavailable, YomiageError
from tts_plugin.settings import Settings

PHASE_1, PHASE_1_5 = "Phase 1", "Phase 1.5"
MEMORY = 1.3
"""Times the weights in 32 bits: that many bytes, and those of the other ways, must be free for Phase 1."""

Say = Callable[[str], None]


def bench(settings: Settings, *, quick: bool, rounds: int, say: Say) -> Report:
    """EngineUnavailable where nothing can be timed."""
    with contextlib.ExitStack() as stack:
        voice, speak = _voice(settings)
        real = not quick and models.status(settings.model).reason is None
        if real:
            folder, size = models.directory(settings.model), None
            weights = f"The real weights of {settings.model}"
        else:
            size = random_model.SMALL if quick else random_model.FULL
            folder = stack.enter_context(_random(size, say))
            weights = (
                "Random weights in a small shape: these are not NLLB's times"
                if quick
                else ("Random weights in the shape of NLLB-200-distilled-600M, fixed lengths")
            )
        device = devices.choose_device(settings.device).type
        report = Report(weights, devices.thread_count(), voice, device)
        timed = _load(folder, device, real, report, say)
        if speak is None:
            report.notes.append("Speech was not timed: no voice of the settings can run here")
        _time(timed, speak, rounds, report, say)
    return report


def _load(folder: Path, device: str, real: bool, report: Report, say: Say) -> dict[str, ways.Way]:
    timed: dict[str, ways.Way] = {}

    def attempt(name: str, load: Callable[[], ways.Way]) -> None:
        say(f"loading {name}")
        try:
            timed[name] = load()
        except YomiageError as error:
            report.notes.append(f"{name} was left out: {error}")

    def phase_1_5() -> ways.Way:
        way, note = ways.phase_1_5(folder, device, real)
        report.notes.extend([note] if note else [])
        return way

    needed = int(MEMORY * _float32_bytes(folder))
    free = convert.available_memory()
    if device == "cpu" and free is not None and free < needed:
        report.notes.append(
            f"{PHASE_1} was left out: it needs {needed / 1e9:.1f} GB of memory, {free / 1e9:.1f} are free"
        )
    else:
        attempt(f"{PHASE_1} (fp32, 3 beams)", lambda: ways.phase_1(folder, device, real))
    attempt(f"{PHASE_1_5} (bf16, greedy)", phase_1_5)
    if device == "cpu":
        attempt("today: nllb", lambda: ways.nllb(folder, real))
    else:
        attempt("today: nllb_torch", lambda: ways.nllb_torch(folder, device, real))
    if not timed:
        raise EngineUnavailable(" ".join(report.notes))
    return timed


def _time(
    timed: dict[str, ways.Way], speak: Callable[[str], object] | None, rounds: int, report: Report, say: Say
) -> None:
    """In turns, so that what else the machine does weighs on all alike."""
    for name, way in timed.items():
        report.translation[name] = [[] for _ in SENTENCES]
        way(SENTENCES[0])  # the first pass sets up memory
    if speak:
        speak(SENTENCES[0].japanese)
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        for index, sentence in enumerate(SENTENCES):
            for name, way in timed.items():
                report.translation[name][index].append(_milliseconds(lambda: way(sentence)))  # noqa: B023 - called at once
            if speak:
                report.speech[index].append(_milliseconds(lambda: speak(sentence.japanese)))  # noqa: B023 - called at once


def _milliseconds(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - begun)


def _voice(settings: Settings) -> tuple[str | None, Callable[[str], Any] | None]:
    """Open JTalk, which is the same everywhere; else the first of the settings that can run."""
    for name in dict.fromkeys(("openjtalk", *settings.voices)):
        engine = voices.engine_class(name)
        with contextlib.suppress(YomiageError):
            engine.check(settings)
            voice = engine(settings)
            reading = (lambda text: text) if engine.reads_latin else to_reading
            return name, lambda text, voice=voice, reading=reading: voice.synthesize(reading(text))
    return None, None


def _float32_bytes(folder: Path) -> int:
    file = models.weights_file(folder)
    return file.stat().st_size if file.is_file() else 0


@contextmanager
def _random(size: random_model.Size, say: Say) -> Iterator[Path]:
    """A checkpoint with random weights and its conversion; both are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="yomiage-bench-") as place:
        needed = int(1.6 * size.bytes) + convert.MARGIN
        free = shutil.disk_usage(place).free
        if free < needed:
            raise EngineUnavailable(
                f"Random weights need {needed / 1e9:.1f} GB in {place}, and {free / 1e9:.1f} GB are free. "
                "Make room, point TMPDIR elsewhere, or use --quick."
            )
        say(f"making random weights, {size.bytes / 1e9:.1f} GB, for this run")
        folder = Path(place) / "checkpoint"
        random_model.write(folder, size)
        before = os.environ.get("XDG_DATA_HOME")
        os.environ["XDG_DATA_HOME"] = place  # beside the downloaded models it has no business
        try:
            convert.convert(str(folder), say)
            assert converted.status(str(folder)).reason is None
            yield folder
        finally:
            os.environ.pop("XDG_DATA_HOME")
            if before is not None:
                os.environ["XDG_DATA_HOME"] = before
