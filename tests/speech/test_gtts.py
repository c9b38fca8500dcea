"""The network voice, against a service on loopback that speaks as Google does."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import trustme

from daemon.narration import SAMPLE_RATE
from daemon.speech import breaker
from daemon.speech.gtts import PROBE, Gtts
from daemon.speech.parts import LONGEST_TEXT
from tests.rig.ear import Ear, error_rate
from tests.rig.google import Audio, Body, Cut, Fault, Google, HangUp, Hold, Status, Trickle, reply, speech
from tts_plugin.errors import EngineFailed
from tts_plugin.settings import Settings

SENTENCE = "テストが全て成功しました。次に、設定ファイルを更新します。"
PARAGRAPH = "".join(f"{number}番目の手順では、設定を読み、値を確かめ、結果を記録します。" for number in range(1, 16))


@pytest.fixture
def google() -> Iterator[Google]:
    with Google() as server:
        yield server


def voice_at(url: str, seconds: float = 10) -> Gtts:
    return Gtts(Settings(gtts_url=url, gtts_timeout=seconds))


def test_a_sentence_is_understood(google: Google, ear: Ear) -> None:
    clip = voice_at(google.url).synthesize(SENTENCE)
    assert error_rate(ear.transcribe(clip.samples, SAMPLE_RATE), SENTENCE) < 0.2
    assert [(request.text, request.language) for request in google.requests] == [(SENTENCE, "ja")]


def test_the_silence_around_the_speech_is_trimmed(google: Google) -> None:
    samples = voice_at(google.url).synthesize(SENTENCE).samples
    loud = np.flatnonzero(np.abs(samples.astype(int)) > 500)
    assert samples.dtype == np.int16
    assert 0 < loud[0] < 0.08 * SAMPLE_RATE
    assert len(samples) - loud[-1] < 0.15 * SAMPLE_RATE


def test_sentences_share_one_connection(google: Google) -> None:
    voice = voice_at(google.url)
    for _ in range(3):
        voice.synthesize(SENTENCE)
    assert [request.connection for request in google.requests] == [1, 1, 1]


def test_parts_are_fetched_side_by_side(google: Google) -> None:
    google.together = threading.Barrier(4)
    google.fault = Audio(speech("あ"))
    text = PARAGRAPH[:360]
    voice_at(google.url, 30).synthesize(text)
    parts = sorted((request.text for request in google.requests), key=text.index)
    assert "".join(parts) == text
    assert len(parts) == 4
    assert all(len(part) <= 100 for part in parts)
    assert all(part.endswith(("。", "、")) for part in parts[:-1])


def test_parts_are_joined_in_their_order(google: Google) -> None:
    voice = voice_at(google.url, 30)
    expected = voice.synthesize(PARAGRAPH[:120]).samples
    late = Hold()
    google.faults.append(late)
    threading.Timer(0.3, late.until.set).start()
    assert np.array_equal(voice.synthesize(PARAGRAPH[:120]).samples, expected)


@pytest.mark.parametrize("text", ["", "。、…", " \x00\n", "()?!"])
def test_nothing_to_speak_asks_nobody(google: Google, text: str) -> None:
    assert len(voice_at(google.url).synthesize(text).samples) == 0
    assert google.requests == []


def test_a_very_long_text_is_bounded(google: Google) -> None:
    google.fault = Audio(speech("あ"))
    voice_at(google.url, 30).synthesize("漢字かな" * 2_500)
    assert sum(len(request.text) for request in google.requests) == LONGEST_TEXT


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Status(500), "500"),
        (Status(503), "503"),
        (Status(403), "403"),
        (Status(302, location="/elsewhere"), "302"),
        (Status(429, retry_after="120"), "120 s"),
        (HangUp(), "cannot be reached"),
    ],
    ids=str,
)
def test_a_service_that_fails_is_left_alone_for_a_while(google: Google, fault: Fault, told: str) -> None:
    google.fault = fault
    voice = voice_at(google.url)
    with pytest.raises(EngineFailed):
        voice.synthesize(SENTENCE)
    asked = len(google.requests)
    with pytest.raises(EngineFailed, match="Next attempt in") as caught:
        voice.synthesize(SENTENCE)
    assert told in str(caught.value)
    assert len(google.requests) == asked


def test_its_recovery_is_noticed_by_a_word_of_ours_and_not_by_a_sentence(
    google: Google, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "FIRST_PAUSE", 0.05)
    google.faults += [Status(503), Status(503)]
    voice = voice_at(google.url)
    with pytest.raises(EngineFailed, match="503"):
        voice.synthesize(SENTENCE)
    end = time.monotonic() + 10
    while True:
        try:
            assert voice.synthesize(SENTENCE).seconds > 3
            break
        except EngineFailed:
            assert time.monotonic() < end
    # Two probes, of which the first one found it down still; the sentence was sent when it was sure to be spoken.
    assert [request.text for request in google.requests] == [SENTENCE, PROBE, PROBE, SENTENCE]


def test_a_429_is_asked_again_where_the_time_allows(google: Google) -> None:
    google.faults += [Status(429), Status(429, retry_after="1")]
    assert voice_at(google.url, 10).synthesize(SENTENCE).seconds > 3
    assert len(google.requests) == 3


def test_a_429_beyond_the_time_is_not_asked_again(google: Google) -> None:
    google.fault = Status(429)
    with pytest.raises(EngineFailed, match="429"):
        voice_at(google.url, 0.5).synthesize(SENTENCE)
    assert len(google.requests) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Body(b""),
        Body(b"<html>Sorry</html>"),
        Body(b'[["wrb.fr","jQ1olc","broken'),
        Body(b'[["wrb.fr","jQ1olc","[\\"?not base64?\\"]",null]]'),
        Body(b'[["wrb.fr","jQ1olc","[[]]",null]]'),
        Body(b'{"jQ1olc": 1}'),
        Body(b'"jQ1olc"' + b"[" * 100_000),
        Body(reply(b"")),
        Audio(b"not an MP3 at all"),
        Audio(bytes(10_000)),
        Cut(),
    ],
    ids=lambda fault: str(fault)[:40],
)
def test_an_answer_without_whole_speech_fails_that_sentence_alone(google: Google, fault: Fault) -> None:
    google.faults.append(fault)
    voice = voice_at(google.url)
    with pytest.raises(EngineFailed):
        voice.synthesize(SENTENCE)
    assert voice.synthesize(SENTENCE).seconds > 3


def test_a_kept_connection_that_was_closed_is_replaced(google: Google) -> None:
    voice = voice_at(google.url)
    voice.synthesize(SENTENCE)
    google.faults.append(HangUp())
    assert voice.synthesize(SENTENCE).seconds > 3
    assert [request.connection for request in google.requests] == [1, 1, 2]


@pytest.mark.parametrize("fault", [Hold(), Trickle()], ids=["hold", "trickle"])
def test_a_slow_answer_is_given_up_in_time(google: Google, fault: Fault) -> None:
    google.fault = fault
    started = time.monotonic()
    with pytest.raises(EngineFailed, match=r"within 0\.5 s"):
        voice_at(google.url, 0.5).synthesize(SENTENCE)
    assert time.monotonic() - started < 1.5


def test_a_closed_port_fails_at_once() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        started = time.monotonic()
        with pytest.raises(EngineFailed, match="cannot be reached"):
            voice_at(url).synthesize(SENTENCE)
        assert time.monotonic() - started < 1


def test_a_name_that_nobody_knows_fails_in_time() -> None:
    started = time.monotonic()
    with pytest.raises(EngineFailed):
        voice_at("https://yomiage.invalid", 3).synthesize(SENTENCE)
    assert time.monotonic() - started < 4


def test_a_self_signed_certificate_is_refused_and_nothing_sent() -> None:
    with Google(tls=_certificate(trustme.CA())) as google:
        with pytest.raises(EngineFailed, match="certificate"):
            voice_at(google.url).synthesize(SENTENCE)
        assert google.requests == []


def test_a_trusted_certificate_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    with Google(tls=_certificate(authority)) as google:
        assert voice_at(google.url).synthesize(SENTENCE).seconds > 3


def test_the_environments_proxy_is_used(google: Google, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", google.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert voice_at("http://translate.example").synthesize(SENTENCE).seconds > 3
    assert google.requests[0].target.startswith("http://translate.example/")


def test_the_log_never_holds_what_was_said(google: Google, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    voice = voice_at(google.url)
    voice.synthesize(SENTENCE)
    google.fault = Status(500)
    with pytest.raises(EngineFailed) as caught:
        voice.synthesize(SENTENCE)
    for said in (caplog.text, str(caught.value)):
        assert "設定" not in said
        assert "%E8%A8%AD" not in said
        assert "\\u8a2d" not in said


def _certificate(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context
