"""The schedule's rules."""

from __future__ import annotations

import itertools
import threading

import pytest

from daemon.narration import Narration, Priority, Timeline
from daemon.schedule import MAX_WAITING, Schedule

_ids = itertools.count(1)


class Cuts:
    """Counts how often the output was silenced."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


@pytest.fixture
def cuts() -> Cuts:
    return Cuts()


@pytest.fixture
def schedule(cuts: Cuts) -> Schedule:
    return Schedule(on_cut=cuts)


def narration(priority: Priority, session: str = "a") -> Narration:
    return Narration(next(_ids), "text", priority, session, Timeline())


def test_a_narration_becomes_current_and_then_done(schedule: Schedule) -> None:
    first = narration(Priority.TEXT)
    assert schedule.add(first)
    assert schedule.next() is first
    schedule.done(first)
    assert first.finished.is_set() and not first.cancelled.is_set()
    assert schedule.current() is None


def test_a_newer_reply_replaces_the_older_of_its_session(schedule: Schedule, cuts: Cuts) -> None:
    spoken, waiting, newer = (narration(Priority.TEXT) for _ in range(3))
    schedule.add(spoken)
    schedule.next()
    schedule.add(waiting)
    assert spoken.cancelled.is_set() and cuts.count == 1
    schedule.add(newer)
    assert waiting.cancelled.is_set() and waiting.finished.is_set()
    schedule.done(spoken)
    assert schedule.next() is newer


def test_replies_of_two_sessions_wait_for_each_other(schedule: Schedule, cuts: Cuts) -> None:
    first, second = narration(Priority.TEXT, "a"), narration(Priority.TEXT, "b")
    schedule.add(first)
    schedule.next()
    schedule.add(second)
    assert not first.cancelled.is_set() and cuts.count == 0
    schedule.done(first)
    assert schedule.next() is second


def test_a_permission_notice_interrupts_and_the_reply_goes_on_from_the_cut_sentence(
    schedule: Schedule, cuts: Cuts
) -> None:
    reply, notice = narration(Priority.TEXT, "a"), narration(Priority.IMPORTANT, "b")
    schedule.add(reply)
    schedule.next()
    schedule.heard(reply, 0)
    schedule.heard(reply, 1)
    schedule.add(notice)
    assert reply.cancelled.is_set() and cuts.count == 1
    schedule.done(reply)
    assert not reply.finished.is_set(), "whoever waits for it waits on"
    assert schedule.next() is notice
    schedule.done(notice)
    rest = schedule.next()
    assert rest is not None and rest.id == reply.id and rest.first_sentence == 2
    assert not rest.cancelled.is_set()
    schedule.done(rest)
    assert reply.finished.is_set()
    assert not reply.timeline.was_cut


def test_a_second_permission_notice_waits_for_the_first(schedule: Schedule, cuts: Cuts) -> None:
    first, second = narration(Priority.IMPORTANT), narration(Priority.IMPORTANT, "b")
    schedule.add(first)
    schedule.next()
    schedule.add(second)
    assert not first.cancelled.is_set() and cuts.count == 0
    assert schedule.waiting() == [second]


def test_an_interrupted_narration_can_still_be_cut(schedule: Schedule) -> None:
    reply, notice = narration(Priority.TEXT, "a"), narration(Priority.IMPORTANT, "b")
    schedule.add(reply)
    schedule.next()
    schedule.add(notice)
    schedule.done(reply)
    assert schedule.cut("a") == 1
    assert reply.finished.is_set() and reply.timeline.was_cut
    assert schedule.next() is notice
    assert schedule.waiting() == []


@pytest.mark.parametrize("priority", [Priority.IMPORTANT, Priority.MESSAGE, Priority.TEXT])
def test_an_idle_notice_gives_way_to_what_comes(schedule: Schedule, priority: Priority) -> None:
    notice, other = narration(Priority.NOTIFICATION), narration(priority, "b")
    schedule.add(notice)
    schedule.next()
    schedule.add(other)
    assert notice.cancelled.is_set()
    schedule.done(notice)
    assert schedule.next() is other


def test_an_idle_notice_is_dropped_while_something_is_spoken(schedule: Schedule) -> None:
    reply, notice = narration(Priority.TEXT), narration(Priority.NOTIFICATION, "b")
    schedule.add(reply)
    schedule.next()
    assert not schedule.add(notice)
    assert notice.finished.is_set() and schedule.waiting() == []


def test_messages_are_spoken_in_order(schedule: Schedule) -> None:
    messages = [narration(Priority.MESSAGE, "say") for _ in range(3)]
    for message in messages:
        schedule.add(message)
    for message in messages:
        assert schedule.next() is message
        schedule.done(message)


def test_cutting_one_session_leaves_the_others(schedule: Schedule, cuts: Cuts) -> None:
    spoken, same, other = narration(Priority.TEXT, "a"), narration(Priority.MESSAGE, "a"), narration(Priority.TEXT, "b")
    for each in (spoken, same, other):
        schedule.add(each)
    current = schedule.next()
    assert current is same, "a message goes before replies"
    assert schedule.cut("a") == 2
    assert same.cancelled.is_set() and spoken.cancelled.is_set() and not other.cancelled.is_set()
    assert cuts.count == 1


def test_cutting_everything_silences_once(schedule: Schedule, cuts: Cuts) -> None:
    for session in "abc":
        schedule.add(narration(Priority.TEXT, session))
    schedule.next()
    assert schedule.cut() == 3
    assert schedule.cut() == 0, "what is cut already does not count again"
    assert cuts.count == 1


def test_the_queue_is_bounded(schedule: Schedule) -> None:
    every = [narration(Priority.TEXT, f"session {i}") for i in range(MAX_WAITING + 1)]
    for each in every:
        schedule.add(each)
    assert len(schedule.waiting()) == MAX_WAITING
    assert every[-1].finished.is_set()


def test_closing_wakes_whoever_waits_for_a_narration(schedule: Schedule) -> None:
    answers: list[Narration | None] = []
    thread = threading.Thread(target=lambda: answers.append(schedule.next()))
    thread.start()
    schedule.close()
    thread.join(5)
    assert answers == [None]
    late = narration(Priority.TEXT)
    assert not schedule.add(late) and late.finished.is_set()


def test_timelines_keep_the_first_mark_of_a_stage(schedule: Schedule) -> None:
    each = narration(Priority.TEXT)
    schedule.add(each)
    schedule.next()
    schedule.done(each)
    before = each.timeline.as_dict()
    schedule.done(each)
    assert each.timeline.as_dict() == before and set(before) == {"received", "done"}
