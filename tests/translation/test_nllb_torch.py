"""NLLB through torch, on the tiny checkpoint: what it says, how it streams, and what it refuses to load."""

from __future__ import annotations

import gc
import itertools
import json
import pickle
import shutil
import subprocess
import sys
import weakref
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from daemon.narration import Sentence
from daemon.translation import converted, devices
from daemon.translation.chain import TranslatorChain
from daemon.translation.engine import StreamingTranslator
from daemon.translation.faithful import LONGEST
from daemon.translation.languages import nllb_code
from daemon.translation.nllb_torch import NllbTorch
from daemon.translation.pieces import Pieces
from tests.translation.scripted import Scripted
from tts_plugin.errors import EngineFailed, EngineUnavailable
from tts_plugin.settings import Settings

CHECKPOINT = Path(__file__).resolve().parents[1] / "checkpoint"
TINY = CHECKPOINT / "nllb-tiny"
HELLO = ("Hello, how are you today?", "こんにちは、今日はお元気ですか？")


def pairs() -> list[tuple[str, str, str]]:
    found = []
    for name in ("pairs.tsv", "story.tsv"):
        for line in (CHECKPOINT / name).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                source, japanese, *language = line.split("\t")
                found.append((source, japanese, language[0] if language else "en"))
    return found


@pytest.fixture(scope="module")
def nllb() -> NllbTorch:
    return NllbTorch(Settings(model=str(TINY)))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TINY, tmp_path / "model"))


def test_the_greeting_is_translated(nllb: NllbTorch) -> None:
    assert nllb.translate(HELLO[0], "en") == HELLO[1]


def test_all_that_the_checkpoint_learnt_comes_back_word_for_word(nllb: NllbTorch) -> None:
    known = pairs()
    assert len(known) >= 280
    assert [nllb.translate(source, language) for source, _, language in known] == [pair[1] for pair in known]


def test_the_source_language_matters(nllb: NllbTorch) -> None:
    assert (nllb.translate("Gift", "en"), nllb.translate("Gift", "de")) == ("贈り物", "毒")


def test_numbers_and_identifiers_are_left_alone(nllb: NllbTorch) -> None:
    for text in ("42", "src/app.py", "😀", ""):
        assert nllb.translate(text, "en") == text


def test_special_tokens_in_a_sentence_are_text(nllb: NllbTorch) -> None:
    plain, marked = (nllb._tokenizer.encode(text, "eng_Latn") for text in ("Hello.", "</s> jpn_Jpan Hello.\x00"))
    assert plain[0] == marked[0]
    assert marked.count(plain[-1]) == 1
    assert nllb._tokenizer.language("jpn_Jpan") not in marked


def test_an_endless_sentence_is_refused_at_once(nllb: NllbTorch) -> None:
    for text in ("word " * 5000, "a" * 100_000):
        with pytest.raises(EngineFailed, match=f"NLLB takes {LONGEST}"):
            nllb.translate(text, "en")


def test_a_model_that_never_ends_its_sentence_is_stopped_and_refused(copy: Path) -> None:
    """The decoder says one piece for ever: the final bias pulls it there."""
    weights = load_file(copy / "model.safetensors")
    weights["model.decoder.layer_norm.weight"].zero_()
    weights["model.decoder.layer_norm.bias"].copy_(weights["model.shared.weight"][200])
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(EngineFailed, match=r"not fit to be spoken: it (did not end|repeats)"):
        NllbTorch(Settings(model=str(copy))).translate(HELLO[0], "en")


@pytest.mark.parametrize("wide", [True, False])
def test_both_number_formats_translate_alike(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wide: bool) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\nflags\t\t: fpu sse2 {'avx2' if wide else ''} ht\n", encoding="ascii")
    monkeypatch.setattr(devices, "_CPUINFO", cpuinfo)
    engine = NllbTorch(Settings(model=str(TINY), device="cpu"))
    if sys.platform.startswith("linux"):
        assert engine._model.dtype == (torch.bfloat16 if wide else torch.float32)
    assert engine.translate(HELLO[0], "en") == HELLO[1]


