"""The deck, block by block."""

from __future__ import annotations

from daemon.playback.deck import Deck


def test_blocks_need_not_fit_what_was_put() -> None:
    deck = Deck()
    deck.put(b"aabbcc")
    deck.put(b"ddee")
    assert [deck.take(4), deck.take(4), deck.take(4), deck.take(4)] == [b"aabb", b"ccdd", b"ee", b""]


def test_a_block_is_heard_some_time_after_it_was_taken() -> None:
    deck = Deck()
    deck.put(b"aabb")
    deck.take(4)
    assert (deck.taken, deck.heard(deck.called + 0.1), deck.finished(deck.called + 0.1)) == (4, 0, False)
    assert (deck.heard(deck.called + 1), deck.finished(deck.called + 1)) == (4, True)


def test_more_can_follow_what_was_heard() -> None:
    deck = Deck()
    deck.put(b"aa")
    deck.take(4)
    assert deck.finished(deck.called + 1)
    deck.put(b"bb")
    assert not deck.finished(deck.called + 1)
    assert deck.take(4) == b"bb"
