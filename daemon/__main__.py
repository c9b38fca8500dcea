"""The composition root: lock, bind, accept, then load; and everything in reverse at the end."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from daemon.single_instance import SingleInstance

DRAIN_SECONDS = 1.0


def main() -> int:
    os.umask(0o077)
    instance = SingleInstance()
    if not instance.take():
        return 0  # another daemon serves; twenty hooks at once start twenty of us
    try:
        return _serve(instance)
    finally:
        instance.release()


def _serve(instance: SingleInstance) -> int:
    # Behind the lock: the losers of a race leave without paying for these imports.
    from daemon import journal
    from daemon.app import App
    from daemon.idle import watch_idleness
    from daemon.requests import Requests
    from daemon.server import Server

    log = journal.open_log()
    app = App()

    def leave(number: int, _: Any) -> None:
        app.shut_down()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, leave)
    assert instance.listener is not None
    server = Server(instance.listener, Requests(app, instance.stop_listening).handle)
    server.start()
    log.info("accepting on %s", instance.path)
    try:
        app.start()
        journal.set_level(app.settings.log_level)
        app.warm()
        watch_idleness(app)  # returns when the daemon is to leave
    finally:
        instance.stop_listening()
        app.stop()
        # Whoever was told to restart must hear it, and whoever waits for speech that is cut now, that it is over.
        server.drain(DRAIN_SECONDS)
        log.info("left")
    return 0


if __name__ == "__main__":
    code = 1
    try:
        code = main()
    finally:
        # Threads inside a library may outlast their stop; an engine's call may hang. The process must not.
        sys.stdout.flush()
        os._exit(code)
