"""The torch decoder against transformers, and its own ways against each other: what a GPU runs, on a processor."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import GenerationConfig, M2M100ForConditionalGeneration

from daemon.translation import devices, pieces, torch_model, torch_state, torch_weights
from daemon.translation.checkpoint import Checkpoint
from daemon.translation.languages import nllb_code
from daemon.translation.tokens import END, PAD, Tokenizer
from daemon.translation.torch_model import TorchModel
from daemon.translation.torch_network import plain_attention
from daemon.translation.torch_state import ROOM
from daemon.translation.vocabulary import kept_pieces
from tts_plugin.errors import ModelError

CHECKPOINT = Path(__file__).resolve().parents[1] / "checkpoint"
TINY = CHECKPOINT / "nllb-tiny"
CPU = torch.device("cpu")
TOKENIZER = Tokenizer(TINY)
JAPANESE = TOKENIZER.language("jpn_Jpan")
BEGUN = [END, JAPANESE]


def sources() -> list[list[int]]:
    """All that the checkpoint has learnt, and two that are as long as a sentence may be."""
    found = []
    for name in ("pairs.tsv", "story.tsv"):
        for line in (CHECKPOINT / name).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                source, _, *language = line.split("\t")
                found.append(TOKENIZER.encode(source, nllb_code(language[0] if language else "en")))
    english = [token for ids in found for token in ids[1:-1]]
    return [*found, [found[0][0], *english[:62], END], [found[0][0], *english[: ROOM - 2], END]]


def make(dtype: torch.dtype = torch.float32, folder: Path = TINY, rows: int = 32_768) -> TorchModel:
    keep = kept_pieces(pieces.vocabulary(folder)[0], JAPANESE, rows)
    return TorchModel(torch_weights.read(Checkpoint(folder), keep, ROOM, dtype, CPU))


def written(model: TorchModel, ids: list[int], most: int = 80, no_repeat: int = 0) -> list[int]:
    """As an engine asks: until the end, or until there are enough."""
    source = model.read(ids, TOKENIZER.spellings(ids))
    tokens = []
    for token in itertools.islice(model.write(source, BEGUN, no_repeat), most):
        if token == END:
            break
        tokens.append(token)
    return tokens


@pytest.fixture(scope="module")
def model() -> TorchModel:
    return make()


@pytest.fixture(scope="module")
def expected(model: TorchModel) -> list[list[int]]:
    return [written(model, ids) for ids in sources()]


@pytest.fixture(scope="module")
def theirs() -> Any:
    return M2M100ForConditionalGeneration.from_pretrained(TINY, dtype=torch.float32).eval()


@pytest.fixture(scope="module")
def generated(theirs: Any) -> list[list[int]]:
    """What transformers writes for all that the checkpoint has learnt."""
    config = GenerationConfig(
        num_beams=1,
        do_sample=False,
        max_length=None,
        max_new_tokens=81,
        forced_bos_token_id=JAPANESE,
        decoder_start_token_id=END,
        eos_token_id=END,
        pad_token_id=PAD,
    )
    outputs = (theirs.generate(torch.tensor([ids]), generation_config=config)[0, 2:].tolist() for ids in sources()[:-2])
    return [[token for token in output if token != END] for output in outputs]


@pytest.mark.parametrize(("dtype", "wrong"), [(torch.float32, 0.0), (torch.bfloat16, 0.01), (torch.float16, 0.01)])
def test_it_writes_what_transformers_writes(generated: list[list[int]], dtype: torch.dtype, wrong: float) -> None:
    model = make(dtype)
    assert len(generated) >= 280
    said = [written(model, ids) for ids in sources()[:-2]]
    differing = sum(ours != expected for ours, expected in zip(said, generated, strict=True))
    assert differing <= wrong * len(generated), f"{differing} of {len(generated)} differ"


def test_every_token_of_the_longest_text_is_the_one_that_transformers_would_choose(
    model: TorchModel, theirs: Any
) -> None:
    """Beyond the end of the sentence too, so that both windows and the whole room are in use."""
    for ids in (sources()[0], *sources()[-2:]):
        source = model.read(ids, TOKENIZER.spellings(ids))
        ours = list(model.write(source, BEGUN))
        assert len(BEGUN) + len(ours) == ROOM + 1
        with torch.inference_mode():
            logits = theirs(
                input_ids=torch.tensor([ids]), decoder_input_ids=torch.tensor([[*BEGUN, *ours[:-1]]])
            ).logits
        sayable = torch.tensor(sorted({*model.weights.keep.tolist(), *source.names}))
        assert ours == sayable[logits[0, 1:][:, sayable].argmax(1)].tolist()


@pytest.mark.parametrize(("block", "ahead"), [(4, 1), (4, 2), (7, 3), (300, 2)])
def test_fetching_several_tokens_at_a_time_changes_none(expected: list[list[int]], block: int, ahead: int) -> None:
    """A graphics card fetches in blocks, and CUDA is one block ahead."""
    model = make()
    whole = list(model.write(model.read(sources()[0], ()), BEGUN))
    model.block, model.ahead = block, ahead
    assert [written(model, ids) for ids in sources()[::8]] == expected[::8]
    assert list(model.write(model.read(sources()[0], ()), BEGUN)) == whole


def test_the_first_tokens_are_there_before_the_last_ones_are_asked_for(model: TorchModel) -> None:
    steps = []
    step = model.network.step
    model.network.step = lambda *arguments: steps.append(step(*arguments))  # type: ignore[method-assign]
    try:
        writing = model.write(model.read(sources()[0], ()), BEGUN)
        assert steps == []
        for count in range(1, 6):
            next(writing)
            assert len(steps) == count
    finally:
        del model.network.step  # type: ignore[method-assign]


def test_no_sentence_leaves_anything_to_the_next_one(model: TorchModel, expected: list[list[int]]) -> None:
    """Long after short and short after long, and what a broken sentence could leave behind."""
    order = sorted(range(len(expected)), key=lambda n: len(sources()[n]))
    known = sources()
    for place in itertools.chain.from_iterable(zip(order[:40], reversed(order[-40:]), strict=True)):
        for stale in (model._home.own, model._home.source, model._home.bias, model._home.unread):
            stale.fill_(torch.nan)
        model._home.names.copy_(1000 * model._home.hidden)  # as likely as can be
        assert written(model, known[place]) == expected[place]


def test_a_sentence_given_up_midway_leaves_room_for_the_next(model: TorchModel, expected: list[list[int]]) -> None:
    for count in (0, 1, 5):
        writing = model.write(model.read(sources()[1], ()), BEGUN)
        list(itertools.islice(writing, count))
        writing.close()  # type: ignore[attr-defined]
        assert model._idle == [model._home]
    assert written(model, sources()[0]) == expected[0]


def test_a_trimmed_head_says_the_same_with_the_names_beside_it(expected: list[list[int]]) -> None:
    small = make(rows=1)
    assert len(small.weights.head) < len(make().weights.head)
    said = [written(small, ids) for ids in sources()[:-2]]
    assert any(set(tokens) - set(small.weights.keep.tolist()) for tokens in said)
    differing = sum(ours != theirs for ours, theirs in zip(said, expected[:-2], strict=True))
    assert differing <= 0.01 * len(said), f"{differing} of {len(said)} differ"


def test_more_names_than_there_is_room_for_get_a_place_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    roomy = make(rows=1)
    monkeypatch.setattr(torch_state.State.__init__, "__defaults__", (2,))
    tight = make(rows=1)
    assert tight._home.spare == 2
    for ids in sources()[:20]:
        assert len(tight.read(ids, TOKENIZER.spellings(ids)).names) > 2
        assert written(tight, ids) == written(roomy, ids)
        assert tight._idle == [tight._home]


def test_no_run_of_tokens_comes_twice_where_that_is_forbidden(model: TorchModel) -> None:
    model.block, model.ahead = 4, 2
    try:
        source = model.read(sources()[0], ())
        free, tokens = (list(itertools.islice(model.write(source, BEGUN, n), 100)) for n in (0, 2))
    finally:
        model.block, model.ahead = 1, 1

    def repeated(text: list[int]) -> int:
        runs = [run for run in itertools.pairwise(text) if run[1] != END]
        return len(runs) - len(set(runs))

    assert repeated(free) > 0
    assert repeated(tokens) == 0


def test_attention_by_hand_is_torchs_own(expected: list[list[int]]) -> None:
    """Apple's chips get it."""
    model = make()
    model.network.attention = plain_attention
    assert [written(model, ids) for ids in sources()[::4]] == expected[::4]


