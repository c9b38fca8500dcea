"""Which device a name chooses."""

from __future__ import annotations

import pytest

from daemon.playback.hardware import choose

NAMES = ["Built-in Audio", "USB Headset", "USB Headset Pro", "モニター"]


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [("USB Headset", 1), ("pro", 2), ("built-in", 0), ("モニ", 3), ("USB", None), ("Bluetooth", None)],
)
def test_a_name_or_a_part_that_only_one_has_chooses(wanted: str, chosen: int | None) -> None:
    assert choose(wanted, NAMES) == chosen
