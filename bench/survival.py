"""How many identifiers, names and numbers of English sentences a translation engine brings into its Japanese.

    python -m bench.survival SENTENCES.tsv [--engine nllb] [--model NAME] [--limit 50] [--json]

The table's columns: id, kind, English, Japanese, identifiers parted by |. A sentence is given to the engine as it
is (raw), through what the daemon wraps around each engine (careful), and as the daemon has it after cleaning (spoken),
where an identifier counts as it is said: `./src/app.py` as app.py. The table's own Japanese is the yardstick: what it
does not hold, no translation need hold.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import sys
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from daemon.text.cleaning import spoken_sentences
from daemon.translation import registry
from daemon.translation.careful import Careful
from daemon.translation.engine import Translator
from tts_plugin.errors import YomiageError
from tts_plugin.settings import Settings


@dataclass
class Row:
    english: str
    identifiers: list[str]


@dataclass
class Count:
    """Of one way to translate."""

    kept: int = 0
    of: int = 0
    appended: int = 0
    """Of those that were kept: only named at the end."""
    failed: int = 0
    """Sentences without a translation. Their identifiers count as lost."""

    @property
    def percent(self) -> float:
        return 100 * self.kept / self.of if self.of else 100.0


def read(file: Path, limit: int) -> list[Row]:
    rows = []
    for line in file.read_text(encoding="utf-8").splitlines():
        _, _, english, japanese, identifiers, *_ = [*line.split("\t"), ""]
        wanted = [name for name in identifiers.split("|") if name and holds(japanese, name)]
        if wanted:
            rows.append(Row(english, wanted))
    return rows[:limit]


def holds(japanese: str, identifier: str) -> bool:
    """To the letter, in half or full width; numbers without their commas; the sign % also in words."""
    japanese, identifier = (unicodedata.normalize("NFKC", text).replace("`", "") for text in (japanese, identifier))
    if re.fullmatch(r"[\d.,]+%?", identifier):
        number = re.escape(identifier.rstrip("%").replace(",", ""))
        return re.search(rf"(?<![\d.]){number}(?![\d]|\.\d)", re.sub(r"(?<=\d),(?=\d)", "", japanese)) is not None
    return identifier in japanese


def spoken(row: Row) -> Row:
    """The row as the daemon's translators get it, and its identifiers as they are said."""
    english = " ".join(sentence.marked for sentence in spoken_sentences(row.english, "drop"))
    said = []
    for name in row.identifiers:
        cleaned = "".join(sentence.text for sentence in spoken_sentences(f"See `{name}` there.", "drop"))
        number = re.fullmatch(r"[#v]?([\d.,]+)%?", name)  # "version 2.3.0" and "30 percent" have words of their own
        said.append(number[1] if number else cleaned.removeprefix("See ").removesuffix(" there."))
    return Row(
        english, [alone if holds(english, alone) else name for alone, name in zip(said, row.identifiers, strict=True)]
    )


def survey(engine: Translator, rows: list[Row]) -> Count:
    count = Count()
    for row in rows:
        japanese = None
        with contextlib.suppress(YomiageError):
            japanese = engine.translate(row.english, "en")
        count.failed += japanese is None
        count.of += len(row.identifiers)
        for name in row.identifiers:
            kept = japanese is not None and holds(japanese, name)
            count.kept += kept
            count.appended += kept and not holds(re.sub(r"（[^）]*）(?=[。？！]?\Z)", "", japanese or ""), name)
    return count


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("table", type=Path, metavar="SENTENCES.tsv")
    parser.add_argument("--engine", default="nllb", choices=sorted(registry.MODELS))
    parser.add_argument("--model", help="a checkpoint other than the one in settings.json's defaults")
    parser.add_argument("--limit", type=int, default=1000, metavar="N")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    key = {"marian": "marian_model", "llm": "llm_model"}.get(options.engine, "model")
    try:
        settings = Settings.model_validate({key: options.model} if options.model else {})
        engine = registry.engine_class(options.engine)(settings)
    except YomiageError as error:
        print(error, file=sys.stderr)
        return 1
    rows = read(options.table, options.limit)
    careful = Careful(engine)
    counts = {
        "raw": survey(engine, rows),
        "careful": survey(careful, rows),
        "spoken": survey(careful, [spoken(row) for row in rows]),
    }
    if options.json:
        print(json.dumps({way: {**vars(count), "percent": round(count.percent, 2)} for way, count in counts.items()}))
        return 0
    for way, count in counts.items():
        print(
            f"{way:8}{count.percent:6.1f} % of {count.of} identifiers in {len(rows)} sentences survive "
            f"({count.appended} named at the end; {count.failed} sentences failed)"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
