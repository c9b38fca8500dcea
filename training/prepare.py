"""Makes the training data: `python -m training.prepare CORPUS`.

Reads the corpus and training/data/style, leaves out what is bad or of the evaluation, learns the vocabulary and writes
the tokenized pairs. Each step leaves a file behind; what is there already is not made again (--again makes all).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from multiprocessing import Pool
from pathlib import Path

import numpy as np

from training import batches, corpus, nearness, pieces, pretrained
from training.corpus import Pair
from training.overlap import Evaluation

RUN = Path(__file__).resolve().parent / "run"
PAIRS, HELD_OUT, LEARN, REPORT = "pairs.tsv", "heldout.tsv", "learn.txt", "prepare.json"
HELD_OUT_PER_SOURCE = 20
LONGEST = 96
"""Tokens of one side."""
_LETTER = re.compile(r"[^\W\d_]")


def text_directory(run: Path) -> Path:
    """Beside the run, for what a GPU machine does not need: `run` alone has to travel there."""
    return run.with_name(f"{run.name}-text")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "corpus", type=Path, nargs="?", help="table of English, Japanese, source; none: our own pairs only"
    )
    parser.add_argument("--run", type=Path, default=RUN, help="directory of this training")
    parser.add_argument("--pieces", type=int, default=8192, help="size of the Japanese vocabulary")
    parser.add_argument("--encoder", type=Path, help="directory of the pretrained encoder; the package's unless given")
    parser.add_argument("--style", type=int, help="take only so many of our own pairs (to try things out)")
    parser.add_argument("--own", action="store_true", help="take our own pairs anew, and change nothing else")
    parser.add_argument("--again", action="store_true", help="make every file anew")
    options = parser.parse_args()
    run: Path = options.run
    run.mkdir(parents=True, exist_ok=True)
    text = text_directory(run)
    text.mkdir(exist_ok=True)
    if options.again or not (text / PAIRS).is_file():
        select(run, options.corpus, options.style)
    if options.again or not (run / pieces.TARGET).is_file():
        pieces.write_source(pretrained.words(options.encoder or pretrained.folder()), run)
        write_learning_text(run)
        pieces.learn_target(text / LEARN, run, options.pieces)
        (text / LEARN).unlink()
        for stale in run.glob("train-??.npz"):
            stale.unlink()
    if options.again or not (run / batches.CORPUS.format(0)).is_file():
        tokenize(run)
    if options.again or options.own or not (run / batches.OWN).is_file():
        tokenize_own(run, options.style)
    if options.again or not (run / batches.NEAR).is_file():
        own, rest = batches.load([run / batches.OWN]), batches.load(batches.corpus_files(run))
        np.save(run / batches.NEAR, nearness.scores(own, rest) > nearness.NEAR)
    print((run / REPORT).read_text(encoding="utf-8"))


def select(run: Path, table: Path | None, style: int | None) -> None:
    """Writes names.txt, heldout.tsv and pairs.tsv, which alone has placeholders: English, Japanese, tier, source."""
    everything = list(corpus.read(table))
    if style is not None:
        ours = [pair for pair in everything if pair.tier == corpus.STYLE]
        everything = ours[:style] + [pair for pair in everything if pair.tier != corpus.STYLE]
    names = corpus.kept_names(everything)
    (run / pieces.NAMES).write_text("\n".join(sorted(names)) + "\n", encoding="utf-8")
    held_out, rest = hold_out(everything)
    refused: Counter[str] = Counter()
    taken: Counter[str] = Counter()
    seen: set[int] = {_same(text) for pair in held_out for text in pair[:2]}
    versions: Counter[int] = Counter()
    with Pool(2) as pool:
        results: Iterable[Pair | str] = pool.imap(
            partial(_usable, names=names, evaluation=Evaluation()), rest, chunksize=2000
        )
        good = []
        for original, result in zip(rest, results, strict=True):
            if isinstance(result, str):
                refused[result] += 1
            elif _same(original.english) in seen or _same(original.japanese) in seen:
                refused["held out"] += 1
            else:
                both, english, japanese = (
                    _same(f"{result.english}\t{result.japanese}"),
                    _same(result.english),
                    _same(result.japanese),
                )
                versions.update((both, english, japanese))
                if versions[both] > 1 or versions[english] > 3 or versions[japanese] > 4:
                    refused["repetition"] += 1
                else:
                    good.append(result)
                    taken[corpus.TIERS[result.tier]] += 1
    good.sort(key=lambda pair: pair.tier)
    _write_pairs(run / HELD_OUT, held_out)
    report = {"taken": taken, "refused": refused, "held_out": len(held_out), "names": len(names)}
    (run / REPORT).write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    _write_pairs(text_directory(run) / PAIRS, good)


def _usable(pair: Pair, names: set[str], evaluation: Evaluation) -> Pair | str:
    if evaluation.shares(pair.english, pair.japanese):
        return "the evaluation has it"
    return corpus.usable(pair, names)


def hold_out(pairs: list[Pair]) -> tuple[list[Pair], list[Pair]]:
    """Some whole sentences of each source that people translated, chosen by their hash; and all the others."""
    chosen: Counter[str] = Counter()
    held, rest = [], []
    for pair in pairs:
        if (
            pair.tier in (corpus.AGENT, corpus.HUMAN)
            and pair.english.endswith(".")
            and pair.japanese.endswith("。")
            and 6 <= len(pair.english.split()) <= 40
            and chosen[pair.source] < HELD_OUT_PER_SOURCE
            and _same(pair.english) % 25 == 0
        ):
            chosen[pair.source] += 1
            held.append(pair)
        else:
            rest.append(pair)
    return held, rest


def write_learning_text(run: Path) -> None:
    """What the Japanese vocabulary is learned from: our own pairs several times, a part of the others."""
    random = 0
    with (text_directory(run) / LEARN).open("w", encoding="utf-8") as file:
        for pair in read_pairs(text_directory(run) / PAIRS):
            random = (random * 1103515245 + 12345) % 2**31
            share = (6.0, 1.0, 0.5, 0.2, 0.0)[pair.tier]
            times = int(share + random / 2**31)
            file.write(f"{pair.japanese}\n" * times)


def tokenize(run: Path) -> None:
    """Writes the corpus's pairs as ids."""
    pairs = [pair for pair in read_pairs(text_directory(run) / PAIRS) if pair.tier != corpus.STYLE]
    for start in range(0, max(1, len(pairs)), batches.SHARD):
        _write(run, batches.CORPUS.format(start // batches.SHARD), pairs[start : start + batches.SHARD])


def tokenize_own(run: Path, most: int | None) -> None:
    """Writes our own pairs as ids: they grow while the corpus stays."""
    names = set((run / pieces.NAMES).read_text(encoding="utf-8").split())
    evaluation = Evaluation()
    results = [_usable(pair, names, evaluation) for pair in list(corpus.read(None))[:most]]
    _write(run, batches.OWN, [pair for pair in results if not isinstance(pair, str)])


def _write(run: Path, name: str, pairs: list[Pair]) -> None:
    vocabulary = pieces.Vocabulary(run)
    sources = vocabulary.sources([pair.english for pair in pairs])
    targets = vocabulary.targets([pair.japanese for pair in pairs])
    fit = [n for n in range(len(pairs)) if max(len(sources[n]), len(targets[n])) <= LONGEST]
    file = run / name
    batches.write(file, [sources[n] for n in fit], [targets[n] for n in fit], [pairs[n].tier for n in fit])
    report = json.loads((run / REPORT).read_text(encoding="utf-8"))
    counts = {
        tier: {"pairs": len(of), "source": sum(len(sources[n]) for n in of), "target": sum(len(targets[n]) for n in of)}
        for number, tier in enumerate(corpus.TIERS)
        if (of := [n for n in fit if pairs[n].tier == number])
    }
    report.setdefault("files", {})[name] = {"megabytes": round(file.stat().st_size / 1e6, 1), **counts}
    (run / REPORT).write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_pairs(file: Path) -> Iterator[Pair]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            english, japanese, tier, source = line.rstrip("\n").split("\t")
            yield Pair(english, japanese, int(tier), source)


def _write_pairs(file: Path, pairs: Iterable[Pair]) -> None:
    unfinished = file.with_suffix(".part")
    with unfinished.open("w", encoding="utf-8") as out:
        for pair in pairs:
            out.write("\t".join(map(str, pair)) + "\n")
    unfinished.rename(file)


def _same(text: str) -> int:
    """A number that two texts share when they differ in case, marks and spaces at most."""
    letters = "".join(c for c in text.lower() if _LETTER.match(c) or c.isdigit() or "\ue000" <= c <= "\uf8ff")
    return int.from_bytes(hashlib.blake2b(letters.encode(), digest_size=8).digest(), "little")


if __name__ == "__main__":
    main()
