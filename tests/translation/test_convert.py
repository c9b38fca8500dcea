"""The conversion: the same numbers as the original, whole or not there at all, and redone when it is stale."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from daemon.translation import convert, converted, onnx_model, tokens, vocabulary
from daemon.translation.nllb import Nllb
from daemon.translation.onnx_model import OnnxModel
from daemon.translation.pieces import Pieces
from daemon.translation.pieces import vocabulary as read_vocabulary
from daemon.translation.tokens import END
from tests.translation.test_nllb import pairs
from tts_plugin.errors import EngineUnavailable, ModelError
from tts_plugin.settings import Settings

CHECKOUT = Path(__file__).resolve().parents[2]
TINY = CHECKOUT / "tests" / "checkpoint" / "nllb-tiny"
HELLO = ("Hello, how are you today?", "こんにちは、今日はお元気ですか？")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TINY, tmp_path / "model"))


def greeting(folder: Path) -> str | None:
    return Nllb(Settings(model=str(folder))).translate(HELLO[0], "en")


class Recording(OnnxModel):
    """Keeps the logits of every step."""

    def step(self, feed: dict[str, Any]) -> Any:
        result = super().step(feed)
        self.logits = [*getattr(self, "logits", []), result[1][0]]
        return result


def test_the_logits_are_those_of_the_original_within_three_percent(conversion: Path) -> None:
    from transformers import M2M100ForConditionalGeneration

    original = M2M100ForConditionalGeneration.from_pretrained(TINY, dtype=torch.float32).eval()
    pieces, errors = Pieces(conversion), []
    for text, _, _ in pairs()[:40]:
        model = Recording(conversion, 2, 600)
        ids = pieces.encode(text, "eng_Latn")
        source = model.read(ids, [])
        written = [END, pieces.language("jpn_Jpan")]
        for token in model.write(source, written):
            if token == END or len(written) > 40:
                break
            written.append(token)
        with torch.inference_mode():
            logits = original(input_ids=torch.tensor([ids]), decoder_input_ids=torch.tensor([written])).logits
        expected = logits[0, 1:].numpy()[:, model.head]
        found = np.stack(model.logits)[: len(expected)]
        errors.append(np.linalg.norm(found - expected) / np.linalg.norm(expected))
    assert max(errors) < 0.03, errors


def test_what_a_small_head_says_is_what_the_whole_one_says(home: Path) -> None:
    """Only the Japanese pieces and single ASCII characters: names then come from the source's own spelling."""
    folder = convert.convert(str(TINY), rows=0)
    manifest = json.loads((folder / converted.MANIFEST).read_text(encoding="utf-8"))
    assert manifest["kept"] < 1000
    assert manifest["sampled"] > 100
    assert 0 < manifest["outside"] < 0.05 * manifest["sampled"]
    nllb = Nllb(Settings(model=str(TINY)))
    wrong = [pair for pair in pairs() if nllb.translate(pair[0], pair[2]) != pair[1]]
    assert len(wrong) <= 0.001 * len(pairs()), wrong


def test_the_usual_head_loses_nothing(conversion: Path) -> None:
    manifest = json.loads((conversion / converted.MANIFEST).read_text(encoding="utf-8"))
    assert manifest["outside"] == 0
    assert manifest["source"]["files"]["model.safetensors"]["size"] == (TINY / "model.safetensors").stat().st_size


def test_the_head_keeps_what_japanese_needs() -> None:
    names = ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁今日", "です。", "1", "10年", "a", "▁the", "ing", "ß", "►", "한국"]
    numbered = {name: number for number, name in enumerate(names)}
    kept = [names[n] if n < len(names) else n for n in vocabulary.kept_pieces(numbered, 99, rows=12)]
    assert kept == ["</s>", "<unk>", "▁", "▁今日", "です。", "1", "10年", "a", "▁the", "ing", "►", 99]
    assert "ing" not in [names[n] for n in vocabulary.kept_pieces(numbered, 14, rows=11)]


