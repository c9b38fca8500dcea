"""What a hook costs Claude Code: its wall time against a bare interpreter's, alternated.

python -m bench.hooks [--runs 50] [--json]

The daemon runs and is idle; each run is the command of hooks.json through a shell, as Claude Code runs it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.rig.user import CHECKOUT, User

EVENTS = {
    "Stop": {"last_assistant_message": ""},
    "UserPromptSubmit": {"prompt": "hello"},
    "Notification": {"message": "", "notification_type": "idle_prompt"},
}


def wall_ms(command: list[str], data: bytes, environment: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(
        command, input=data, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True
    )
    return (time.perf_counter() - started) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    user = User(dict(os.environ))
    user.settings(output="wav", translators=["phrasebook"])
    try:
        assert user.run("daemon", "start").returncode == 0
        user.warm()
        environment = {**user.environment, "CLAUDE_PLUGIN_ROOT": str(CHECKOUT)}
        hooks = json.loads((CHECKOUT / "hooks/hooks.json").read_text(encoding="utf-8"))["hooks"]
        bare = [str(Path(sys.prefix) / "bin/python"), "-I", "-S", "-c", "pass"]
        rows: dict[str, list[float]] = {"python -I -S -c pass": [], **{event: [] for event in EVENTS}}
        for _ in range(options.runs):
            rows["python -I -S -c pass"].append(wall_ms(bare, b"", environment))
            for event, fields in EVENTS.items():
                command = ["/bin/sh", "-c", hooks[event][0]["hooks"][0]["command"]]
                payload = json.dumps({"session_id": "s", "hook_event_name": event, **fields}).encode() + b"\n"
                rows[event].append(wall_ms(command, payload, environment))
    finally:
        user.leave()
    medians = {name: round(statistics.median(times), 1) for name, times in rows.items()}
    least = {name: round(min(times), 1) for name, times in rows.items()}
    if options.json:
        print(json.dumps({"median_ms": medians, "min_ms": least, "runs": options.runs}))
        return
    bare_ms = medians["python -I -S -c pass"]
    for name, median in medians.items():
        print(f"{name:24} median {median:6.1f} ms   min {least[name]:6.1f} ms   x{median / bare_ms:.2f}")


if __name__ == "__main__":
    main()
