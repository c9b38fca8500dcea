"""Calls that must not take longer than their time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from tts_plugin.errors import EngineFailed

P = ParamSpec("P")
T = TypeVar("T")


class _Task:
    """One call, and what became of it."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self._function = function
        self._result: Any = None
        self._error: BaseException | None = None
        self.done = threading.Event()

    def run(self) -> None:
        try:
            self._result = self._function()
        except BaseException as error:  # noqa: BLE001 - a thread's root: the caller gets it, whatever it is
            self._error = error
        self.done.set()

    def outcome(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._result


class Worker:
    """A thread that makes one call after the other for whoever waits for each with a deadline.

    Python cannot end a thread. One that overruns is abandoned: its caller goes on at once, a fresh thread
    serves the next call, and the old one ends by itself when (if) its call returns; its result is dropped.
    It is a daemon thread, so it does not hold the process. The same thread serves all calls that keep their
    time, because torch and its kin keep a pool of helpers for every thread that calls them.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._tasks: queue.SimpleQueue[_Task | None] | None = None

    def call(self, seconds: float, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The function's result or its exception; EngineFailed when it is not there after so many seconds."""
        task = _Task(lambda: function(*args, **kwargs))
        with self._lock:
            if self._tasks is None:
                self._tasks = queue.SimpleQueue()
                threading.Thread(target=_serve, args=(self._tasks,), name=self._name, daemon=True).start()
            self._tasks.put(task)
            if not task.done.wait(seconds):
                self._retire()
                raise EngineFailed(
                    f"{self._name} did not finish within {seconds:g} s, so it was passed over. "
                    "If this goes on, the machine is overloaded or a network is down: see `yomiage doctor`."
                )
        result: T = task.outcome()
        return result

    def close(self) -> None:
        """Lets the thread go after the call that it is in."""
        with self._lock:
            self._retire()

    def _retire(self) -> None:
        if self._tasks is not None:
            self._tasks.put(None)
            self._tasks = None


def call_with_deadline(function: Callable[P, T], seconds: float, *args: P.args, **kwargs: P.kwargs) -> T:
    """One such call on a thread of its own. Its thread, too, is abandoned when it overruns."""
    worker = Worker(getattr(function, "__qualname__", type(function).__name__))
    try:
        return worker.call(seconds, function, *args, **kwargs)
    finally:
        worker.close()


def _serve(tasks: queue.SimpleQueue[_Task | None]) -> None:
    while (task := tasks.get()) is not None:
        task.run()
        del task  # or the last call's arguments and result would stay in memory while the queue is empty
