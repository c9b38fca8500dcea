"""The circuit breaker."""

from __future__ import annotations

import email.utils
import gc
import queue
import time

import pytest

from daemon.speech import breaker
from daemon.speech.breaker import LONGEST_REQUESTED_PAUSE, Breaker
from daemon.speech.http import requested_pause
from tts_plugin.errors import EngineFailed


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def is_open(breaker: Breaker) -> bool:
    try:
        breaker.check()
    except EngineFailed:
        return True
    return False


def test_it_is_closed_until_something_fails() -> None:
    assert not is_open(Breaker(Clock()))


def test_it_opens_for_longer_after_each_failure_and_closes_by_itself() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for pause in (30, 60, 120, 240, 300, 300):
        breaker.failed("down")
        clock.now += pause - 1
        assert is_open(breaker)
        clock.now += 1
        assert not is_open(breaker)


def test_a_success_forgets_the_failures() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    breaker.failed("down")
    breaker.failed("down")
    breaker.succeeded()
    assert not is_open(breaker)
    breaker.failed("down")
    clock.now += 30
    assert not is_open(breaker)


def test_a_longer_pause_that_the_server_asks_for_is_kept_within_reason() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    breaker.failed("429", requested_pause=120)
    clock.now += 119
    with pytest.raises(EngineFailed, match=r"429.*1 s"):
        breaker.check()
    breaker.failed("429", requested_pause=1e9)
    clock.now += LONGEST_REQUESTED_PAUSE
    assert not is_open(breaker)


@pytest.mark.parametrize(
    ("header", "seconds"), [(None, 0), ("", 0), ("120", 120), ("-5", 0), ("soon", 0), ("9" * 400, 0)]
)
def test_a_retry_after_in_seconds(header: str | None, seconds: float) -> None:
    assert requested_pause(header) == seconds


def test_a_retry_after_as_a_date() -> None:
    assert requested_pause(email.utils.formatdate(time.time() + 90, usegmt=True)) == pytest.approx(90, abs=2)
    assert requested_pause("Wed, 21 Oct 2015 07:28:00 GMT") == 0


class Engine:
    """Has a probe, whose outcome the test decides."""

    def __init__(self) -> None:
        self.works = False
        self.probes: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self.breaker = Breaker(probe=self.probe)

    def probe(self) -> None:
        self.probes.put(self.works)
        if not self.works:
            raise EngineFailed("still down")


def test_with_a_probe_no_call_passes_before_it_has_succeeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(breaker, "LONGEST_PAUSE", 0.02)
    engine = Engine()
    engine.breaker.failed("down")
    for _ in range(3):
        assert engine.probes.get(timeout=5) is False
        assert is_open(engine.breaker)
    engine.works = True
    while not engine.probes.get(timeout=5):
        pass
    closed = time.monotonic() + 5
    while is_open(engine.breaker):
        assert time.monotonic() < closed
    assert engine.probes.empty(), "and is not called any more"


def test_an_engine_that_has_left_memory_is_not_probed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "FIRST_PAUSE", 0.05)
    engine = Engine()
    probes = engine.probes
    engine.breaker.failed("down")
    del engine
    gc.collect()
    with pytest.raises(queue.Empty):
        probes.get(timeout=0.2)