ODD = [
    "",
    "a  b   c",
    "　全角　空白　",
    "①②③ ﾊﾝｶｸ ½ ™ …",
    "x\u200by e\u0301 é",
    "😀😀 👨‍👩‍👧 ok",
    "\x00\x01a\tb\nc",
    "𠮷野家 한국어 가각",
    "“quoted” ‘x’ — a\u00a0b",
    "١٢٣ \ufeffabc 𝓗𝓮𝓵𝓵𝓸",
    "getUserName() -> src/app_v2.py:12",
    "a" * 300,
]


def test_ids_are_those_of_transformers_tokenizer(conversion: Path) -> None:
    from transformers import NllbTokenizer

    pieces = Pieces(conversion)
    theirs = NllbTokenizer.from_pretrained(TINY, src_lang="eng_Latn")
    corpus = [*ODD, *(text for pair in pairs() for text in pair[:2]), *random_texts(2000)]
    different = []
    for text in map(tokens.plain, corpus):
        expected = theirs.backend_tokenizer.encode(text, add_special_tokens=False).ids
        if pieces.encode(text, "eng_Latn")[1:-1] != expected:
            different.append(text)
    assert different == []
    assert pieces.encode("Hello.", "eng_Latn") == theirs("Hello.").input_ids
    for _, japanese, _ in pairs():
        ids = pieces.encode(japanese, "jpn_Jpan")
        assert pieces.decode(ids) == theirs.decode(ids, skip_special_tokens=True).strip()


def test_special_tokens_in_a_sentence_are_text(conversion: Path) -> None:
    pieces = Pieces(conversion)
    ids = pieces.encode("</s> <pad> jpn_Jpan <mask> Hello.", "eng_Latn")
    assert ids[1:-1].count(END) == 0
    assert max(ids[1:]) < pieces.language("ace_Arab")


def test_a_killed_conversion_leaves_nothing_that_counts_and_is_redone(home: Path, copy: Path) -> None:
    script = (
        "import os, signal; from daemon.translation import convert\n"
        "def say(line):\n"
        "    if 'encoder' in line: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"convert.convert({str(copy)!r}, say)"
    )
    killed = subprocess.run([sys.executable, "-c", script], cwd=CHECKOUT, timeout=120)
    assert killed.returncode == -signal.SIGKILL
    target = converted.directory(str(copy))
    left = [file for file in target.parent.iterdir() if file.is_dir()]
    assert [file.name.startswith(f".{target.name}.unfinished-") for file in left] == [True]
    assert converted.status(str(copy)).state == "absent"
    convert.convert(str(copy))
    assert [file for file in target.parent.iterdir() if file.is_dir()] == [target]
    assert greeting(copy) == HELLO[1]


def spoil_version(folder: Path, conversion: Path) -> None:
    manifest = json.loads((conversion / converted.MANIFEST).read_text(encoding="utf-8"))
    (conversion / converted.MANIFEST).write_text(json.dumps({**manifest, "converter": 0}), encoding="utf-8")


def spoil_source(folder: Path, conversion: Path) -> None:
    os.utime(folder / "model.safetensors", (1, 1))


def spoil_manifest(folder: Path, conversion: Path) -> None:
    (conversion / converted.MANIFEST).write_text('{"converter": 1', encoding="utf-8")


def spoil_weights(folder: Path, conversion: Path) -> None:
    os.truncate(conversion / "decoder.weights", 1000)


@pytest.mark.parametrize(
    ("spoil", "state", "why"),
    [
        (spoil_version, "stale", "by another version of Yomiage"),
        (spoil_source, "stale", "from other files than are there now"),
        (spoil_manifest, "incomplete", "cannot be read"),
        (spoil_weights, "incomplete", "not of its full size"),
    ],
)
def test_a_conversion_that_cannot_be_used_is_noticed_and_redone(
    home: Path, copy: Path, spoil: Any, state: str, why: str
) -> None:
    folder = convert.convert(str(copy))
    assert converted.status(str(copy)).state == "ready"
    spoil(copy, folder)
    found = converted.status(str(copy))
    assert (found.state, why in (found.reason or "")) == (state, True), found
    with pytest.raises(EngineUnavailable, match=r"Run `yomiage model download`"):
        Nllb.check(Settings(model=str(copy)))
    assert convert.convert(str(copy)) == folder
    assert converted.status(str(copy)).reason is None
    assert greeting(copy) == HELLO[1]


