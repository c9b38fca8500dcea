"""From a hook's start to the first audible sample, recorded at the sound server; and the daemon's start and memory.

python -m bench.first_sound [--runs 10] [--text TEXT] [--uncached] [--json]

Open JTalk speaks; the translation comes from whatever the settings' order gives for the text. With --uncached the
voice speaks in every run, else in the first one only.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.rig.sound import Recorder, SoundServer
from tests.rig.user import User


def resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    (kilobytes,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    return int(kilobytes) / 1024


def spawn_to_accept_ms(user: User) -> float:
    """From starting the process to its first accepted connection."""
    started = time.perf_counter()
    subprocess.Popen(
        [str(Path(sys.prefix) / "bin/python"), "-I", "-m", "daemon"],
        env=user.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while True:
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(user.socket)) == 0:
                return (time.perf_counter() - started) * 1000
        time.sleep(0.001)


def first_sound_ms(user: User, recorder: Recorder, text: str) -> dict[str, float]:
    recorder.wait_for_silence(0.5, timeout=60)
    wall, clock = time.time(), time.monotonic()
    user.hook("Stop", last_assistant_message=text)
    heard = recorder.wait_for_sound(timeout=60, since=clock)
    user.wait_until(lambda s: not s["speaking"] and s["waiting"] == 0, "quiet")
    stages = user.status()["narrations"][0]["stages"]
    times = {name: (at - wall) * 1000 for name, at in stages.items()}
    return {**times, "heard": (heard - clock) * 1000}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--text", default="Hello, how are you today?")
    parser.add_argument("--uncached", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    server = SoundServer()
    user = User({**os.environ, **server.environment})
    user.settings(speech_cache=not options.uncached)
    try:
        accepts = []
        for _ in range(options.runs):
            accepts.append(spawn_to_accept_ms(user))
            user.run("daemon", "stop")
        user.warm()
        with server.recording() as recorder:
            runs = [first_sound_ms(user, recorder, options.text) for _ in range(options.runs)]
        memory = resident_mb(user.daemons()[0])
    finally:
        user.leave()
        server.close()
    medians: dict[str, Any] = {name: round(statistics.median(run[name] for run in runs), 1) for name in runs[0]}
    figures = {"spawn_to_accept_ms": round(statistics.median(accepts), 1), "daemon_mb": round(memory), **medians}
    if options.json:
        print(json.dumps({"text": options.text, "runs": options.runs, **figures}))
        return
    print(f"{options.text!r}, medians of {options.runs}; milliseconds from the hook's start")
    for name, value in figures.items():
        print(f"{name:20} {value}")


if __name__ == "__main__":
    main()
