"""What the bench translates and speaks, and what it finds."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Sentence:
    english: str
    japanese: str
    """What is spoken, so that every row speaks the same."""
    source: int
    """Tokens, where random weights stand for the model."""
    target: int


SENTENCES = (
    Sentence("Hello, how are you today?", "こんにちは、今日はお元気ですか？", 9, 11),
    Sentence(
        "I fixed the bug in the parser and added a regression test.",
        "パーサーのバグを修正し、回帰テストを追加しました。",
        16,
        20,
    ),
    Sentence(
        "The root cause was a race condition in the cache, so I added a lock around the update.",
        "根本原因はキャッシュの競合状態だったので、更新の周りにロックを追加しました。",
        23,
        29,
    ),
)


@dataclass
class Report:
    """Milliseconds by way and sentence, one entry a round."""

    weights: str
    """Which model was timed, in words."""
    threads: int
    voice: str | None = None
    device: str = "cpu"
    translation: dict[str, list[list[float]]] = field(default_factory=dict)
    """Way -> for each sentence its rounds."""
    speech: list[list[float]] = field(default_factory=lambda: [[] for _ in SENTENCES])
    notes: list[str] = field(default_factory=list)
    """What was left out, and why."""

    def rows(self) -> list[dict[str, Any]]:
        """Medians: a row for each way and sentence, and one for each way's average."""
        speech = [statistics.median(rounds) if rounds else 0.0 for rounds in self.speech]
        found = []
        for way, sentences in self.translation.items():
            medians = [statistics.median(rounds) for rounds in sentences]
            for number, (translation, spoken) in enumerate(zip(medians, speech, strict=True), 1):
                found.append(_row(way, str(number), translation, spoken))
            found.append(_row(way, "average", statistics.mean(medians), statistics.mean(speech)))
        return found

    def averages(self) -> list[dict[str, Any]]:
        return [row for row in self.rows() if row["sentence"] == "average"]

    def as_dict(self) -> dict[str, Any]:
        return {
            "weights": self.weights,
            "device": self.device,
            "threads": self.threads,
            "voice": self.voice,
            "rounds": max((len(rounds) for rounds in self.speech), default=0),
            "sentences": [sentence.english for sentence in SENTENCES],
            "rows": self.rows(),
            "notes": self.notes,
        }


def _row(way: str, sentence: str, translation: float, speech: float) -> dict[str, Any]:
    return {
        "way": way,
        "sentence": sentence,
        "translation_ms": round(translation, 1),
        "speech_ms": round(speech, 1),
        "total_ms": round(translation + speech, 1),
    }
