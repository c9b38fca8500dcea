"""The whole way through the real commands: prepare, train, go on, evaluate, export, translate."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertModel

from daemon.translation import shipped, starter_model
from daemon.translation.careful import Careful
from daemon.translation.placeholders import protect
from daemon.translation.starter import Starter, checked
from training import batches, checkpoint, corpus, decode, paired, pieces, pretrained
from training import model as models
from training.prepare import PAIRS, read_pairs, text_directory
from tts_plugin.errors import EngineUnavailable
from tts_plugin.settings import Settings

CHECKOUT = Path(__file__).parents[2]
TRAIN = ["--device", "cpu", "--cells", "512", "--rate", "5e-3", "--minutes", "4", "--single", "--decoder-layers", "1"]


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
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny BERT with random weights, as a pretrained encoder lies on the disk."""
    folder = tmp_path_factory.mktemp("encoder")
    words = {"file", "function", "name", "variable", "command", "10", "25", "50", "100", "number"}
    for pair in itertools.islice(corpus.read(None), 300):
        words.update(re.findall(r"[a-z]+|[^a-z\s]", pair.english.lower()))
    letters = {letter for word in words for letter in word}
    vocabulary = ["[PAD]", *(f"[unused{n}]" for n in range(99)), "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary += sorted({*words, *letters, *(f"##{letter}" for letter in letters)})
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
    )
    config.save_pretrained(folder)
    save_file(BertModel(config).state_dict(), folder / "model.safetensors")
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, encoder: Path) -> Path:
    """A training of 200 of our own pairs."""
    run = tmp_path_factory.mktemp("training") / "run"
    run.mkdir()
    table = run / "corpus.tsv"
    pairs = [(f"Open the{' very' * n} old file.", f"{'とても' * n}古いファイルを開きます。", "tests") for n in range(3)]
    pairs += [("Read a_file before the last of the 40 steps.", "40個の手順の前に読みます。", "tests")]
    table.write_text("".join("\t".join(pair) + "\n" for pair in pairs), encoding="utf-8")
    command("prepare", table, "--run", run, "--pieces", 1000, "--style", 200, "--encoder", encoder)
    return run


@pytest.fixture(scope="module")
def trained(run: Path, encoder: Path) -> Path:
    command("train", "--run", run, *TRAIN, "--encoder", encoder, "--steps", 50)
    return run


def losses(run: Path) -> list[float]:
    return [float(found) for found in re.findall(r" loss ([0-9.]+)", (run / "train.log").read_text())]


def test_the_encoder_begins_as_the_pretrained_one(encoder: Path) -> None:
    model = models.Starter(pretrained.size(encoder, 1000))
    pretrained.load(model, encoder)
    theirs = BertModel.from_pretrained(encoder).eval()
    ids = torch.tensor([[101, 300, 310, 320, 102], [101, 333, 102, 0, 0]])
    with torch.inference_mode():
        expected = theirs(ids, attention_mask=(ids != 0).long()).last_hidden_state
        states, _ = model.eval().encode(ids)
    there = ids != 0
    assert torch.allclose(states[there], expected[there], atol=1e-4)
    model.size = replace(model.size, width=32)
    with pytest.raises(ValueError, match="hidden_size"):
        pretrained.load(model, encoder)


def test_what_is_prepared_is_what_was_read(run: Path) -> None:
    vocabulary = pieces.Vocabulary(run)
    pairs = [pair for pair in read_pairs(text_directory(run) / PAIRS) if pair.tier == corpus.STYLE]
    assert len(pairs) > 195
    assert "a_file" not in (text_directory(run) / PAIRS).read_text(encoding="utf-8").split(), "a pair that lost it"
    data = batches.read(run)
    _, lengths = data.lengths()
    for n in (0, 7, len(pairs) - 1):
        ids = data.target[data.target_ends[n] - lengths[n] : data.target_ends[n]].tolist()
        assert ids[-1] == pieces.END and vocabulary.text(ids) == pairs[n].japanese


def test_a_batch_holds_pairs_of_like_length_with_matching_placeholders(run: Path) -> None:
    vocabulary, data = pieces.Vocabulary(run), batches.read(run)
    targets = {pair.japanese for pair in read_pairs(text_directory(run) / PAIRS)}
    same = batches.Relabel([vocabulary.codes, vocabulary.numbers], 0.0)
    made = list(batches.epoch(data, [1, 1, 1, 1, 1], 1, 512, 96, 1, same))
    assert sum(len(batch.wanted) for batch in made) == len(data)
    for batch in made:
        assert batch.source.size <= 512 and batch.wanted.size <= 512
        for given, wanted in zip(batch.given, batch.wanted, strict=True):
            assert vocabulary.text(wanted) in targets
            there = wanted != pieces.PAD
            assert given[0] == pieces.END and wanted[there][-1] == pieces.END
            assert (given[1:][there[1:]] == wanted[:-1][there[1:]]).all()

    other = batches.Relabel([vocabulary.codes, vocabulary.numbers], 1.0)
    plain = {tuple(row) for batch in made for row in batch.source.tolist()}
    relabelled = list(batches.epoch(data, [1, 1, 1, 1, 1], 1, 512, 96, 1, other))
    assert {tuple(row) for batch in relabelled for row in batch.source.tolist()} != plain
    for batch in relabelled:
        for source, wanted in zip(batch.source, batch.wanted, strict=True):
            for english, japanese, count in (vocabulary.codes, vocabulary.numbers):
                sides = [
                    {n - first for n in row.tolist() if first <= n < first + count}
                    for row, first in ((source, english), (wanted, japanese))
                ]
                assert sides[1] == sides[0], "the same placeholders on both sides"


