"""Stack traces of Python, JavaScript, Java, C#, Go, Rust and Ruby, recognised line by line."""

from __future__ import annotations

import re

_PYTHON = re.compile(r"\s*(?:Exception Group )?Traceback \(most recent call last\):|\s+File \"[^\"]+\", line [0-9]+")
_CHAINED = re.compile(r"During handling of the above exception|The above exception was the direct cause")
_ERROR = re.compile(
    r"\s*(?:Exception in thread \"[^\"]*\" |Caused by: |Uncaught (?:\(in promise\) )?|Unhandled [Ee]xception[.:]? )?"
    r"(?P<error>(?:[A-Za-z_][\w$]*\.)*(?:[A-Za-z_$][\w$]*)?(?:Error|Exception|Warning|Interrupt|Exit|Throwable|Failure)\b(?::.*)?)$"
)
_FRAME = re.compile(
    r"\s+at\s+\S.*|\s*at\s+[\w$.<>/ \[\]]+\(\S+:[0-9]+(?::[0-9]+)?\)\s*$"
    r"|\s*\.\.\. [0-9]+ (?:more|common frames omitted)|\s*Caused by: .*|\s*Suppressed: .*|\s+from \S+:[0-9]+:in .*"
)
_RUST = re.compile(r"thread '[^']*'(?: \([0-9]+\))? panicked at (?P<rest>.*)")
_RUST_LINE = re.compile(r"note: |stack backtrace:|\s+[0-9]+:\s+\S|\s+at \S")
_GO = re.compile(r"panic: (?P<error>.*)|fatal error: (?P<fatal>.*)")
_GO_LINE = re.compile(
    r"goroutine [0-9]+ \[|\[signal |\s+\S+\.(?:go|s):[0-9]+|[\w./*()-]+\(.*\)$|created by |exit status [0-9]|\s*$"
)
_RUBY = re.compile(r"\S+\.rb:[0-9]+:in [`'][^']*': (?P<error>.*)")


def trace(lines: list[str], at: int) -> tuple[int, str]:
    """One past the last line of the trace that begins at `at`, and its error; (at, "") where none begins."""
    line = lines[at]
    if _PYTHON.match(line):
        return _python(lines, at)
    if "panicked at" in line and (rust := _RUST.match(line)):
        return _rust(lines, at, rust["rest"])
    if line.startswith(("panic:", "fatal error:")) and (go := _GO.match(line)):
        return _go(lines, at, go["error"] or go["fatal"])
    following = lines[at + 1] if at + 1 < len(lines) else ""
    if _FRAME.match(following) or (_FRAME.match(line) and at + 1 < len(lines)):
        return _framed(lines, at)
    return at, ""


def _python(lines: list[str], at: int) -> tuple[int, str]:
    end = at + 1
    error = ""
    while end < len(lines):
        line = lines[end]
        if line.startswith((" ", "\t")) or line.lstrip().startswith(("File ", "| ", "+-")):
            end += 1
        elif not line.strip():
            # A chained exception goes on after a blank line; anything else is the next paragraph.
            ahead = [other for other in lines[end + 1 : end + 4] if other.strip()]
            if not (ahead and (_CHAINED.match(ahead[0]) or _PYTHON.match(ahead[0]))):
                break
            end += 1
        elif _CHAINED.match(line) or _PYTHON.match(line):
            error = ""
            end += 1
        elif not error:
            error = line.strip()
            end += 1
        else:
            break
    return end, error


def _framed(lines: list[str], at: int) -> tuple[int, str]:
    named = _ERROR.match(lines[at])
    end = at + 1 if named else at
    frames = 0
    while end < len(lines) and (_FRAME.match(lines[end]) or (frames and _ERROR.match(lines[end]))):
        frames += 1
        end += 1
    ruby = _RUBY.match(lines[at])
    if ruby:
        end = at + 1
        while end < len(lines) and _FRAME.match(lines[end]):
            end += 1
        return end, ruby["error"]
    # One "at …" line alone may be a sentence that was wrapped.
    return (end, named["error"] if named else "") if frames and (named or frames > 1) else (at, "")


def _rust(lines: list[str], at: int, rest: str) -> tuple[int, str]:
    end = at + 1
    error = ""
    quoted = re.match(r"'(.*)', \S+:[0-9]+", rest)
    if quoted:
        error = quoted[1]
    elif end < len(lines) and lines[end].strip() and not _RUST_LINE.match(lines[end]):
        error = lines[end].strip()
        end += 1
    while end < len(lines) and _RUST_LINE.match(lines[end]):
        end += 1
    return end, error


def _go(lines: list[str], at: int, error: str) -> tuple[int, str]:
    end = at + 1
    last = end
    while end < len(lines) and _GO_LINE.match(lines[end]):
        end += 1
        if lines[end - 1].strip():
            last = end
    return (last, error) if any("goroutine" in line for line in lines[at:last]) else (at, "")
