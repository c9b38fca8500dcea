"""Idleness: the models leave memory first, the process later."""

from __future__ import annotations

import logging

from daemon.app import App

log = logging.getLogger(__name__)

LONGEST_LOOK_SECONDS = 30.0
"""Between two looks at the clock; rare, so that a sleeping laptop is left alone."""


def watch_idleness(app: App) -> None:
    """Returns when the daemon is to leave: it was told to, or nobody needed it for long enough."""
    unloaded = False
    while True:
        settings = app.settings  # anew each time: an edit counts at once
        soonest = min(settings.idle_exit_seconds, settings.idle_unload_seconds)
        app.attention.wait(min(LONGEST_LOOK_SECONDS, max(soonest / 4, 0.05)))
        if app.leaving:
            return
        idle = app.idle_seconds()
        if idle >= settings.idle_exit_seconds:
            log.info("leaving after %.0f s without a request", idle)
            return
        if idle < settings.idle_unload_seconds:
            unloaded = False
        elif not unloaded:
            log.info("unloading the models after %.0f s without a request", idle)
            app.unload()
            unloaded = True
