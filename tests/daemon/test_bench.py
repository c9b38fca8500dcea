"""`yomiage bench`: what it times, what it leaves out and says so, and that nothing of it stays behind."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon.bench import chart, random_model, run, ways
from daemon.bench.sentences import SENTENCES, Report, Sentence
from daemon.translation import convert
from tts_plugin import cli
from tts_plugin.errors import EngineUnavailable, YomiageError
from tts_plugin.settings import Settings


def ignore(line: str) -> None:
    """Progress is for people."""


@pytest.fixture
def report() -> Report:
    return Report(
        "Random weights",
        2,
        "openjtalk",
        translation={"old": [[300.0, 100.0, 200.0], [400.0] * 3, [600.0] * 3], "new": [[20.0], [40.0], [60.0]]},
        speech=[[100.0], [200.0], [300.0]],
        notes=["Phase 1 was left out: it needs more memory"],
    )


def test_rows_are_medians_and_their_average(report: Report) -> None:
    rows = report.rows()
    assert [(row["way"], row["sentence"]) for row in rows][:5] == [
        *(("old", s) for s in "123"),
        ("old", "average"),
        ("new", "1"),
    ]
    assert (rows[0]["translation_ms"], rows[0]["speech_ms"], rows[0]["total_ms"]) == (200.0, 100.0, 300.0)
    assert report.averages()[0]["total_ms"] == 600.0
    assert report.averages()[1] == {
        "way": "new",
        "sentence": "average",
        "translation_ms": 40.0,
        "speech_ms": 200.0,
        "total_ms": 240.0,
    }


def test_the_terminal_shows_table_bars_and_what_was_left_out(
    report: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    chart.show(report)
    shown = capsys.readouterr().out
    assert "█" in shown and "▒" in shown
    assert "240 ms  (2.5x)" in shown
    assert "Random weights; on the cpu, 2 threads, voice openjtalk." in shown
    assert "Phase 1 was left out" in shown


def test_the_picture_is_a_png_of_its_bars(report: Report, tmp_path: Path) -> None:
    from PIL import Image

    chart.write_png(report, tmp_path / "chart.png")
    with Image.open(tmp_path / "chart.png") as picture:
        colours = {colour for _, colour in picture.convert("RGB").getcolors(1 << 16) or []}
    assert {chart._TRANSLATION, chart._SPEECH} <= colours
    with pytest.raises(YomiageError, match="cannot be written"):
        chart.write_png(report, tmp_path / "nowhere" / "chart.png")


def test_the_quick_bench_runs_from_end_to_end_and_leaves_nothing(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    command = [
        sys.executable,
        "-m",
        "daemon.bench",
        "--quick",
        "--rounds",
        "1",
        "--json",
        "--png",
        str(tmp_path / "b.png"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [row["way"] for row in found["rows"] if row["sentence"] == "average"] == [
        "Phase 1 (fp32, 3 beams)",
        "Phase 1.5 (bf16, greedy)",
        "today: nllb",
    ]
    assert all(row["translation_ms"] > 0 and row["speech_ms"] > 0 for row in found["rows"])
    assert "small shape" in found["weights"]
    assert any("torch.compile was left out" in note for note in found["notes"])
    width, height = struct.unpack(">II", (tmp_path / "b.png").read_bytes()[16:24])
    assert width > height > 100
    assert not list(place.glob("yomiage-bench-*"))
    assert not list(home.rglob("*.onnx"))


class Clock:
    """Ways that tell in which order they were called."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def way(self, name: str) -> ways.Way:
        def call(sentence: Sentence) -> None:
            self.calls.append(f"{name}{SENTENCES.index(sentence)}")

        return call


def test_the_ways_take_turns() -> None:
    clock = Clock()
    report = Report("", 1)
    run._time({"a": clock.way("a"), "b": clock.way("b")}, None, 2, report, ignore)
    assert clock.calls == ["a0", "b0", *["a0", "b0", "a1", "b1", "a2", "b2"] * 2]
    assert [len(rounds) for rounds in report.translation["a"]] == [2, 2, 2]
    assert report.rows()[0]["speech_ms"] == 0


@pytest.mark.parametrize("written", [11, 20, 29])
def test_todays_engine_on_a_card_writes_as_many_tokens_as_the_sentence_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    from daemon.translation import torch_model

    random_model.write(tmp_path, random_model.Size(pieces=3_000, width=32, inner=64, layers=1, heads=2))
    asked: list[int] = []
    write = torch_model.TorchModel.write

    def counted(self: torch_model.TorchModel, *arguments: Any) -> Iterator[int]:
        for token in write(self, *arguments):
            asked.append(token)
            yield token

    monkeypatch.setattr(torch_model.TorchModel, "write", counted)
    ways.nllb_torch(tmp_path, "cpu", False)(next(s for s in SENTENCES if s.target == written))
    assert len(asked) == written


def test_a_machine_with_a_card_is_timed_by_the_engine_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for way in ("phase_1", "nllb_torch"):
        monkeypatch.setattr(ways, way, lambda *_: Clock().way("x"))
    monkeypatch.setattr(ways, "phase_1_5", lambda *_: (Clock().way("x"), None))
    assert [*run._load(tmp_path, "cuda", False, Report("", 1), ignore)][-1] == "today: nllb_torch"


def test_what_does_not_fit_into_memory_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(bytes(1000))
    monkeypatch.setattr(convert, "available_memory", lambda: 900)
    monkeypatch.setattr(ways, "phase_1_5", lambda *_: (Clock().way("x"), "it was not compiled"))

    def absent(*_: object) -> ways.Way:
        raise EngineUnavailable("The model is not converted.")

    monkeypatch.setattr(ways, "nllb", absent)
    report = Report("", 1)
    assert list(run._load(tmp_path, "cpu", True, report, ignore)) == ["Phase 1.5 (bf16, greedy)"]
    assert [note.partition(":")[0] for note in report.notes] == [
        "Phase 1 was left out",
        "it was not compiled",
        "today",
    ]
    assert "The model is not converted." in report.notes[2]


def test_too_small_a_disk_is_told_before_anything_is_written(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convert, "MARGIN", 10**18)
    with pytest.raises(EngineUnavailable, match=r"TMPDIR elsewhere, or use --quick"):
        run.bench(Settings(), quick=True, rounds=1, say=ignore)


def test_the_full_shape_is_nllbs_600m() -> None:
    assert 2.3e9 < random_model.FULL.bytes < 2.6e9


def test_the_command_line_runs_it_as_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[str, ...]] = []
    monkeypatch.setattr(cli, "_run_module", lambda *arguments, then_reload: ran.append(arguments) or 0)
    assert cli.main(["bench", "--quick", "--json", "--png", "a.png"]) == 0
    assert ran == [("daemon.bench", "--rounds", "3", "--quick", "--json", "--png", "a.png")]
