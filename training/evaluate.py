"""Measures a checkpoint: `python -m training.evaluate --style STYLE_TABLE --out DIRECTORY`.

Translates the style set (id, kind, English, Japanese, what must survive) and the pairs held out of training; writes
scores.json, and outputs.txt for a person to read.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path
from typing import Any, NamedTuple

import torch

from daemon.translation import faithful, placeholders, shipped
from daemon.translation.careful import Careful
from daemon.translation.starter import Starter
from training import checkpoint, decode, pieces
from training.decode import Output
from training.prepare import HELD_OUT, RUN, read_pairs
from tts_plugin.settings import Settings


class Example(NamedTuple):
    kind: str
    english: str
    japanese: str
    keep: list[str]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--run", type=Path, default=RUN, help="directory of this training")
    parser.add_argument("--checkpoint", type=Path, help="small checkpoint; the run's own unless given")
    parser.add_argument("--engine", type=Path, metavar="MODEL", help="measure this export, as the product runs it")
    parser.add_argument("--style", type=Path, nargs="*", default=[], help="tables in the style set's or our own form")
    parser.add_argument("--most", type=int, help="take only so many pairs of each set")
    parser.add_argument("--beam", type=int, default=1)
    parser.add_argument("--tokenizer", default="char", help="sacreBLEU's for BLEU: char, or ja-mecab where MeCab is")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--out", type=Path, required=True, help="directory for scores.json and outputs.txt")
    options = parser.parse_args()
    names = set((options.run / pieces.NAMES).read_text(encoding="utf-8").split())
    sets = {table.stem: read_style(table) for table in options.style}
    if (options.run / HELD_OUT).stat().st_size:
        sets["held out"] = [
            Example(
                pair.source,
                pair.english,
                pair.japanese,
                [t for s, e, _ in placeholders.spans(pair.english, names) if (t := pair.english[s:e]) in pair.japanese],
            )
            for pair in read_pairs(options.run / HELD_OUT)
        ]
    options.out.mkdir(parents=True, exist_ok=True)
    scores = {}
    with (options.out / "outputs.txt").open("w", encoding="utf-8") as file:
        for name, examples in sets.items():
            examples = examples[: options.most]
            outputs = _translate(options, names, [example.english for example in examples])
            scores[name] = score(examples, outputs, options.tokenizer)
            chosen = random.Random(1).sample(range(len(examples)), min(100, len(examples)))
            file.write(f"== {name}\n\n")
            for n in sorted(chosen):
                example, output = examples[n], outputs[n]
                note = f"   ({output.complaint})" if output.complaint else ""
                file.write(f"{example.english}\n  is  {output.text}{note}\n  ref {example.japanese}\n\n")
    text = json.dumps(scores, indent=2, ensure_ascii=False)
    (options.out / "scores.json").write_text(text + "\n", encoding="utf-8")
    print(text)


def read_style(table: Path) -> list[Example]:
    examples = []
    for line in table.read_text(encoding="utf-8").splitlines():
        columns = line.split("\t")
        if len(columns) == 5:  # the style set begins with an id and the kind
            columns = [columns[2], columns[3], columns[1], columns[4]]
        english, japanese, kind, keep = columns
        examples.append(Example(kind, english, japanese, [token for token in keep.split("|") if token]))
    return examples


def _translate(options: argparse.Namespace, names: set[str], sentences: list[str]) -> list[Output]:
    if options.engine:
        shipped.FOLDER = options.engine
        engine = Careful(Starter(Settings()))
        return [Output(engine.translate(sentence, "en") or "", None) for sentence in sentences]
    device = torch.device(options.device)
    model = checkpoint.load_model(options.checkpoint or options.run / "checkpoint", device)
    return decode.translate(model, pieces.Vocabulary(options.run), names, sentences, options.beam)


def score(examples: list[Example], outputs: list[Output], tokenizer: str = "char") -> dict[str, Any]:
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF

    texts, references = [output.text for output in outputs], [[example.japanese for example in examples]]
    kept = [token in output.text for example, output in zip(examples, outputs, strict=True) for token in example.keep]
    faults = [
        f"{example.english} -> {output.text}: {fault}"
        for example, output in zip(examples, outputs, strict=True)
        if (fault := faithful.fault(example.english, output.text))
    ]
    return {
        "sentences": len(texts),
        "chrF": round(CHRF().corpus_score(texts, references).score, 2),
        "chrF++": round(CHRF(word_order=2).corpus_score(texts, references).score, 2),
        f"BLEU ({tokenizer})": round(BLEU(tokenize=tokenizer).corpus_score(texts, references).score, 2),
        "survival": round(100 * sum(kept) / len(kept), 2) if kept else None,
        "lost placeholders": sum(output.complaint is not None for output in outputs),
        "empty": sum(not text for text in texts),
        "loops and lengths": faults,
    }


if __name__ == "__main__":
    main()
