"""The bench's table and bars: in a terminal, and as a PNG."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from daemon.bench.sentences import Report
from tts_plugin.errors import YomiageError

_BAR = 48
_WIDTH, _ROW, _LEFT, _RIGHT = 960, 56, 230, 130
_INK, _PALE = (31, 41, 55), (107, 114, 128)
_TRANSLATION, _SPEECH = (37, 99, 235), (147, 197, 253)


def show(report: Report) -> None:
    console = Console(soft_wrap=True, highlight=False)
    table = Table("way", "sentence", box=None, pad_edge=False, title="Milliseconds, medians", title_justify="left")
    for column in ("translation", "speech", "total"):
        table.add_column(column, justify="right")
    for row in report.rows():
        times = [f"{row[f'{column}_ms']:,.0f}" for column in ("translation", "speech", "total")]
        table.add_row(row["way"], row["sentence"], *times, style="bold" if row["sentence"] == "average" else None)
    console.print(table)
    console.print()
    averages = report.averages()
    longest = max((row["total_ms"] for row in averages), default=1.0)
    for row in averages:
        translation, speech = (
            max(1, round(_BAR * row[f"{part}_ms"] / longest)) if row[f"{part}_ms"] else 0
            for part in ("translation", "speech")
        )
        bars = f"[blue]{'█' * translation}[/][cyan]{'▒' * speech}[/]"
        console.print(f"{escape(row['way']):26}{bars} {row['total_ms']:,.0f} ms{_factor(row, averages)}")
    console.print("[blue]█[/] translation  [cyan]▒[/] speech")
    console.print()
    for line in explanation(report):
        console.print(line, markup=False)


def explanation(report: Report) -> list[str]:
    """What was timed, and what was left out."""
    voice = f"voice {report.voice}" if report.voice else "no voice"
    return [f"{report.weights}; on the {report.device}, {report.threads} threads, {voice}.", *report.notes]


def write_png(report: Report, file: Path) -> None:
    """The averages as bars."""
    from PIL import Image, ImageDraw, ImageFont

    averages = report.averages()
    lines = [f"{report.weights}; {report.device}, {report.threads} threads; average of three sentences"]
    image = Image.new("RGB", (_WIDTH, 70 + _ROW * len(averages) + 60), "white")
    draw = ImageDraw.Draw(image)
    large, small = ImageFont.load_default(20), ImageFont.load_default(14)
    draw.text((20, 20), "From English text to Japanese speech, milliseconds", _INK, large)
    longest = max((row["total_ms"] for row in averages), default=1.0)
    scale = (_WIDTH - _LEFT - _RIGHT) / longest
    for number, row in enumerate(averages):
        top = 70 + _ROW * number
        middle = _LEFT + max(1, round(scale * row["translation_ms"]))
        end = middle + round(scale * row["speech_ms"])
        draw.text((20, top + 8), row["way"], _INK, small)
        draw.rectangle((_LEFT, top, middle, top + 32), _TRANSLATION)
        if end > middle:
            draw.rectangle((middle, top, end, top + 32), _SPEECH)
        draw.text((end + 10, top + 8), f"{row['total_ms']:,.0f} ms{_factor(row, averages)}", _INK, small)
    bottom = 70 + _ROW * len(averages)
    for place, colour, word in ((20, _TRANSLATION, "translation"), (140, _SPEECH, "speech")):
        draw.rectangle((place, bottom + 2, place + 14, bottom + 16), colour)
        draw.text((place + 20, bottom), word, _INK, small)
    draw.text((20, bottom + 28), lines[0], _PALE, small)
    try:
        image.save(file, "PNG", optimize=True)
    except OSError as error:
        raise YomiageError(f"{file} cannot be written ({error}).") from error


def _factor(row: dict[str, Any], averages: list[dict[str, Any]]) -> str:
    """How many times as fast as the first way."""
    if row is averages[0] or row["way"] == averages[0]["way"] or not row["total_ms"]:
        return ""
    return f"  ({averages[0]['total_ms'] / row['total_ms']:.1f}x)"
