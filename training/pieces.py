"""The starter model's two vocabularies: the pretrained encoder's WordPiece for English, our own SentencePiece for
Japanese. Both know the placeholders."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import sentencepiece
import tokenizers

from daemon.translation.placeholders import CODE, NUMBER, SYMBOLS

START, PAD, END, UNKNOWN = range(4)
BLANK = 0
"""Padding of the English side."""
SOURCE, TARGET, NAMES = "english.json", "japanese.model", "names.txt"
"""File names."""


class Vocabulary:
    """Text to ids and back."""

    def __init__(self, folder: Path) -> None:
        self._source = tokenizers.Tokenizer.from_file(str(folder / SOURCE))
        self._target = sentencepiece.SentencePieceProcessor(model_file=str(folder / TARGET))
        self.source_size, self.target_size = self._source.get_vocab_size(), len(self._target)
        self.codes = self._range(CODE)
        self.numbers = self._range(NUMBER)
        """The first id of a family of placeholders in each vocabulary, and how many there are."""

    def _range(self, symbols: list[str]) -> tuple[int, int, int]:
        sides = [[side(symbol) for symbol in symbols] for side in (self._source.token_to_id, self._target.piece_to_id)]
        if any(ids != list(range(ids[0], ids[0] + len(ids))) for ids in sides):
            raise ValueError(f"The placeholders' ids have gaps: {sides}. Make the vocabularies anew.")
        return sides[0][0], sides[1][0], len(symbols)

    def of_target(self) -> list[tuple[int, int]]:
        """Where the Japanese pieces have the placeholders: first id and number of each family."""
        return [(family[1], family[2]) for family in (self.codes, self.numbers)]

    def sources(self, texts: list[str]) -> list[list[int]]:
        return [encoded.ids for encoded in self._source.encode_batch(texts)]

    def targets(self, texts: list[str]) -> list[list[int]]:
        """What the decoder says; before it, it is given END."""
        return [[*ids, END] for ids in self._target.encode(texts)]

    def text(self, ids: Iterable[int]) -> str:
        return str(self._target.decode([n for n in ids if n > UNKNOWN])).strip()


def write_source(words: list[str], folder: Path) -> None:
    """BERT's tokenizer for these pieces. The placeholders take the first pieces that were never used."""
    free = [number for number, word in enumerate(words) if word.startswith("[unused")]
    if len(free) < len(SYMBOLS) or free[: len(SYMBOLS)] != list(range(free[0], free[0] + len(SYMBOLS))):
        raise ValueError("This vocabulary has no room for the placeholders: it lacks [unused0] and those after it.")
    words = words.copy()
    words[free[0] : free[0] + len(SYMBOLS)] = SYMBOLS
    vocabulary = {word: number for number, word in enumerate(words)}
    model = tokenizers.models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=60)
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = tokenizers.processors.BertProcessing(
        ("[SEP]", vocabulary["[SEP]"]), ("[CLS]", vocabulary["[CLS]"])
    )
    # Said to be special, they are found before the normalizer, which drops private-use characters.
    tokenizer.add_special_tokens(SYMBOLS)
    tokenizer.save(str(folder / SOURCE))


def learn_target(text: Path, folder: Path, size: int) -> None:
    """Learns `size` pieces from a file of Japanese sentences."""
    sentencepiece.SentencePieceTrainer.train(
        input=str(text),
        model_prefix=str(folder / "learning"),
        model_type="unigram",
        vocab_size=size,
        hard_vocab_limit=True,
        character_coverage=0.9997,
        byte_fallback=True,
        split_digits=True,
        user_defined_symbols=SYMBOLS,
        required_chars="".join(chr(code) for code in range(33, 127)),
        normalization_rule_name="identity",  # training/spelling.py does it, and leaves identifiers alone
        add_dummy_prefix=False,
        pad_id=PAD,
        bos_id=START,
        eos_id=END,
        unk_id=UNKNOWN,
        num_threads=2,
        max_sentence_length=4000,
        minloglevel=2,
    )
    (folder / "learning.vocab").unlink()
    (folder / "learning.model").rename(folder / TARGET)