def test_a_conversion_that_is_up_to_date_is_not_made_again(converted_tiny: str) -> None:
    said: list[str] = []
    convert.convert(converted_tiny, said.append)
    assert said == []


def test_the_conversion_outlives_its_original(home: Path, copy: Path) -> None:
    convert.convert(str(copy))
    (copy / "model.safetensors").unlink()
    assert converted.status(str(copy)).state == "ready"
    assert greeting(copy) == HELLO[1]


def test_a_pickle_of_tensors_converts_to_the_same(home: Path, copy: Path, conversion: Path) -> None:
    torch.save(load_file(copy / "model.safetensors"), copy / "pytorch_model.bin")
    (copy / "model.safetensors").unlink()
    folder = convert.convert(str(copy))
    for name in ("decoder.onnx", "encoder.onnx", onnx_model.TABLE):
        assert (folder / name).read_bytes() == (conversion / name).read_bytes()


class Malice:
    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.witness,)


def test_a_pickle_that_would_run_code_is_refused(home: Path, copy: Path, tmp_path: Path) -> None:
    witness = tmp_path / "executed"
    torch.save({"model.shared.weight": Malice(witness)}, copy / "pytorch_model.bin")
    (copy / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        convert.convert(str(copy))
    assert not witness.exists()


def test_a_checkpoint_without_all_its_tensors_is_told_and_leaves_nothing(home: Path, copy: Path) -> None:
    weights = load_file(copy / "model.safetensors")
    del weights["model.decoder.layers.1.fc2.weight"]
    save_file(weights, copy / "model.safetensors")
    with pytest.raises(ModelError, match=r"holds no .*decoder\.layers\.1\.fc2\.weight"):
        convert.convert(str(copy))
    assert [file for file in converted.directory(str(copy)).parent.iterdir() if file.is_dir()] == []


def test_a_checkpoint_whose_numbers_are_none_is_refused(home: Path, copy: Path) -> None:
    weights = load_file(copy / "model.safetensors")
    weights["model.decoder.layer_norm.bias"].fill_(float("nan"))
    save_file(weights, copy / "model.safetensors")
    with pytest.raises(ModelError, match="computes no numbers"):
        convert.convert(str(copy))


def test_another_architecture_is_told(home: Path, copy: Path) -> None:
    config = json.loads((copy / "config.json").read_text(encoding="utf-8"))
    (copy / "config.json").write_text(json.dumps({**config, "model_type": "bart"}), encoding="utf-8")
    with pytest.raises(ModelError, match=r"bart checkpoint.*Name another one"):
        convert.convert(str(copy))


def test_too_small_a_disk_is_told_before_anything_is_written(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convert, "MARGIN", 10**18)
    with pytest.raises(ModelError, match=r"needs 1000000000\.0 GB in .*Make room"):
        convert.convert(str(TINY))


def test_too_little_memory_is_told(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:  2000000 kB\nMemAvailable:   100000 kB\n", encoding="ascii")
    monkeypatch.setattr(convert, "_MEMINFO", meminfo)
    with pytest.raises(ModelError, match=r"needs 0\.7 GB of memory, and 0\.1 GB are free"):
        convert.convert(str(TINY))
    meminfo.unlink()
    assert convert.available_memory() is None


def random_texts(count: int) -> Sequence[str]:
    """Of all scripts and of none, always the same; without combining marks.

    A ligature with a mark on it is decomposed by SentencePiece, with which NLLB was trained, and not by `tokenizers`.
    """
    random = np.random.default_rng(3)
    ranges = [(0x20, 0x2FFF), (0x3000, 0xD7FF), (0xE000, 0xFEFF), (0x10000, 0x1FFFF)]
    texts = (
        "".join(chr(int(random.integers(*ranges[random.integers(4)]))) for _ in range(random.integers(1, 20)))
        for _ in range(count)
    )
    return ["".join(c for c in text if unicodedata.category(c)[0] != "M") for text in texts]


def test_the_vocabulary_is_the_checkpoints(conversion: Path) -> None:
    pieces, codes = read_vocabulary(TINY)
    assert (len(pieces), len(codes)) == (1501, 202)
    assert Pieces(conversion).language("jpn_Jpan") == codes["jpn_Jpan"]
