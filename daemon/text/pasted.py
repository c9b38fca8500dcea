"""Machine output pasted as prose: stack traces, JSON, logs, diffs. It is announced, not read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from daemon.text import traces
from daemon.text.marks import PASTED

_FENCE = re.compile(r"[ >]{0,24}(?:(?:[-*+]|[0-9]{1,9}[.)])[ ]{1,4}){0,4}(`{3,}|~{3,})([^`]*)$")
_LOG = re.compile(
    r"\s*\[?(?:[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}[T ][0-9]{2}:[0-9]{2}|[0-9]{2}:[0-9]{2}:[0-9]{2}[.,\] ]"
    r"|(?:DEBUG|INFO|WARN|WARNING|ERROR|TRACE|FATAL)\b[\]: ]|npm (?:ERR!|WARN|error))"
)
_DIFF_START = re.compile(r"diff --git |--- [^\s-]\S*|@@ -[0-9,]+ \+[0-9,]+ @@")
_DIFF_LINE = re.compile(r"diff --git |index [0-9a-f]+\.\.|[-+@ \\]|new file|deleted file|similarity|rename ")
_KEY = re.compile(r"\"[^\"\n]{1,80}\"\s*:")
_MAX_JSON_LINES = 5000
_MAX_JSON_SCANS = 20_000
"""Lines looked at for JSON in one message: many opening brackets that never close must not cost their square."""


@dataclass(frozen=True)
class Pasted:
    """A passage of machine output."""

    kind: Literal["trace", "json", "log", "diff"]
    detail: str = ""
    """A trace's last line: "ValueError: bad input". Empty where there is none."""
    lines: int = 0


@dataclass
class _Budget:
    lines: int


def set_apart(text: str) -> tuple[str, list[Pasted]]:
    """Replaces machine output outside of fences by paragraphs with its index between marks.PASTED."""
    lines = text.split("\n")
    kept: list[str] = []
    found: list[Pasted] = []
    fence = ""
    at = 0
    budget = _Budget(_MAX_JSON_SCANS)
    while at < len(lines):
        line = lines[at]
        opened = _FENCE.match(line) if "```" in line or "~~~" in line else None
        if opened and not fence:
            fence = opened[1]
        elif opened and opened[1].startswith(fence) and not opened[2].strip():
            fence = ""
        end, pasted = (at, None) if fence or opened or not line.strip() else _passage(lines, at, budget)
        if pasted is None:
            kept.append(line)
            at += 1
            continue
        kept += ["", f"{PASTED}{len(found)}{PASTED}", ""]
        found.append(pasted)
        at = end
    return "\n".join(kept), found


def _passage(lines: list[str], at: int, budget: _Budget) -> tuple[int, Pasted | None]:
    """The end and the description of the passage that begins at this line, if one does."""
    end, error = traces.trace(lines, at)
    if end > at:
        return end, Pasted("trace", error, end - at)
    line = lines[at]
    if line.lstrip()[:1] in ("{", "["):
        end = _json_end(lines, at, budget)
        if end > at:
            return end, Pasted("json", lines=end - at)
    if _DIFF_START.match(line) and (line.startswith(("diff", "@@")) or _next(lines, at).startswith("+++ ")):
        end = at + 1
        while end < len(lines) and _DIFF_LINE.match(lines[end]):
            end += 1
        return end, Pasted("diff", lines=end - at)
    end = at
    while end < len(lines) and _LOG.match(lines[end]):
        end += 1
    return (end, Pasted("log", lines=end - at)) if end - at >= 3 else (at, None)


def _next(lines: list[str], at: int) -> str:
    return lines[at + 1] if at + 1 < len(lines) else ""


def _json_end(lines: list[str], at: int, budget: _Budget) -> int:
    """One past the last line of the JSON value that begins here; `at` itself where it is none."""
    depth = 0
    keys = 0
    for end in range(at, min(len(lines), at + _MAX_JSON_LINES)):
        line = lines[end]
        budget.lines -= 1
        if not line.strip() or budget.lines < 0:
            return at
        bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", line)
        keys += bool(_KEY.search(line))
        depth += bare.count("{") + bare.count("[") - bare.count("}") - bare.count("]")
        if depth <= 0:
            closed = bare.rstrip().endswith(("}", "]", "},", "],"))
            return end + 1 if closed and keys and depth == 0 else at
    return at
