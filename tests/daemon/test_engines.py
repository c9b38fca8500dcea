"""A slot of a chain: states, deadlines, patience."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from daemon.engines import FIRST_REST, LONGEST_REST, Slot
from tts_plugin.errors import EngineFailed, EngineUnavailable


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Loader:
    """Loads the string "engine", or raises what it is told to."""

    def __init__(self) -> None:
        self.loads = 0
        self.raises: Exception | None = None
        self.go = threading.Event()
        self.go.set()
        self.begun = threading.Event()

    def __call__(self) -> str:
        self.loads += 1
        self.begun.set()
        assert self.go.wait(10)
        if self.raises:
            raise self.raises
        return "engine"


def slot_of(load: Callable[[], str], clock: Clock | None = None, call_seconds: float = 5) -> Slot[str]:
    return Slot("voice", load, load_seconds=5, call_seconds=call_seconds, clock=clock or Clock())


def test_an_engine_is_loaded_at_its_first_use_and_once() -> None:
    load = Loader()
    slot = slot_of(load)
    assert slot.health() == {"state": "idle", "reason": None}
    assert [slot.use(str.upper), slot.use(str.title)] == ["ENGINE", "Engine"]
    assert slot.health() == {"state": "ready", "reason": None}
    assert load.loads == 1


def test_warming_loads_before_the_first_use() -> None:
    load = Loader()
    slot = slot_of(load)
    slot.warm()
    assert (slot.health()["state"], load.loads) == ("ready", 1)


def test_health_answers_while_the_engine_loads_and_works() -> None:
    load, working, go = Loader(), threading.Event(), threading.Event()
    load.go.clear()
    slot = slot_of(load)

    def work(engine: str) -> str:
        working.set()
        assert go.wait(10)
        return engine

    thread = threading.Thread(target=slot.use, args=(work,))
    thread.start()
    assert load.begun.wait(5)
    assert slot.health()["state"] == "loading"
    load.go.set()
    assert working.wait(5)
    assert slot.health()["state"] == "ready"
    go.set()
    thread.join(5)


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (EngineUnavailable("no dictionary; run install.sh"), "unavailable"),
        (EngineFailed("out of memory"), "failed"),
        (ValueError("surprise"), "failed"),
    ],
)
def test_a_failed_load_is_remembered_and_tried_again_later(error: Exception, state: str) -> None:
    load, clock = Loader(), Clock()
    load.raises = error
    slot = slot_of(load, clock)
    for _ in range(2):
        with pytest.raises((EngineUnavailable, EngineFailed), match=str(error)):
            slot.use(str.upper)
    assert load.loads == 1
    assert slot.health()["state"] == state
    assert str(error) in (slot.health()["reason"] or "")
    load.raises = None
    clock.now += FIRST_REST
    assert slot.use(str.upper) == "ENGINE"
    assert slot.health() == {"state": "ready", "reason": None}


def test_the_patience_doubles_up_to_a_bound() -> None:
    load, clock = Loader(), Clock()
    load.raises = EngineFailed("no")
    slot = slot_of(load, clock)
    rests = []
    for _ in range(6):
        slot.warm()
        begun, loads = clock.now, load.loads
        while load.loads == loads:
            clock.now += 1
            slot.warm()
        rests.append(clock.now - begun)
    assert rests == [30, 60, 120, 240, LONGEST_REST, LONGEST_REST]


def test_a_failing_call_is_told_and_the_engine_kept() -> None:
    load = Loader()
    slot = slot_of(load)

    def fail(engine: str) -> str:
        raise EngineFailed("not this sentence")

    with pytest.raises(EngineFailed):
        slot.use(fail)
    assert slot.health() == {"state": "failed", "reason": "not this sentence"}
    assert slot.use(str.upper) == "ENGINE"
    assert slot.health() == {"state": "ready", "reason": None}
    assert load.loads == 1


def test_an_exception_that_no_engine_announces_becomes_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    slot = slot_of(Loader())

    def surprise(engine: str) -> str:
        raise ZeroDivisionError("in the engine")

    with pytest.raises(EngineFailed, match="ZeroDivisionError"):
        slot.use(surprise)
    assert "in the engine" in caplog.text


def test_an_engine_that_hangs_is_left_alone_and_loaded_anew() -> None:
    load, clock, never = Loader(), Clock(), threading.Event()
    slot = slot_of(load, clock, call_seconds=0.1)
    with pytest.raises(EngineFailed, match=r"within 0\.1 s"):
        slot.use(lambda engine: never.wait(10))
    with pytest.raises(EngineFailed, match=r"within 0\.1 s"):
        slot.use(str.upper)
    assert slot.health()["state"] == "failed"
    clock.now += FIRST_REST
    assert slot.use(str.upper) == "ENGINE"
    assert load.loads == 2
    never.set()


def test_an_engine_that_hangs_again_is_left_alone_for_longer() -> None:
    load, clock, never = Loader(), Clock(), threading.Event()
    slot = slot_of(load, clock, call_seconds=0.05)
    for rest in (FIRST_REST, 2 * FIRST_REST, 4 * FIRST_REST):
        loads = load.loads
        with pytest.raises(EngineFailed):
            slot.use(lambda engine: never.wait(10))
        clock.now += rest - 1
        with pytest.raises(EngineFailed):
            slot.use(str.upper)
        assert load.loads == loads + 1
        clock.now += 1
    assert slot.use(str.upper) == "ENGINE"
    never.set()


def test_unloading_waits_for_nothing_and_the_next_use_loads_again() -> None:
    load, working, go = Loader(), threading.Event(), threading.Event()
    slot = slot_of(load)

    def work(engine: str) -> str:
        working.set()
        assert go.wait(10)
        return engine

    thread = threading.Thread(target=slot.use, args=(work,))
    thread.start()
    assert working.wait(5)
    slot.unload()
    assert not go.is_set()
    go.set()
    thread.join(5)
    for unloading in [thread for thread in threading.enumerate() if thread.name == "unload voice"]:
        unloading.join(5)
    assert slot.health()["state"] == "idle"
    assert slot.use(str.upper) == "ENGINE"
    assert load.loads == 2
