"""A long narration, recorded at the sound server while translation works beside it: is it ever interrupted?

python -m bench.long_narration [--minutes 10] [--json]

One message, of sentences of the tests' tiny checkpoint, which translates them; Open JTalk speaks; nothing is kept.
Beside it one translation after the other is asked for. Digital silence is counted, which no voice makes: within a
sentence (a hole), and beyond the pause between two sentences (late).
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os

from tests.rig.endurance import endure
from tests.rig.sound import SoundServer
from tests.rig.user import User


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    server = SoundServer()
    user = User({**os.environ, **server.environment})
    try:
        assert user.run("model", "download").returncode == 0
        heard = endure(user, server, 60 * options.minutes)
    finally:
        user.leave()
        server.close()
    figures = {**dataclasses.asdict(heard), "load": round(os.getloadavg()[0], 1)}
    print(json.dumps(figures) if options.json else "\n".join(f"{name:16} {value}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
