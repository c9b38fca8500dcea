"""A 40-sentence message, recorded at the sound server: is speech ever kept waiting once it has begun?

python -m bench.long_message [--json]

The model is the tests' tiny checkpoint, converted as `yomiage model download` does; Open JTalk speaks.
Prints the silences longer than a sentence's pause. Takes as long as the message: about two minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import time

from tests.rig.sound import SoundServer
from tests.rig.user import CHECKPOINT, User

PAUSE_MS = 600
"""What two sentences may have between them: our pause, and the breath that the voice puts at both ends."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    story = (CHECKPOINT.parent / "story.tsv").read_text(encoding="utf-8").splitlines()
    sentences = [line.split("\t")[0] for line in story if line and not line.startswith("#")]
    server = SoundServer()
    user = User({**os.environ, **server.environment})
    try:
        assert user.run("model", "download").returncode == 0
        user.warm()
        with server.recording() as recorder:
            asked = time.monotonic()
            user.hook("Stop", last_assistant_message=" ".join(sentences))
            began = recorder.wait_for_sound(timeout=60, since=asked)
            user.wait_until(lambda s: not s["speaking"], "done", timeout=600)
            holes = recorder.holes(PAUSE_MS, since=asked)
            longest = max(recorder.holes(30, since=asked), key=lambda hole: hole[1], default=(0.0, 0.0))[1]
        seconds = time.monotonic() - began
    finally:
        user.leave()
        server.close()
    figures = {
        "sentences": len(sentences),
        "first_sound_ms": round((began - asked) * 1000, 1),
        "speech_seconds": round(seconds, 1),
        "longest_silence_ms": round(longest),
        f"silences_over_{PAUSE_MS}_ms": len(holes),
    }
    print(json.dumps(figures) if options.json else "\n".join(f"{name:24} {value}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
