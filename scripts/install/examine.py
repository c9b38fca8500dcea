"""What the private environment lacks, and what the checkout holds. Run by install.sh.

inspect.py lacks LOCK    the lock's requirements that are not installed whole, one a line (run it in the environment)
inspect.py digest ROOT   one number for all files that make the package
inspect.py plugin ROOT   what `claude plugin … --json` says, from standard input: two JSON documents
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

SOURCES = ("pyproject.toml", "README.md", "LICENSE", "daemon", "tts_plugin")


def lacks(lock: Path) -> Iterator[str]:
    # pip is in every environment, and its own copy of packaging with it.
    from pip._vendor.packaging.requirements import Requirement

    for line in lock.read_text(encoding="utf-8").splitlines():
        text = line.partition("#")[0].strip()
        if not text:
            continue
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate():
            continue
        if not whole(wanted.name, wanted):
            yield f"{wanted.name}{wanted.specifier}"


def whole(name: str, wanted: object) -> bool:
    """Installed, in the wanted version, with every file that its RECORD names."""
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    # A local part such as +cpu says how it was built, not which version it is; `contains` knows.
    if not wanted.specifier.contains(found.version, prereleases=True):  # type: ignore[attr-defined]
        return False
    return all(Path(str(file.locate())).exists() for file in found.files or () if file.suffix != ".pyc")


def digest(root: Path) -> str:
    total = hashlib.sha256()
    for name in SOURCES:
        place = root / name
        for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if file.is_file() and "__pycache__" not in file.parts:
                total.update(f"{file.relative_to(root)}\0{file.stat().st_size}\0".encode())
                total.update(file.read_bytes())
    return total.hexdigest()


def plugin(root: Path, text: str) -> str:
    """`MARKETPLACE PLUGIN`: absent|here|elsewhere|remote, and absent|disabled|current|old."""
    decoder = json.JSONDecoder()
    marketplaces, end = decoder.raw_decode(text.lstrip())
    plugins, _ = decoder.raw_decode(text.lstrip()[end:].lstrip())
    wanted = json.loads((root / ".claude-plugin/plugin.json").read_text(encoding="utf-8"))["version"]
    market = "absent"
    for found in marketplaces:
        if found.get("name") == "yomiage":
            if found.get("source") != "directory":
                market = "remote"
            else:
                market = "here" if Path(found.get("path", "")).resolve() == root.resolve() else "elsewhere"
    installed = [found for found in plugins if found.get("id") == "yomiage@yomiage"]
    if not installed:
        state = "absent"
    elif not any(found.get("enabled", True) for found in installed):
        state = "disabled"
    else:
        # From a directory Claude Code reads the plugin in place; "folderVersion" is what it reads.
        state = "current" if all(f.get("folderVersion", f.get("version")) == wanted for f in installed) else "old"
    return f"{market} {state}"


def main() -> None:
    verb, path = sys.argv[1], Path(sys.argv[2])
    if verb == "lacks":
        sys.stdout.writelines(f"{requirement}\n" for requirement in lacks(path))
    elif verb == "digest":
        sys.stdout.write(digest(path))
    elif verb == "plugin":
        sys.stdout.write(plugin(path, sys.stdin.read()))


if __name__ == "__main__":
    main()
