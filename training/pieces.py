"""The starter model's vocabulary: SentencePiece, and two language codes behind it as in NLLB's layout."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import sentencepiece

from training.placeholders import CODE, NUMBER, SYMBOLS

START, PAD, END, UNKNOWN = range(4)
MODEL, LANGUAGES, NAMES = "pieces.model", "languages.json", "names.txt"
"""File names; the first two are what the fast engine reads."""
ENGLISH, JAPANESE = "eng_Latn", "jpn_Jpan"


class Vocabulary:
    """Text to ids and back."""

    def __init__(self, folder: Path) -> None:
        self._model = sentencepiece.SentencePieceProcessor(model_file=str(folder / MODEL))
        codes = json.loads((folder / LANGUAGES).read_text(encoding="utf-8"))
        self.english, self.japanese = int(codes[ENGLISH]), int(codes[JAPANESE])
        self.size = len(self._model) + 2
        self.codes, self.numbers = self._range(CODE), self._range(NUMBER)
        """First and last id of a family of placeholders."""

    def _range(self, symbols: list[str]) -> tuple[int, int]:
        ids = [self._model.piece_to_id(symbol) for symbol in symbols]
        if ids != list(range(ids[0], ids[0] + len(ids))):
            raise ValueError(f"The placeholders' ids have gaps: {ids}. Learn the vocabulary anew.")
        return ids[0], ids[-1]

    def sources(self, texts: list[str]) -> list[list[int]]:
        return [[self.english, *ids, END] for ids in self._model.encode(texts)]

    def targets(self, texts: list[str]) -> list[list[int]]:
        """What the decoder says; before it, it is given END."""
        return [[self.japanese, *ids, END] for ids in self._model.encode(texts)]

    def text(self, ids: Iterable[int]) -> str:
        return str(self._model.decode([n for n in ids if UNKNOWN < n < len(self._model)])).strip()


def learn(text: Path, folder: Path, size: int) -> None:
    """Learns `size` pieces, the codes counted in, from a file of sentences of both languages."""
    sentencepiece.SentencePieceTrainer.train(
        input=str(text),
        model_prefix=str(folder / "learning"),
        model_type="unigram",
        vocab_size=size - 2,
        hard_vocab_limit=True,
        character_coverage=0.9995,
        byte_fallback=True,
        split_digits=True,
        allow_whitespace_only_pieces=True,
        user_defined_symbols=SYMBOLS,
        required_chars="".join(chr(code) for code in range(33, 127)),
        normalization_rule_name="identity",  # training/spelling.py does it, and leaves identifiers alone
        pad_id=PAD,
        bos_id=START,
        eos_id=END,
        unk_id=UNKNOWN,
        num_threads=2,
        max_sentence_length=4000,
        minloglevel=2,
    )
    (folder / "learning.vocab").unlink()
    (folder / LANGUAGES).write_text(json.dumps({ENGLISH: size - 2, JAPANESE: size - 1}), encoding="utf-8")
    (folder / "learning.model").rename(folder / MODEL)
