"""The seed's self-test: a greeting, a longer message, several segments, and their timings."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.table import Table

from tts_plugin import protocol

SPEAK_SECONDS = 620.0

MESSAGES = {
    "greeting": "Hello, how are you today?",
    "longer message": (
        "I've finished the refactoring and all tests pass. The root cause was a race condition in the cache, "
        "so I added a lock around the update. Would you like me to open a pull request?"
    ),
    "several segments": (
        "## Summary\n\nI updated `client.py` and added three tests.\n\n- All tests pass\n- The build succeeded\n\n"
        "```python\nprint('not spoken')\n```\n\nLet me know if you'd like any changes."
    ),
}

STEPS = (
    ("translation", "received", "first_translated"),
    ("speech", "first_translated", "first_synthesized"),
    ("to first sound", "received", "first_audio_out"),
    ("in all", "received", "done"),
)


def run(*, as_json: bool) -> int:
    """Speaks each message to its end. Raises YomiageError at the first that cannot be spoken."""
    timings: dict[str, dict[str, float]] = {}
    for name, text in MESSAGES.items():
        stages = protocol.request("say", timeout=SPEAK_SECONDS, text=text, wait=True)["stages"]
        timings[name] = _milliseconds(stages)
    if as_json:
        print(json.dumps(timings, indent=2))
    else:
        _show(timings)
    return 0


def _milliseconds(stages: dict[str, Any]) -> dict[str, float]:
    return {
        step: round((stages[end] - stages[begin]) * 1000, 1)
        for step, begin, end in STEPS
        if begin in stages and end in stages
    }


def _show(timings: dict[str, dict[str, float]]) -> None:
    table = Table("message", *(step for step, _, _ in STEPS), box=None, pad_edge=False, title="Milliseconds")
    for name, steps in timings.items():
        table.add_row(name, *(f"{steps[s]:.0f}" if s in steps else "–" for s, _, _ in STEPS))
    Console(soft_wrap=True).print(table)
