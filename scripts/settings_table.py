"""Writes the settings table of README.md anew from the Settings class; a test compares the two.

python scripts/settings_table.py
"""

from __future__ import annotations

import json
from pathlib import Path

from tts_plugin.settings import Settings

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- settings: made by scripts/settings_table.py -->\n", "<!-- /settings -->\n"


def table() -> str:
    """A Markdown table: key, default, meaning."""
    rows = ["| key | default | meaning |", "|---|---|---|"]
    for key, field in Settings.model_fields.items():
        default = json.dumps(field.default, ensure_ascii=False)
        rows.append(f"| `{key}` | `{default}` | {(field.description or '').replace('|', chr(92) + '|')} |")
    return "\n".join(rows) + "\n"


def main() -> None:
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    README.write_text(before + BEGIN + table() + END + after, encoding="utf-8")


if __name__ == "__main__":
    main()
