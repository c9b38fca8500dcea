"""The marian engine on a tiny checkpoint that is trained here: what transformers says, it says too."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from daemon.translation import convert, converted, faithful
from daemon.translation.engine import StreamingTranslator
from daemon.translation.marian import Marian
from daemon.translation.marian_pieces import MarianPieces
from daemon.translation.onnx_model import OnnxModel
from tests.checkpoint.marian import PAIRS, make
from tts_plugin import models
from tts_plugin.errors import EngineFailed, EngineUnavailable, ModelError
from tts_plugin.settings import Settings

UNSEEN = ("The tests failed before.", "Should I read parser.py?", "All bugs in the cache, and 435 more.", "x")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("marian") / "tiny")


@pytest.fixture
def folder(tiny: Path, tmp_path: Path, home: Path) -> Path:
    return Path(shutil.copytree(tiny, tmp_path / "model"))


@pytest.fixture(scope="module")
def original(tiny: Path) -> Any:
    from transformers import MarianMTModel, MarianTokenizer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of sacremoses, which only evens out quotes
        tokenizer = MarianTokenizer(*(str(tiny / name) for name in ("source.spm", "target.spm", "vocab.json")))
    return tokenizer, MarianMTModel.from_pretrained(tiny, dtype=torch.float32).eval()


def engine(folder: Path) -> Marian:
    convert.convert(str(folder))
    return Marian(Settings(marian_model=str(folder)))


class Recording(OnnxModel):
    """Keeps the logits of every step."""

    def step(self, feed: dict[str, Any]) -> Any:
        result = super().step(feed)
        self.logits = [*getattr(self, "logits", []), result[1][0]]
        return result


def test_what_transformers_says_greedily_it_says_too(folder: Path, original: Any) -> None:
    tokenizer, model = original
    marian = engine(folder)
    assert isinstance(marian, StreamingTranslator)
    for text, japanese in PAIRS:
        output = model.generate(**tokenizer(text, return_tensors="pt"), num_beams=1, do_sample=False, max_length=60)
        said = faithful.japanese_punctuation(tokenizer.decode(output[0], skip_special_tokens=True))
        assert said == japanese
        assert marian.translate(text, "en") == japanese
        assert "".join(marian.stream(text, "en")) == japanese


def test_ids_are_those_of_transformers_tokenizer(folder: Path, original: Any) -> None:
    tokenizer, _ = original
    convert.convert(str(folder))
    pieces = MarianPieces(converted.directory(str(folder)))
    for text in (*(pair[0] for pair in PAIRS), *UNSEEN, "日本 ☃"):
        ids = pieces.encode(text)
        assert ids == tokenizer(text)["input_ids"]
        assert pieces.decode(ids) == tokenizer.decode(ids, skip_special_tokens=True).replace("<unk>", "").strip()


@pytest.mark.parametrize("activation", ["swish", "relu", "gelu"])
def test_logits_are_those_of_the_original_within_three_percent(tmp_path: Path, home: Path, activation: str) -> None:
    from transformers import MarianMTModel

    folder = make(tmp_path / activation, activation) if activation == "swish" else _random(tmp_path, activation)
    target = convert.convert(str(folder))
    original = MarianMTModel.from_pretrained(folder, dtype=torch.float32).eval()
    pieces, errors = MarianPieces(target), []
    for text in (*(pair[0] for pair in PAIRS), *UNSEEN):
        model = Recording(target, 2, 600)
        ids = pieces.encode(text)
        written = [pieces.start]
        for token in model.write(model.read(ids, ()), written):
            if token == pieces.end or len(written) > 30:
                break
            written.append(token)
        with torch.inference_mode():
            logits = original(input_ids=torch.tensor([ids]), decoder_input_ids=torch.tensor([written])).logits
        expected = logits[0].numpy()[:, model.head]
        found = np.stack(model.logits)[: len(expected)]
        errors.append(float(np.linalg.norm(found - expected) / np.linalg.norm(expected)))
    assert max(errors) < 0.03, errors


def _random(place: Path, activation: str) -> Path:
    from tests.checkpoint import marian

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(marian, "STEPS", 0)
        return make(place / activation, activation)


def test_the_padding_is_never_said(folder: Path) -> None:
    target = convert.convert(str(folder))
    pieces = MarianPieces(target)
    head = np.load(target / "head.npy")
    assert pieces.start not in head
    assert pieces.end in head
    assert len(head) == len(json.loads((folder / "vocab.json").read_text(encoding="utf-8"))) - 1


def test_a_model_of_many_languages_is_told_the_language(folder: Path) -> None:
    vocabulary = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    piece = next(piece for piece in vocabulary if vocabulary[piece] == 9)
    vocabulary[">>jpn<<"] = vocabulary.pop(piece)
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    target = convert.convert(str(folder))
    assert MarianPieces(target).encode("All tests pass.")[0] == 9
    assert 9 not in np.load(target / "head.npy")


def test_another_source_language_is_left_to_another_engine(folder: Path) -> None:
    marian = engine(folder)
    assert marian.translate("Der Bau ist fehlgeschlagen.", "de") is None
    assert marian.translate("The build failed.", "en-GB") == "ビルドに失敗しました。"


def test_what_is_no_sentence_is_refused(folder: Path) -> None:
    with pytest.raises(EngineFailed, match="Marian takes 256"):
        engine(folder).translate("word " * 5000, "en")


@pytest.mark.parametrize("text", ["42", "src/app.py", "😀"])
def test_what_needs_no_translation_is_left_alone(folder: Path, text: str) -> None:
    assert engine(folder).translate(text, "en") == text


def test_a_model_that_is_not_converted_names_the_cure(folder: Path) -> None:
    with pytest.raises(EngineUnavailable, match=rf"`yomiage model download {folder}`"):
        Marian.check(Settings(marian_model=str(folder)))
    with pytest.raises(EngineUnavailable, match="`yomiage model download staka/fugumt-en-ja`"):
        Marian.check(Settings())
    with pytest.raises(EngineUnavailable, match="setting `marian_model`"):
        Marian.check(Settings(marian_model=str(folder / "nowhere")))


def test_an_nllb_model_is_not_taken_for_a_marian_one(converted_tiny: str) -> None:
    with pytest.raises(EngineUnavailable, match="no Marian model"):
        Marian.check(Settings(marian_model=converted_tiny))


@pytest.mark.parametrize("missing", ["source.spm", "vocab.json"])
def test_a_folder_without_its_tokenizer_is_incomplete(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    assert models.status(str(folder)).state == "incomplete"


def test_embeddings_of_another_kind_are_told(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({**config, "share_encoder_decoder_embeddings": False}))
    with pytest.raises(ModelError, match="embeddings of this kind"):
        convert.convert(str(folder))


def test_another_tokenizer_makes_the_conversion_stale(folder: Path) -> None:
    convert.convert(str(folder))
    assert converted.status(str(folder)).state == "ready"
    vocabulary = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    (folder / "vocab.json").write_text(json.dumps(vocabulary, indent=1), encoding="utf-8")
    assert converted.status(str(folder)).state == "stale"


def test_neither_torch_nor_transformers_is_loaded(folder: Path) -> None:
    convert.convert(str(folder))
    code = (
        "import sys; from daemon.translation.marian import Marian; from tts_plugin.settings import Settings; "
        f"print(Marian(Settings(marian_model={str(folder)!r})).translate('The build failed.', 'en'), "
        "{'torch', 'transformers', 'onnx'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "ビルドに失敗しました。 set()"
