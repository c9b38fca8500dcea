"""The whole way through the real commands: prepare, train, go on, evaluate, export, translate."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from training import checkpoint, decode, exported, packed, pieces
from training.prepare import PAIRS, read_pairs, text_directory

CHECKOUT = Path(__file__).parents[2]
TRAIN = ["--size", "tiny", "--device", "cpu", "--rows", "16", "--width", "64", "--rate", "5e-3"]
TRAIN += ["--warm-up", "20", "--minutes", "4"]


def command(name: str, *arguments: object) -> str:
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", f"training.{name}", *map(str, arguments)],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=290,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training of 200 of our own pairs."""
    run = tmp_path_factory.mktemp("training") / "run"
    run.mkdir()
    table = run / "corpus.tsv"
    pairs = [(f"Open the{' very' * n} old file.", f"{'とても' * n}古いファイルを開きます。", "tests") for n in range(3)]
    pairs += [("Read a_file before the last of the 40 steps.", "40個の手順の前に読みます。", "tests")]
    table.write_text("".join("\t".join(pair) + "\n" for pair in pairs), encoding="utf-8")
    command("prepare", table, "--run", run, "--pieces", 1400, "--style", 200)
    return run


@pytest.fixture(scope="module")
def trained(run: Path) -> Path:
    command("train", "--run", run, *TRAIN, "--steps", 50)
    return run


def losses(run: Path) -> list[float]:
    return [float(found) for found in re.findall(r" loss ([0-9.]+)", (run / "train.log").read_text())]


def test_what_is_prepared_is_what_was_read(run: Path) -> None:
    vocabulary = pieces.Vocabulary(run)
    pairs = list(read_pairs(text_directory(run) / PAIRS))
    assert len(pairs) > 195 and [pair.tier for pair in pairs] == sorted(pair.tier for pair in pairs)
    assert "Read" not in {pair.english.split()[0] for pair in pairs if pair.source == "tests"}, "it lost a_file"
    data = packed.read(run)
    source_lengths, _ = data.lengths()
    for n in (0, 7, len(data) - 1):
        ids = data.source[data.source_ends[n] - source_lengths[n] : data.source_ends[n]].tolist()
        assert ids[0] == vocabulary.english and ids[-1] == pieces.END
        assert vocabulary.text(ids) == pairs[n].english


def test_a_batch_holds_whole_pairs_with_matching_placeholders(run: Path) -> None:
    vocabulary, data = pieces.Vocabulary(run), packed.read(run)
    pairs = {(pair.english, pair.japanese) for pair in read_pairs(text_directory(run) / PAIRS)}
    same = packed.Relabel([vocabulary.codes, vocabulary.numbers], 0.0)
    [batch, *_] = packed.epoch(data, [1, 1, 1, 1, 1], 8, 96, 1, same)
    seen = 0
    for row in range(8):
        for number in range(1, batch.source_sentence[row].max() + 1):
            english = vocabulary.text(batch.source[row][batch.source_sentence[row] == number].tolist())
            of_target = batch.target_sentence[row] == number
            assert (english, vocabulary.text(batch.wanted[row][of_target].tolist())) in pairs
            given, wanted = batch.given[row][of_target], batch.wanted[row][of_target]
            assert given[0] == pieces.END and wanted[-1] == pieces.END and (given[1:] == wanted[:-1]).all()
            seen += 1
    assert seen > 16
    low, tables = packed.Relabel([vocabulary.codes, vocabulary.numbers], 1.0).tables(50, np.random.default_rng(1))
    for first, last in (vocabulary.codes, vocabulary.numbers):
        part = tables[:, first - low : last - low + 1]
        assert (np.sort(part, axis=1) == np.arange(first, last + 1)).all() and len(np.unique(part, axis=0)) > 40


def test_preparing_again_changes_nothing(run: Path) -> None:
    made = [*run.glob("*.npz"), run / pieces.MODEL, text_directory(run) / PAIRS]
    before = {file: file.stat().st_mtime_ns for file in made}
    command("prepare", run / "corpus.tsv", "--run", run, "--pieces", 1400, "--style", 200)
    assert {file: file.stat().st_mtime_ns for file in before} == before


def test_it_learns_goes_on_and_is_exported(trained: Path, tmp_path: Path) -> None:
    first = losses(trained)[-1]
    said = command("train", "--run", trained, *TRAIN, "--steps", 600)
    assert "from step 50," in said
    second = losses(trained)[-1]
    assert second < 0.6 * first

    # Another machine, to which only the small checkpoint came.
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(trained, elsewhere)
    (elsewhere / checkpoint.WHOLE).unlink()
    command("checkpoint", trained / "checkpoint", tmp_path / "coarse")
    exact, coarse = (
        sum(f.stat().st_size for f in d.glob("*.npz")) for d in (trained / "checkpoint", tmp_path / "coarse")
    )
    assert coarse < 0.8 * exact
    said = command("train", "--run", elsewhere, *TRAIN, "--steps", 610, "--from", tmp_path / "coarse")
    assert "from step 600," in said
    assert losses(elsewhere)[-1] < 0.7 * first

    command("export", "--run", trained, "--out", tmp_path / "packed")
    assert max(file.stat().st_size for file in (tmp_path / "packed").iterdir()) < 16_000_000
    exported.unpack(tmp_path / "packed", tmp_path / "model")
    engine = exported.Exported(tmp_path / "model")
    model = checkpoint.load_model(trained / "checkpoint")
    vocabulary = pieces.Vocabulary(trained)
    learned = [
        "Should I delete the old migration files, or do you want to keep them for reference?",
        "Would you like me to rename `getData` to something more descriptive?",
        "Do you want tabs or spaces in the generated file?",
    ]
    wanted = [
        "古いマイグレーションファイルは削除しますか？それとも参考用に残しておきますか？",
        "`getData`を、もっと内容の分かる名前に変えましょうか？",
        "生成するファイルのインデントは、タブとスペースのどちらにしますか？",
    ]
    assert [output.text for output in decode.translate(model, vocabulary, engine.names, learned)] == wanted
    assert [output.text for output in decode.translate(model, vocabulary, engine.names, learned, beam=3)] == wanted
    assert [engine.translate(sentence) for sentence in learned] == [(text, None) for text in wanted]

    damaged = tmp_path / "packed" / "decoder.weights"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"!")
    with pytest.raises(ValueError, match="damaged"):
        exported.unpack(tmp_path / "packed", tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_the_evaluation_counts_right(trained: Path, tmp_path: Path) -> None:
    pytest.importorskip("sacrebleu", reason="the measures of training/evaluate.py")
    table = tmp_path / "style.tsv"
    table.write_text("x-1\tprogress\tI'm opening a_file.\ta_fileを開いています。\ta_file\n", encoding="utf-8")
    command("evaluate", "--run", trained, "--style", table, "--out", tmp_path / "out", "--device", "cpu")
    scores = json.loads((tmp_path / "out" / "scores.json").read_text(encoding="utf-8"))["style"]
    assert scores["sentences"] == 1 and 0 <= scores["chrF"] <= 100
    assert "I'm opening a_file." in (tmp_path / "out" / "outputs.txt").read_text(encoding="utf-8")

    from training.evaluate import Example, score

    examples = [Example("", "Open a_file now.", "a_fileを開きます。", ["a_file"])]
    assert score(examples, [decode.Output("a_fileを開きます。", None)])["chrF"] == 100
    lost = score(examples, [decode.Output("開く開く開く開く開く", "lost")])
    assert (lost["survival"], lost["lost placeholders"], len(lost["loops and lengths"])) == (0, 1, 1)