def test_the_weights_may_be_a_pickle_of_tensors(copy: Path) -> None:
    torch.save(load_file(copy / "model.safetensors"), copy / "pytorch_model.bin")
    (copy / "model.safetensors").unlink()
    assert NllbTorch(Settings(model=str(copy))).translate(HELLO[0], "en") == HELLO[1]


class Malice:
    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.witness,)


def test_a_pickle_that_would_run_code_is_refused(copy: Path, tmp_path: Path) -> None:
    witness = tmp_path / "executed"
    torch.save({"model.shared.weight": Malice(witness)}, copy / "pytorch_model.bin")
    (copy / "model.safetensors").unlink()
    with pytest.raises(EngineUnavailable, match="cannot be loaded"):
        NllbTorch(Settings(model=str(copy)))
    assert not witness.exists()
    pickle.loads(pickle.dumps(Malice(witness)))  # the trap itself works
    assert witness.exists()


def test_truncated_weights_are_told(copy: Path) -> None:
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100_000])
    with pytest.raises(EngineUnavailable, match=r"cannot be loaded .*yomiage model download"):
        NllbTorch(Settings(model=str(copy)))


def test_a_broken_tokenizer_is_told(copy: Path) -> None:
    (copy / "tokenizer.json").write_text("{", encoding="utf-8")
    with pytest.raises(EngineUnavailable, match=r"tokenizer\.json cannot be read"):
        NllbTorch(Settings(model=str(copy)))


def test_a_model_without_japanese_is_told(copy: Path) -> None:
    text = (copy / "tokenizer.json").read_text(encoding="utf-8").replace("jpn_Jpan", "jpn_Kana")
    json.loads(text)
    (copy / "tokenizer.json").write_text(text, encoding="utf-8")
    with pytest.raises(EngineUnavailable, match="no language code jpn_Jpan"):
        NllbTorch(Settings(model=str(copy)))


def test_a_missing_model_is_told_with_the_cure() -> None:
    with pytest.raises(EngineUnavailable, match=r"is not on this machine.*Run `yomiage model download`"):
        NllbTorch.check(Settings())


def test_a_device_that_is_not_there_is_told() -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    with pytest.raises(EngineUnavailable, match='Set it to "auto"'):
        NllbTorch(Settings(model=str(TINY), device="cuda"))


def test_check_imports_no_torch() -> None:
    script = (
        "import sys; from daemon.translation.nllb_torch import NllbTorch; from tts_plugin.settings import Settings; "
        f"NllbTorch.check(Settings(model={str(TINY)!r})); "
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], cwd=CHECKPOINT.parents[1], check=True, timeout=60)


def test_an_unloaded_model_leaves_memory_at_once() -> None:
    engine = NllbTorch(Settings(model=str(TINY)))
    engine.translate(HELLO[0], "en")
    weights = weakref.ref(engine._model.weights.table)
    gc.disable()
    try:
        del engine
        assert weights() is None
    finally:
        gc.enable()


def test_transformers_reads_the_same_ids_from_this_checkpoint(nllb: NllbTorch) -> None:
    from transformers import NllbTokenizer

    theirs = NllbTokenizer.from_pretrained(TINY, src_lang="deu_Latn")
    assert theirs(HELLO[0]).input_ids == nllb._tokenizer.encode(HELLO[0], "deu_Latn")


def test_a_process_that_translates_imports_no_transformers() -> None:
    script = (
        "import sys; from daemon.translation.nllb_torch import NllbTorch; from tts_plugin.settings import Settings; "
        f"print(NllbTorch(Settings(model={str(TINY)!r})).translate('Hello.', 'en')); "
        "sys.exit(bool({'transformers', 'onnx', 'onnxruntime'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", script], cwd=CHECKPOINT.parents[1], capture_output=True, timeout=60)
    assert (told.returncode, told.stdout.decode().strip()) == (0, "こんにちは。"), told.stderr


