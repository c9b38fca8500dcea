"""The model download against a hub on loopback: whole, interrupted, damaged, refused."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.translation import converted
from daemon.translation.nllb import Nllb
from tests.rig.hub import COMMIT, Hub
from tts_plugin import models, settings
from tts_plugin.settings import Settings

CHECKOUT = Path(__file__).resolve().parents[2]
TINY = CHECKOUT / "tests" / "checkpoint" / "nllb-tiny"
MODEL = "yomiage/nllb-tiny"
MEGABYTES_25 = bytes(range(256)) * 100_000
"""More than huggingface_hub writes at once (10 MB), so that an interruption leaves something."""


def start(model: str, url: str, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "daemon.translation.download", model],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "HF_ENDPOINT": url, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(model: str, url: str, **variables: str) -> tuple[int, str, str]:
    """Exit status, standard output, standard error."""
    process = start(model, url, **variables)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@pytest.fixture
def hub() -> Iterator[Hub]:
    files = {file.name: file.read_bytes() for file in TINY.iterdir()}
    with Hub(MODEL, {**files, "README.md": b"not needed"}) as hub:
        yield hub


@pytest.fixture
def large_hub() -> Iterator[Hub]:
    with Hub(MODEL, {"config.json": b"{}", "tokenizer.json": b"{}", "model.safetensors": MEGABYTES_25}) as hub:
        yield hub


def test_a_model_arrives_whole_and_only_what_is_needed(hub: Hub) -> None:
    assert models.status(MODEL).state == "absent"
    code, out, err = run(MODEL, hub.url)
    assert (code, Path(out.strip())) == (0, models.directory(MODEL)), err
    found = models.status(MODEL)
    assert (found.state, found.revision, found.reason) == ("ready", COMMIT, None)
    assert (found.path / "model.safetensors").read_bytes() == (TINY / "model.safetensors").read_bytes()
    assert not (found.path / "README.md").exists()
    assert not (found.path / ".cache").exists()
    manifest = json.loads((found.path / models.MANIFEST).read_text(encoding="utf-8"))
    assert manifest["files"]["config.json"]["size"] == (TINY / "config.json").stat().st_size
    assert f"{MODEL}: 100% of" in err


def test_a_second_download_asks_nobody(hub: Hub) -> None:
    assert run(MODEL, hub.url)[0] == 0
    asked = len(hub.requests)
    code, out, _ = run(MODEL, hub.url)
    assert (code, out.strip()) == (0, str(models.directory(MODEL)))
    assert len(hub.requests) == asked


def test_a_killed_download_goes_on_where_it_stopped(large_hub: Hub) -> None:
    large_hub.stall_after["model.safetensors"] = 21_000_000
    process = start(MODEL, large_hub.url)
    assert large_hub.stalled.wait(60)
    wait_for_unfinished(process, 20_000_000)
    process.kill()
    process.communicate(timeout=30)
    found = models.status(MODEL)
    assert found.state == "incomplete"
    assert "yomiage model download" in (found.reason or "")
    code, _, err = run(MODEL, large_hub.url)
    assert code == 0, err
    assert large_hub.ranges("model.safetensors") == [None, "bytes=20971520-"]
    assert (models.directory(MODEL) / "model.safetensors").read_bytes() == MEGABYTES_25


def wait_for_unfinished(process: subprocess.Popen[str], size: int) -> None:
    """Until so many bytes of the download are on the disk: the hub cannot see when the client has written them."""
    end = time.monotonic() + 60
    while sum(file.stat().st_size for file in models.directory(MODEL).rglob("*.incomplete")) < size:
        assert process.poll() is None
        assert time.monotonic() < end
        os.sched_yield()


def test_a_broken_connection_is_taken_up_again(large_hub: Hub) -> None:
    large_hub.cut_after["model.safetensors"] = [12_000_000, 11_000_000]
    code, _, err = run(MODEL, large_hub.url)
    assert code == 0, err
    assert large_hub.ranges("model.safetensors") == [None, "bytes=10485760-", "bytes=20971520-"]
    assert (models.directory(MODEL) / "model.safetensors").read_bytes() == MEGABYTES_25


def test_damaged_bytes_are_removed_and_never_used(hub: Hub) -> None:
    hub.corrupt.add("model.safetensors")
    code, out, err = run(MODEL, hub.url)
    assert (code, out) == (1, "")
    assert "model.safetensors arrived damaged (checksum mismatch)" in err
    assert models.status(MODEL).state == "incomplete"
    assert not (models.directory(MODEL) / "model.safetensors").exists()
    hub.corrupt.clear()
    assert run(MODEL, hub.url)[0] == 0
    assert models.status(MODEL).state == "ready"


def test_a_small_damaged_file_is_noticed_too(hub: Hub) -> None:
    hub.corrupt.add("config.json")
    code, _, err = run(MODEL, hub.url)
    assert code == 1
    assert "config.json arrived damaged" in err


def test_an_unreachable_hub_is_told_in_bounded_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    started = time.monotonic()
    code, out, err = run(MODEL, f"http://127.0.0.1:{port}")
    assert time.monotonic() - started < 30
    assert (code, out) == (1, "")
    assert f"The hub http://127.0.0.1:{port} cannot be reached" in err
    assert "yomiage model download" in err
    assert "Traceback" not in err
    assert models.status(MODEL).state == "absent"


def test_a_connection_that_stays_dead_is_given_up_and_what_came_is_kept(large_hub: Hub) -> None:
    large_hub.cut_after["model.safetensors"] = [12_000_000, 0, 0, 0]
    code, _, err = run(MODEL, large_hub.url)
    assert code == 1
    assert "cannot be reached" in err
    assert models.status(MODEL).state == "incomplete"
    code, _, err = run(MODEL, large_hub.url)
    assert code == 0, err
    assert large_hub.ranges("model.safetensors") == [None, *["bytes=10485760-"] * 4]


def test_too_small_a_disk_is_told_before_anything_is_fetched(large_hub: Hub) -> None:
    large_hub.claimed_size["model.safetensors"] = 10**15
    code, _, err = run(MODEL, large_hub.url)
    assert code == 1
    assert "needs 1000000.2 GB" in err
    assert "Make room" in err
    assert large_hub.ranges("config.json") == []
    assert models.status(MODEL).state == "incomplete"


def test_two_downloads_do_not_clash(large_hub: Hub) -> None:
    large_hub.stall_after["model.safetensors"] = 1_000
    first = start(MODEL, large_hub.url)
    assert large_hub.stalled.wait(60)
    code, _, err = run(MODEL, large_hub.url)
    assert code == 1
    assert "Another download" in err
    large_hub.released.set()
    assert first.wait(60) == 0
    assert models.status(MODEL).state == "ready"


def test_a_hub_in_trouble_is_told(hub: Hub) -> None:
    hub.download_status = 503
    code, _, err = run(MODEL, hub.url)
    assert code == 1
    assert "cannot be reached" in err
    assert "503" in err
    assert models.status(MODEL).state == "incomplete"


def test_an_unknown_model_is_told(hub: Hub) -> None:
    code, _, err = run("yomiage/no-such-model", hub.url)
    assert code == 1
    assert "knows no model yomiage/no-such-model" in err
    assert "Correct the setting `model`" in err


def test_a_model_of_another_kind_is_told() -> None:
    with Hub(MODEL, {"config.json": b"{}", "model.gguf": b"?"}) as hub:
        code, _, err = run(MODEL, hub.url)
    assert code == 1
    assert "has no tokenizer.json" in err
    assert models.status(MODEL).state == "absent"


def test_offline_mode_is_told(hub: Hub) -> None:
    code, _, err = run(MODEL, hub.url, HF_HUB_OFFLINE="1")
    assert code == 1
    assert "HF_HUB_OFFLINE" in err
    assert hub.requests == []


def test_a_misused_command_says_how_it_is_used() -> None:
    process = start("--help", "http://127.0.0.1:1")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "usage:" in err


def test_a_downloaded_model_is_converted_and_ready_to_run(hub: Hub) -> None:
    code, _, err = run(MODEL, hub.url)
    assert code == 0, err
    assert "the output head keeps" in err
    found = converted.status(MODEL)
    assert (found.state, found.revision) == ("ready", COMMIT)
    assert Nllb(Settings(model=MODEL)).translate("Hello.", "en") == "こんにちは。"


def test_the_original_is_removed_where_the_setting_says_so_and_not_fetched_again(hub: Hub) -> None:
    settings.settings_file().parent.mkdir(parents=True)
    settings.settings_file().write_text('{"keep_original_model": false}', encoding="utf-8")
    code, _, err = run(MODEL, hub.url)
    assert code == 0, err
    assert "removed the original weights" in err
    assert not models.weights_file(models.directory(MODEL)).exists()
    asked = len(hub.requests)
    assert run(MODEL, hub.url)[0] == 0
    assert len(hub.requests) == asked
    assert Nllb(Settings(model=MODEL)).translate("Hello.", "en") == "こんにちは。"


def test_a_model_that_only_transformers_can_run_is_told(large_hub: Hub) -> None:
    code, _, err = run(MODEL, large_hub.url)
    assert code == 0
    assert "is neither of NLLB's architecture nor Marian's" in err
    assert converted.status(MODEL).state == "absent"
