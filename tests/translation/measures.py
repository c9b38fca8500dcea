"""How like a reference a translation is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

_ORDER, _BETA = 6, 2


def chrf(outputs: Sequence[str], references: Sequence[str]) -> float:
    """chrF of a whole set, 0 to 100: runs of 1 to 6 characters, recall counted twice, spaces left out (Popović, 2015).

    As sacreBLEU computes it.
    """
    scores = []
    for length in range(1, _ORDER + 1):
        same = said = wanted = 0
        for output, reference in zip(outputs, references, strict=True):
            ours, theirs = _runs(output, length), _runs(reference, length)
            same += (ours & theirs).total()
            said += ours.total()
            wanted += theirs.total()
        if said and wanted:
            precision, recall = same / said, same / wanted
            mean = (1 + _BETA**2) * precision * recall / (_BETA**2 * precision + recall) if same else 0.0
            scores.append(mean)
    return 100 * sum(scores) / len(scores)


def _runs(text: str, length: int) -> Counter[str]:
    text = "".join(text.split())
    return Counter(text[start : start + length] for start in range(len(text) - length + 1))
