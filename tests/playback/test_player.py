"""The player's deck, block by block."""

from __future__ import annotations

import numpy as np

from daemon.playback.player import Deck


def samples(*values: int, times: int = 1) -> bytes:
    return np.repeat(np.array(values, dtype="<i2"), times).tobytes()


def values(block: bytes) -> list[int]:
    return list(map(int, np.frombuffer(block, dtype="<i2")))


def test_blocks_need_not_fit_what_was_put() -> None:
    deck = Deck()
    deck.put(samples(1, 2, 3))
    deck.put(samples(4, 5))
    assert [values(deck.take(4)), values(deck.take(4)), values(deck.take(4))] == [[1, 2], [3, 4], [5]]
    assert deck.take(4) == b""
    assert deck.empty()


def test_a_block_is_heard_two_blocks_later() -> None:
    deck = Deck()
    deck.put(samples(1, 2))
    deck.take(4)
    assert deck.heard() == (0, 0)
    deck.take(4)
    deck.take(4)
    assert deck.heard() == (0, 2)


def test_stop_fades_and_forgets() -> None:
    deck = Deck()
    deck.put(samples(1000, times=5000))
    deck.take(2000)
    deck.stop(1)
    deck.put(samples(7, 7))
    block = values(deck.take(2000))
    fade, rest = block[:240], block[240:]
    assert fade == sorted(fade, reverse=True)
    assert (fade[0], fade[-1] < 10) == (1000, True)
    assert rest == [7, 7]
    deck.take(4)
    deck.take(4)
    assert deck.heard() == (1, 2)


def test_what_was_never_begun_is_not_faded() -> None:
    deck = Deck()
    deck.put(samples(1000, times=5000))
    deck.stop(1)
    assert deck.take(2000) == b""
    assert deck.empty()
