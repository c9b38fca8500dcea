"""macOS's `say`, as its manual page describes it: a script for the PATH, speaking with Open JTalk.

-v VOICE (`?` lists them), -o FILE, --data-format=FORMAT, -f FILE (`-`: standard input). What it was given lies
beside it as JSON lines. Embedded commands ([[slnc 400]]) are what the real one would obey: here they end it with 9.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

LEVER = "YOMIAGE_FAKE_SAY"
"""Environment variable: "fail" ends it with 1, "nothing" makes no file, "empty" an empty one."""
VOICES = "Kyoko               ja_JP    # こんにちは! 私の名前はKyokoです。\nSamantha            en_US    # Hello!\n"


class Say:
    """The script in a directory of its own, which belongs at the front of the PATH."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._calls = directory / "calls.jsonl"
        script = directory / "say"
        root = Path(__file__).parents[2]
        script.write_text(
            f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(root)!r})\n"
            f"from tests.rig.say import main\nsys.exit(main(sys.argv[1:], {str(self._calls)!r}))\n",
            encoding="utf-8",
        )
        script.chmod(0o755)

    @property
    def calls(self) -> list[dict[str, Any]]:
        """`arguments` and `text` of each call that spoke."""
        if not self._calls.exists():
            return []
        return [json.loads(line) for line in self._calls.read_text(encoding="utf-8").splitlines()]


def main(arguments: list[str], calls: str) -> int:
    options = dict(zip(*[iter(a for a in arguments if not a.startswith("--"))] * 2, strict=True))
    if options.get("-v") == "?":
        print(VOICES, end="")
        return 0
    text = sys.stdin.read() if options["-f"] == "-" else Path(options["-f"]).read_text(encoding="utf-8")
    with Path(calls).open("a", encoding="utf-8") as stream:
        stream.write(json.dumps({"arguments": arguments, "text": text}) + "\n")
    lever = os.environ.get(LEVER)
    if "[[" in text:
        return 9
    if lever == "fail":
        print("say: the voice cannot be opened", file=sys.stderr)
        return 1
    if lever != "nothing":
        from tests.rig.speech_service import wav

        [rate] = [int(a.rpartition("@")[2]) for a in arguments if a.startswith("--data-format=LEI16@")]
        Path(options["-o"]).write_bytes(b"" if lever == "empty" else wav(text, rate))
    return 0
