"""Calls with a deadline."""

from __future__ import annotations

import threading

import pytest

from daemon.deadline import Worker, call_with_deadline
from tts_plugin.errors import EngineFailed


def test_a_result_comes_back() -> None:
    assert call_with_deadline(divmod, 10, 17, 5) == (3, 2)


def test_an_exception_comes_back() -> None:
    with pytest.raises(ZeroDivisionError):
        call_with_deadline(divmod, 10, 1, 0)


def test_a_call_that_hangs_is_passed_over() -> None:
    release, returned = threading.Event(), threading.Event()

    def hang() -> None:
        release.wait(60)
        returned.set()

    with pytest.raises(EngineFailed, match=r"hang did not finish within 0\.05 s"):
        call_with_deadline(hang, 0.05)
    assert not returned.is_set()
    release.set()
    assert returned.wait(10)


def test_a_worker_keeps_its_thread() -> None:
    worker = Worker("engine")
    first, second = (worker.call(10, threading.current_thread) for _ in range(2))
    assert first is second
    assert (first.name, first.daemon) == ("engine", True)
    worker.close()
    first.join(10)
    assert not first.is_alive()


def test_a_worker_serves_on_after_a_call_that_hung() -> None:
    worker, release = Worker("engine"), threading.Event()
    lost = worker.call(10, threading.current_thread)
    with pytest.raises(EngineFailed):
        worker.call(0.05, release.wait, 60)
    assert worker.call(10, threading.current_thread) is not lost
    release.set()
    lost.join(10)
    assert not lost.is_alive()
    worker.close()


def test_a_closed_worker_opens_again() -> None:
    worker = Worker("engine")
    worker.close()
    assert worker.call(10, divmod, 7, 2) == (3, 1)
    worker.close()
