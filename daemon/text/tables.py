"""The package's own data: tab-separated tables beside the modules."""

from __future__ import annotations

import functools
from importlib import resources


def table(name: str) -> list[dict[str, str]]:
    """Rows of daemon/text/NAME as header -> cell; lines that begin with # are comments."""
    lines = resources.files(__package__).joinpath(name).read_text(encoding="utf-8").splitlines()
    header, *rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [dict(zip(header, row + [""] * (len(header) - len(row)), strict=False)) for row in rows]


@functools.cache
def _word_sets() -> dict[str, frozenset[str]]:
    return {row["name"]: frozenset(row["words"].split(" ")) for row in table("word_sets.tsv")}


def word_set(name: str) -> frozenset[str]:
    """One row of word_sets.tsv. Raises KeyError for a name that is not there."""
    return _word_sets()[name]