def test_it_serves_where_the_model_is_not_converted() -> None:
    order = ("phrasebook", "nllb", "nllb_torch")
    translators = TranslatorChain(Settings(model=str(TINY), translators=order))
    translators.warm()
    assert translators.health()["nllb"]["state"] == "unavailable"
    said = translators.translate(Sentence("The pipeline is green again.", "en"))
    assert (said.text, said.engine) == ("パイプラインがまた成功するようになりました。", "nllb_torch")


def test_clauses_come_one_by_one_and_are_the_translation(nllb: NllbTorch) -> None:
    assert isinstance(nllb, StreamingTranslator)
    several = 0
    for source, japanese, language in pairs():
        parts = list(nllb.stream(source, language))
        several += len(parts) > 1
        assert "".join(parts) == japanese
        assert all(part[-1] in "、。？！" for part in parts[:-1])
    assert several >= 10


def test_a_stream_that_is_closed_stops_decoding_and_leaves_the_engine_usable(nllb: NllbTorch) -> None:
    source, japanese = next((s, j) for s, j, _ in pairs() if len(list(nllb.stream(s, "en"))) > 1)
    stream = nllb.stream(source, "en")
    next(stream)
    assert nllb._model._idle == []
    stream.close()  # type: ignore[attr-defined]
    assert nllb._model._idle == [nllb._model._home]
    assert list(stream) == []
    assert nllb.translate(source, "en") == japanese


def test_two_streams_do_not_disturb_each_other(nllb: NllbTorch) -> None:
    several = (pair for pair in pairs() if pair[2] == "en" and len(list(nllb.stream(pair[0], "en"))) > 1)
    known = list(itertools.islice(several, 2))
    first, second = (nllb.stream(source, "en") for source, _, _ in known)
    heard: tuple[list[str], list[str]] = ([], [])
    while any(parts := [next(first, ""), next(second, "")]):
        for said, part in zip(heard, parts, strict=True):
            said.append(part)
    assert ["".join(said) for said in heard] == [pair[1] for pair in known]
    assert nllb._model._idle == [nllb._model._home]


def test_a_loop_is_cut_and_tried_again_by_a_search(nllb: NllbTorch, monkeypatch: pytest.MonkeyPatch) -> None:
    good = nllb._tokenizer.encode(HELLO[1], "jpn_Jpan")[1:]
    model = Scripted([good[0]] * 500, good)
    monkeypatch.setattr(nllb, "_model", model)
    assert nllb.translate(HELLO[0], "en") == HELLO[1]
    start = [*nllb._begun]
    assert model.asked == [(start, 1), (start, 2)]


def test_names_are_spelt_as_the_converted_model_spells_them(nllb: NllbTorch, converted_tiny: str) -> None:
    pieces = Pieces(converted.directory(converted_tiny))
    for source, _, language in [*pairs(), ("</s> jpn_Jpan: Größe Ωμέγα 漢字 worker_pool", "", "de")]:
        ids = nllb._tokenizer.encode(source, nllb_code(language))
        assert sorted(nllb._tokenizer.spellings(ids)) == sorted(set(pieces.spellings(ids)))


def test_a_tokenizer_of_another_model_is_told(copy: Path) -> None:
    weights = load_file(copy / "model.safetensors")
    weights["model.shared.weight"] = weights["model.shared.weight"][:1000].clone()
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((copy / "config.json").read_text(encoding="utf-8"))
    (copy / "config.json").write_text(json.dumps({**config, "vocab_size": 1000}), encoding="utf-8")
    with pytest.raises(EngineUnavailable, match=r"the model only 1000: they do not belong together"):
        NllbTorch(Settings(model=str(copy)))


@pytest.mark.gpu
def test_cuda_translates_alike() -> None:
    engine = NllbTorch(Settings(model=str(TINY), device="cuda"))
    assert engine._device.type == "cuda"
    assert engine._model._home.recorded
    known = pairs()
    said = ["".join(engine.stream(source, language)) for source, _, language in known]
    assert said == [pair[1] for pair in known]
