"""The local voices: the first clause's latency, and the work that a second of speech takes.

python -m bench.voices [--runs 7] [--voices openjtalk kokoro] [--json]

The voices speak in turns, so that what else the machine does weighs on all alike. "clause" is the time until something
of a clause can be heard: Open JTalk hands on its first words before it has made the others. "work" is wall-clock time,
"processor" the time of all cores together, both for each second of speech; "load" is what `warm` takes.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import time
from typing import Any

from daemon.narration import AudioClip
from daemon.speech import registry, shaping
from daemon.speech.engine import StreamingVoice, Voice
from daemon.text.reading import to_reading
from tts_plugin.errors import EngineUnavailable
from tts_plugin.settings import VOICES, Settings

LOCAL = ("openjtalk", "kokoro", "say")
CLAUSES = ("テストが全て成功しました。", "Dockerのコンテナを起動し、", "設定ファイルを200msで読みました。")
PASSAGE = (
    "認証のミドルウェアで、トークンの有効期限が確認されていませんでした。"
    "期限切れのトークンを拒否するように修正し、テストを3件追加しました。次に、ドキュメントを更新します。"
)


def measure(names: list[str], runs: int) -> list[dict[str, Any]]:
    voices = {}
    rows: dict[str, dict[str, Any]] = {}
    settings = Settings()
    for name in names:
        engine = registry.engine_class(name)
        try:
            engine.check(settings)
        except EngineUnavailable as error:
            rows[name] = {"voice": name, "problem": str(error)}
            continue
        begun, memory = time.perf_counter(), _megabytes()
        voices[name] = engine(settings)
        rows[name] = {
            "voice": name,
            "load_ms": 1000 * (time.perf_counter() - begun),
            "memory_mb": _megabytes() - memory,
            "clause": [],
            "work": [],
            "processor": [],
        }
    for _ in range(runs):
        for name, voice in voices.items():
            for clause in CLAUSES:
                begun = time.perf_counter()
                shaping.level(_first_words(voice, to_reading(clause)).samples)
                rows[name]["clause"].append(1000 * (time.perf_counter() - begun))
        for name, voice in voices.items():
            begun, used = time.perf_counter(), time.process_time()
            clip = AudioClip(shaping.level(voice.synthesize(to_reading(PASSAGE)).samples))
            rows[name]["work"].append((time.perf_counter() - begun) / clip.seconds)
            rows[name]["processor"].append((time.process_time() - used) / clip.seconds)
    return [_summed(row) for row in rows.values()]


def _first_words(voice: Voice, clause: str) -> AudioClip:
    """What of the clause can be heard first."""
    return next(voice.stream(clause)) if isinstance(voice, StreamingVoice) else voice.synthesize(clause)


def _summed(row: dict[str, Any]) -> dict[str, Any]:
    if "problem" in row:
        return row
    return {
        "voice": row["voice"],
        "load_ms": round(row["load_ms"], 1),
        "memory_mb": round(row["memory_mb"]),
        "first_clause_median_ms": round(statistics.median(row["clause"]), 1),
        "first_clause_worst_ms": round(max(row["clause"]), 1),
        "work_per_second": round(statistics.median(row["work"]), 3),
        "processor_per_second": round(statistics.median(row["processor"]), 3),
    }


def _megabytes() -> float:
    """The most that the process has held so far: models are loaded one after the other."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--voices", nargs="+", choices=VOICES, default=list(LOCAL))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = measure(options.voices, options.runs)
    cores, load = os.cpu_count(), os.getloadavg()[0]
    if options.json:
        print(json.dumps({"runs": options.runs, "cores": cores, "load": load, "voices": rows}, ensure_ascii=False))
        return
    print(f"{options.runs} runs in turns, {cores} cores, load {load:.1f}")
    heads = ("load ms", "memory MB", "clause ms (median)", "(worst)", "work s/s", "processor s/s")
    print(f"{'voice':10}" + "".join(f"{head:>20}" for head in heads))
    for row in rows:
        values = list(row.values())[1:]
        print(f"{row['voice']:10}" + (row.get("problem") or "".join(f"{value:>20}" for value in values)))


if __name__ == "__main__":
    main()