def scaled(folder: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> Path:
    weights = {name: tensor.float() for name, tensor in load_file(TINY / "model.safetensors").items()}
    change(weights)
    for name in ("config.json", "tokenizer.json"):
        (folder / name).write_bytes((TINY / name).read_bytes())
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def test_states_beyond_the_range_of_float16_do_not_disturb_it(tmp_path: Path) -> None:
    """As in the large models of the family, where one channel of the residual stream grows far beyond 65504."""

    def grow(weights: dict[str, torch.Tensor]) -> None:
        for side, layer in itertools.product(("encoder", "decoder"), range(2)):
            weights[f"model.{side}.layers.{layer}.fc2.bias"][3] += 90_000.0

    folder = scaled(tmp_path, grow)
    exact, half = make(torch.float32, folder), make(torch.float16, folder)
    assert half.works()
    stepped = []
    for way in (exact, half):
        source = way.read(sources()[0], ())
        list(itertools.islice(way.write(source, BEGUN), 5))
        assert source.remembered.isfinite().all()
        stepped.append(source.remembered.float())
    assert (stepped[0] - stepped[1]).norm() / stepped[0].norm() < 0.01


def test_a_model_that_float16_cannot_hold_runs_in_float32(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def grow(weights: dict[str, torch.Tensor]) -> None:
        for part in ("weight", "bias"):
            weights[f"model.encoder.layers.0.fc1.{part}"] *= 1e7
        weights["model.encoder.layers.0.fc2.weight"] /= 1e7

    monkeypatch.setattr(devices, "choose_dtype", lambda device: torch.float16)
    opened = torch_model.open_model(scaled(tmp_path, grow), make().weights.keep.numpy(), CPU)
    assert opened.dtype == torch.float32
    assert "does not compute in torch.float16" in caplog.text
    assert [written(opened, ids) for ids in sources()[:20]] == [written(make(), ids) for ids in sources()[:20]]


def test_a_model_without_numbers_is_refused(tmp_path: Path) -> None:
    folder = scaled(tmp_path, lambda weights: weights["model.decoder.layer_norm.bias"].fill_(torch.nan))
    with pytest.raises(ModelError, match="computes no numbers"):
        torch_model.open_model(folder, np.arange(100), CPU)


class Recording:
    """Stands in for a CUDA graph: replays the step, or forgets to."""

    def __init__(self, step: Callable[[], None]) -> None:
        self.step = step
        self.replayed = 0

    def replay(self) -> None:
        self.replayed += 1
        self.step()


def record(model: TorchModel, honest: bool) -> dict[int, Any]:
    home = model._home

    def step(window: int) -> None:
        model.network.step(home, home.token, home.place, window)
        if not honest:
            home.hidden.neg_()

    home.recorded = {n: Recording(lambda n=n: step(n)) for n in torch_state.WINDOWS}  # type: ignore[misc]
    return dict(home.recorded)


def test_recorded_steps_are_replayed_in_their_window(expected: list[list[int]]) -> None:
    model = make()
    recorded = record(model, honest=True)
    assert model.works()
    assert model._home.recorded
    assert all(recording.replayed for recording in recorded.values())
    assert [written(model, ids) for ids in sources()[::4]] == expected[::4]
    before = [recording.replayed for recording in recorded.values()]
    list(model.write(model.read(sources()[0], ()), BEGUN))
    small, large = (recording.replayed for recording in recorded.values())
    first = torch_state.WINDOWS[0] - len(BEGUN)  # the first token comes from what was begun
    assert (small - before[0], large - before[1]) == (first, ROOM - len(BEGUN) - first)


def test_recorded_steps_that_go_wrong_are_not_used(expected: list[list[int]], caplog: pytest.LogCaptureFixture) -> None:
    model = make()
    record(model, honest=False)
    with caplog.at_level(logging.WARNING):
        assert model.works()
    assert model._home.recorded == {}
    assert "goes on without them" in caplog.text
    assert written(model, sources()[0]) == expected[0]


@pytest.mark.gpu
def test_cuda_writes_the_same_recorded_or_not(expected: list[list[int]]) -> None:
    keep = make().weights.keep.numpy()
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        model = TorchModel(torch_weights.read(Checkpoint(TINY), keep, ROOM, dtype, torch.device("cuda")))
        assert model.works()
        assert set(model._home.recorded) == set(torch_state.WINDOWS)
        replayed = [written(model, ids) for ids in sources()[:-2]]
        model._home.recorded.clear()
        stepped = [written(model, ids) for ids in sources()[:-2]]
        for said in (replayed, stepped):
            differing = sum(ours != theirs for ours, theirs in zip(said, expected[:-2], strict=True))
            assert differing <= 0.01 * len(said), f"{dtype}: {differing} of {len(said)} differ"
