"""Which sentences of a message are translated together."""

from __future__ import annotations

import pytest

from daemon.pipeline import _groups


@pytest.mark.parametrize(
    ("start", "end", "groups"),
    [
        (0, 0, []),
        (0, 1, [(0, 1)]),
        (1, 13, [(1, 2), (2, 4), (4, 8), (8, 12), (12, 13)]),
        (5, 7, [(5, 6), (6, 7)]),
    ],
)
def test_the_first_goes_alone_and_no_group_is_larger_than_four(
    start: int, end: int, groups: list[tuple[int, int]]
) -> None:
    assert list(_groups(start, end)) == groups