def test_preparing_again_changes_nothing(run: Path) -> None:
    made = [*run.glob("*.npz"), run / pieces.TARGET, text_directory(run) / PAIRS]
    before = {file: file.stat().st_mtime_ns for file in made}
    command("prepare", run / "corpus.tsv", "--run", run, "--pieces", 1000, "--style", 200)
    assert {file: file.stat().st_mtime_ns for file in before} == before


def test_it_learns_goes_on_and_is_exported(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = losses(trained)[-1]
    said = command("train", "--run", trained, *TRAIN, "--steps", 500)
    assert "from step 50," in said
    said = command("train", "--run", trained, *TRAIN, "--steps", 800, "--processes", 2)
    assert "from step 500," in said
    assert losses(trained)[-1] < 0.6 * first

    # Another machine, to which only the small checkpoint came; and another phase.
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(trained, elsewhere)
    (elsewhere / checkpoint.WHOLE).unlink()
    command("checkpoint", trained / "checkpoint", tmp_path / "coarse")
    exact, coarse = (
        sum(f.stat().st_size for f in d.glob("*.npz")) for d in (trained / "checkpoint", tmp_path / "coarse")
    )
    assert coarse < 0.8 * exact
    said = command(
        "train", "--run", elsewhere, *TRAIN, "--phase", "decoder", "--steps", 5, "--from", tmp_path / "coarse"
    )
    assert "decoder:" in said and losses(elsewhere)[-1] < 0.7 * first

    command("export", "--run", trained, "--out", tmp_path / "model")
    model = checkpoint.load_model(trained / "checkpoint")
    vocabulary = pieces.Vocabulary(trained)
    names = set((trained / pieces.NAMES).read_text(encoding="utf-8").split())
    # Where the product keeps what the training did: it knows more names than 200 pairs teach.
    ours = [
        pair
        for pair in itertools.islice(corpus.read(None), 200)
        if protect(pair.english, names).text == protect(pair.english, names, checked).text
    ]
    marked = next(pair for pair in ours if pair.english.count("`") == 2)
    chosen = [ours[0], marked, ours[-1]]
    learned, wanted = [pair.english for pair in chosen], [paired.target(pair.japanese) for pair in chosen]
    assert [output.text for output in decode.translate(model, vocabulary, names, learned)] == wanted
    assert [output.text for output in decode.translate(model, vocabulary, names, learned, beam=3)] == wanted

    # The same in the product's engine.
    exported = starter_model.StarterModel(tmp_path / "model", 1, 64)
    placeholders = [n for first, count in vocabulary.of_target() for n in range(first, first + count)]
    texts = [paired.protect_pair(pair.english, pair.japanese, names)[:2] for pair in chosen]
    for english, japanese in texts:
        source = exported.read(vocabulary.sources([english])[0], placeholders)
        ids = list(itertools.takewhile(lambda n: n != pieces.END, exported.write(source, [pieces.END])))
        assert vocabulary.text(ids) == japanese
    source = exported.read(vocabulary.sources([texts[1][0]])[0], [])
    ids = list(itertools.islice(exported.write(source, [pieces.END]), 30))
    assert not {*ids} & {*placeholders}, "what the source does not have cannot be said"

    monkeypatch.setattr(shipped, "FOLDER", tmp_path / "missing")
    with pytest.raises(EngineUnavailable, match="Run install"):
        Starter.check(Settings())
    monkeypatch.setattr(shipped, "FOLDER", tmp_path / "model")
    engine = Starter(Settings())
    unmarked = [text.replace("`", "") for text in wanted]
    assert [engine.translate(text, "en") for text in learned] == unmarked
    assert ["".join(engine.stream(text, "en")) for text in learned] == unmarked
    assert [Careful(engine).translate(text, "en") for text in learned] == unmarked
    assert engine.translate("Die Tests sind grün.", "de") is None


def test_the_evaluation_counts_right(trained: Path, tmp_path: Path) -> None:
    pytest.importorskip("sacrebleu", reason="the measures of training/evaluate.py")
    table = tmp_path / "style.tsv"
    table.write_text("x-1\tprogress\tI'm opening a_file.\ta_fileを開いています。\ta_file\n", encoding="utf-8")
    command("evaluate", "--run", trained, "--style", table, "--out", tmp_path / "out", "--device", "cpu")
    scores = json.loads((tmp_path / "out" / "scores.json").read_text(encoding="utf-8"))["style"]
    assert scores["sentences"] == 1 and 0 <= scores["chrF"] <= 100
    assert "I'm opening a_file." in (tmp_path / "out" / "outputs.txt").read_text(encoding="utf-8")

    command("export", "--run", trained, "--out", tmp_path / "model")
    command("evaluate", "--run", trained, "--engine", tmp_path / "model", "--style", table, "--out", tmp_path / "said")
    (said,) = json.loads((tmp_path / "said" / "scores.json").read_text(encoding="utf-8")).values()
    assert said["sentences"] == 1 and said["survival"] == 100, "the product's engine keeps what the bare model loses"

    from training.evaluate import Example, score

    examples = [Example("", "Open a_file now.", "a_fileを開きます。", ["a_file"])]
    assert score(examples, [decode.Output("a_fileを開きます。", None)])["chrF"] == 100
    lost = score(examples, [decode.Output("開く開く開く開く開く", "lost")])
    assert (lost["survival"], lost["lost placeholders"], len(lost["loops and lengths"])) == (0, 1, 1)
