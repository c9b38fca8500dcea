"""The model that Yomiage ships: what it says of sentences that it has not been trained on."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path

import pytest

from daemon.translation import faithful, registry, shipped
from daemon.translation.careful import Careful
from daemon.translation.engine import SecondThoughts, StreamingTranslator
from daemon.translation.starter import Starter
from tests.translation.measures import chrf
from tts_plugin.errors import EngineFailed, EngineUnavailable
from tts_plugin.settings import Settings

STYLE = Path(__file__).parent / "style" / "style_dev.tsv"
ROWS = [line.split("\t") for line in STYLE.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def starter() -> Starter:
    return Starter(Settings())


@pytest.fixture(scope="module")
def outputs(starter: Starter) -> list[str]:
    careful = Careful(starter)
    return [careful.translate(english, "en") or "" for _, _, english, _, _ in ROWS]


def test_it_is_the_model_that_was_released() -> None:
    sums = json.loads((shipped.FOLDER / shipped.MANIFEST).read_text(encoding="utf-8"))
    files = {file.name for file in shipped.FOLDER.iterdir()} - {shipped.MANIFEST, "MODEL_CARD.md"}
    assert files == set(sums)
    for name, expected in sums.items():
        content = (shipped.FOLDER / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == expected, name
        assert len(content) < 16_000_000
    assert sum(file.stat().st_size for file in shipped.FOLDER.iterdir()) < 40_000_000


def test_it_passes_the_gate(outputs: list[str]) -> None:
    """The bars under which it would not have been released."""
    assert chrf(outputs, [japanese for _, _, _, japanese, _ in ROWS]) >= 45
    keep = [(token, output) for row, output in zip(ROWS, outputs, strict=True) for token in row[4].split("|") if token]
    lost = [(token, output) for token, output in keep if token not in output]
    assert len(lost) <= 0.02 * len(keep), lost
    faults = [(row[2], output) for row, output in zip(ROWS, outputs, strict=True) if faithful.fault(row[2], output)]
    assert faults == []


def test_what_it_streams_is_what_it_says(starter: Starter, outputs: list[str]) -> None:
    assert isinstance(starter, StreamingTranslator) and isinstance(starter, SecondThoughts)
    for english in random.Random(1).sample([row[2] for row in ROWS], 20):
        assert "".join(starter.stream(english, "en")) == starter.translate(english, "en")


def test_code_comes_back_as_it_was(starter: Starter) -> None:
    careful = Careful(starter)
    for name in (
        "src/parser.py",
        "git push --force-with-lease",
        "useEffect()",
        "v2.3.0",
        "NODE_ENV",
        "@scope/pkg",
        "i",
    ):
        japanese = careful.translate(f"I think `{name}` is the cause of the problem.", "en")
        assert japanese is not None and name in japanese and "`" not in japanese


def test_it_is_for_english(starter: Starter) -> None:
    assert starter.translate("Die Tests sind grün.", "de") is None


@pytest.mark.parametrize("text", ["", "🎉🎉🎉", "Ok", "x" * 3000, "word " * 5000, "a\x00b\x07c", "это тест mixed 漢字"])
def test_any_text_is_answered_or_refused(starter: Starter, text: str) -> None:
    try:
        japanese = Careful(starter).translate(text, "en")
    except EngineFailed as error:
        assert "tokens" in str(error) or "not fit" in str(error)
    else:
        assert japanese is None or len(japanese) <= 4 * len(text) + 20


def test_without_its_weights_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = registry.identity("starter", Settings())
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    with pytest.raises(EngineUnavailable, match="Run install"):
        Starter(Settings())
    assert registry.identity("starter", Settings()) != here
