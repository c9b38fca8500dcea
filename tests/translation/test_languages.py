"""Language codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from daemon.translation import languages

TOKENIZER = Path(__file__).resolve().parents[1] / "checkpoint" / "nllb-tiny" / "tokenizer.json"


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("en", "eng_Latn"),
        ("de", "deu_Latn"),
        ("pt-BR", "por_Latn"),
        ("zh", "zho_Hans"),
        ("zh_TW", "zho_Hant"),
        ("ZH-Hant", "zho_Hant"),
        ("tlh", "eng_Latn"),
        ("", "eng_Latn"),
    ],
)
def test_codes_are_nllbs(language: str, code: str) -> None:
    assert languages.nllb_code(language) == code


def test_every_code_is_in_nllbs_vocabulary() -> None:
    known = {token["content"] for token in json.loads(TOKENIZER.read_text(encoding="utf-8"))["added_tokens"]}
    assert set(languages._CODES.values()) <= known
    assert len(set(languages._CODES.values())) >= 30
