"""Text to NLLB's token ids and back."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from tts_plugin.errors import EngineUnavailable

PAD, END, UNKNOWN = 1, 2, 3
"""Ids that every NLLB checkpoint shares."""
_SPACE = "▁"
_LONGEST_PIECE = 16


class Tokenizer:
    """The checkpoint's tokenizer.json, as it stands.

    transformers rebuilds NllbTokenizer from the file's parts, and its version 5 loses the language codes of
    checkpoints that do not list them in tokenizer_config.json; every one of them would become <unk>.
    """

    def __init__(self, folder: Path) -> None:
        import tokenizers

        file = folder / "tokenizer.json"
        try:
            self._tokenizer = tokenizers.Tokenizer.from_file(str(file))
        except Exception as error:
            raise EngineUnavailable(f"{file} cannot be read ({error}). Run `yomiage model download` again.") from error
        self._tokenizer.encode_special_tokens = True  # "</s>" written in a sentence is text
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._special = set(self._tokenizer.get_added_tokens_decoder())
        self.size: int = self._tokenizer.get_vocab_size(with_added_tokens=True)

    def language(self, code: str) -> int:
        """The id of a language code such as jpn_Jpan."""
        found = self._tokenizer.token_to_id(code)
        if found is None:
            raise EngineUnavailable(
                f"The checkpoint has no language code {code}, so it is not an NLLB model. "
                "Name another one in the setting `model`."
            )
        return int(found)

    def encode(self, text: str, code: str) -> list[int]:
        """Ids of one source sentence: its language code, its pieces, the end."""
        pieces = self._tokenizer.encode(plain(text), add_special_tokens=False).ids
        return [self.language(code), *pieces, END]

    def spellings(self, ids: list[int]) -> list[int]:
        """Every piece that the source's words can be written with, as names and identifiers are in a translation."""
        text = "".join(self._tokenizer.id_to_token(n) or "" for n in ids if n not in self._special)
        found = map(self._tokenizer.token_to_id, sorted(spellings(text)))
        return [n for n in found if n is not None and n not in self._special]

    def decode(self, ids: list[int]) -> str:
        return str(self._tokenizer.decode(ids, skip_special_tokens=True)).strip()


def plain(text: str) -> str:
    """The text without control characters and invisible marks, which the vocabulary does not know."""
    kinds = ((c, unicodedata.category(c)) for c in text)
    return "".join(" " if kind in ("Cc", "Cs") else c for c, kind in kinds if kind != "Cf").strip()


def spellings(text: str) -> set[str]:
    """Whatever could be a piece of the words of a text in pieces.

    After kanji or kana a name is cut otherwise than after a space: "worker" is not "▁worker".
    """
    return {
        part
        for word in set(text.split(_SPACE))
        for start in range(len(word))
        for end in range(start + 1, min(start + _LONGEST_PIECE, len(word)) + 1)
        for part in ((word[start:end], _SPACE + word[start:end]) if start == 0 else (word[start:end],))
    }
