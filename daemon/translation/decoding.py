"""A translation while it is decoded: clause by clause, once more where it goes wrong, and never without end."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from daemon.translation import faithful
from daemon.translation.clauses import Clauses
from daemon.translation.tokens import END
from tts_plugin.errors import EngineFailed

SECONDS = 25.0
"""For one sentence. Decoding then stops by itself, so that its thread comes back."""
_LOOK = 8
"""Tokens after which a loop is looked for again."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Attempt:
    """One way to write a translation."""

    beams: int
    """Translations that grow side by side; with one, each token is there as soon as it is chosen."""
    no_repeat: int
    """So many tokens in a row come only once; 0: as often as the model likes."""


GREEDY = Attempt(1, 0)
LADDER = (GREEDY, Attempt(2, 0), Attempt(2, 3))
"""How to begin, and what follows where an attempt went wrong."""


def clauses(
    text: str,
    write: Callable[[list[int], Attempt, float], Iterator[int]],
    say: Callable[[list[int]], str],
    *,
    ladder: Sequence[Attempt] = LADDER,
    start: list[int],
    end: int,
    most: int,
    model: str,
) -> Iterator[str]:
    """The Japanese for `text`, in clauses. EngineFailed where it is not fit to be spoken.

    `write` yields the ids after those that are there, in the given way, and not beyond that time of the monotonic
    clock; `say` turns ids into Japanese; `start` are the ids that it begins with, and `most` bounds how many they
    become.
    """
    until = time.monotonic() + SECONDS
    spoken = Clauses()
    kept = start
    complaint: str | None = None
    for attempt in ladder:
        # What has been said stays: a second attempt goes on from there.
        written, complaint = kept.copy(), f"it did not end within {most} tokens and {SECONDS:.0f} s"
        for token in itertools.islice(write(written, attempt, until), most - len(kept)):
            if token == end:
                complaint = faithful.fault(text, say(written))
                break
            written.append(token)
            japanese = say(written)
            if len(written) % _LOOK == 0 and faithful.loop(text, japanese):
                complaint = faithful.fault(text, japanese)
                break
            if time.monotonic() > until:
                break
            if clause := spoken.next(japanese):
                kept = written.copy()
                yield clause
        if complaint is None:
            if rest := spoken.rest(say(written)):
                yield rest
            return
        log.debug("%s, %s: %s", model, attempt, complaint)
        if time.monotonic() > until:
            break
    raise EngineFailed(f"{model}'s translation is not fit to be spoken: {complaint}.")


def repeating(written: Sequence[int], length: int) -> set[int]:
    """Tokens that would complete a run of so many tokens that is there already."""
    if not length or len(written) < length:
        return set()
    begun = tuple(written[len(written) - length + 1 :])
    runs = (tuple(written[n : n + length]) for n in range(len(written) - length + 1))
    return {run[-1] for run in runs if run[:-1] == begun} - {END}
