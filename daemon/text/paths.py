"""Paths are spoken by the file's name, with the line where the source has one."""

from __future__ import annotations

import re

from daemon.text.tables import word_set
from daemon.text.wording import Wording

_TOKEN = re.compile(
    r"(?<![A-Za-z0-9_@#$&=.~/\\-])"
    r"(?P<path>(?:[A-Za-z]:[\\/]|~[\w-]*/|\.{1,2}/|/)?(?:[\w.@+$%{}\[\]*-]+[/\\])*[\w.@+${}\[\]*-]*[\w\])}/\\])",
    re.ASCII,
)
_WINDOWS = re.compile(r"(?<![\w])[A-Za-z]:\\(?:[\w .()+-]{1,100}\\){1,30}([\w.()+-]+)")
"""With spaces in its folders: C:\\Program Files\\App\\tool.exe."""
_LINE = re.compile(
    r"(?::(?P<colon>[0-9]{1,6})(?:[-–](?P<colon_last>[0-9]{1,6})|:[0-9]{1,5})?(?![\d:]|\.\d)"
    r"|#L(?P<hash>[0-9]{1,6})(?:-L?(?P<hash_last>[0-9]{1,6}))?)(?![A-Za-z_])",
)
_EXTENSION = re.compile(r"\.[A-Za-z][A-Za-z0-9_]{0,9}$")
_DOTFILE = re.compile(r"^\.[A-Za-z][\w.-]*$", re.ASCII)
_PLAIN = frozenset(
    {"Dockerfile", "Makefile", "Gemfile", "Rakefile", "Jenkinsfile", "Procfile", "Justfile", "Vagrantfile"}
)
_HOST_PORT = re.compile(r"\.(?:com|org|net|io|dev|local|localhost|internal|jp|de|fr|uk)$")
_ROOTS = word_set("root folders")
_FOLDERS = word_set("source folders")


def by_file_name(text: str, words: Wording) -> str:
    """Every path in the text by its last part: "src/a/client.py:42" -> "client.py line 42"."""
    text = _WINDOWS.sub(r"\1", text) if ":\\" in text else text
    pieces = []
    at = 0
    for token in _TOKEN.finditer(text):
        if token.start() < at:
            continue
        path = token["path"]
        name = _name(path)
        line = _LINE.match(text, token.end())
        is_file = bool(name and (_EXTENSION.search(name) or _DOTFILE.match(name) or name in _PLAIN))
        if line and is_file and not _HOST_PORT.search(name or path):
            said, end = _with_line(name or path, line, words), line.end()
        elif name is not None and name != path:
            said, end = name, token.end()
        else:
            continue
        pieces += [text[at : token.start()], said]
        at = end
    return "".join(pieces) + text[at:]


def _with_line(name: str, line: re.Match[str], words: Wording) -> str:
    first = line["colon"] or line["hash"]
    last = line["colon_last"] or line["hash_last"]
    if last:
        return words.say("lines", file=name, line=first, last=last)
    return words.say("line", file=name, line=first)


def _name(path: str) -> str | None:
    """The last part of a path, or None where the token is no path ("and/or", "TCP/IP", "owner/repo")."""
    if "/" not in path and "\\" not in path:
        return path
    parts = [part for part in re.split(r"[/\\]", path) if part and part not in (".", "..")]
    if not parts:
        return None
    last = parts[-1]
    if len(parts) == 1 and path.rstrip("/\\") == last and not path.endswith(("/", "\\")):
        return last
    if path.startswith("~"):
        return last if len(parts) > 1 else path
    if re.match(r"\.{1,2}/|[A-Za-z]:[\\/]", path) or _EXTENSION.search(last) or _DOTFILE.match(last):
        return last
    if path.startswith("/"):
        return last if parts[0] in _ROOTS else None
    if "\\" in path:
        return last if path.count("\\") > 1 else None
    if path.endswith("/") or parts[0] in _FOLDERS or last in _PLAIN:
        return last
    return None
