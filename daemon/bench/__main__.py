"""`python -I -m daemon.bench [--quick] [--rounds N] [--json] [--png FILE]`: the command line's `yomiage bench`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from daemon.translation import devices  # before torch: it sets how torch's threads wait
from tts_plugin import settings
from tts_plugin.errors import YomiageError

assert devices


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -I -m daemon.bench")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--png", type=Path)
    options = parser.parse_args(arguments)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    try:
        from daemon.bench import chart, run

        report = run.bench(settings.load()[0], quick=options.quick, rounds=max(1, options.rounds), say=_say)
        if options.png is not None:
            chart.write_png(report, options.png)
            _say(f"{options.png} written")
        if options.json:
            sys.stdout.write(json.dumps(report.as_dict(), ensure_ascii=False, indent=2) + "\n")
        else:
            chart.show(report)
    except YomiageError as error:
        _say(f"yomiage: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
