"""A Marian checkpoint's tokenizer: SentencePiece for each side, and one table of ids for both."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np

from daemon.translation.checkpoint import Shape
from daemon.translation.onnx_model import Ids
from daemon.translation.tokens import plain
from tts_plugin.errors import EngineUnavailable, ModelError

SOURCE, TARGET, VOCABULARY, MARKS = "source.spm", "target.spm", "vocab.json", "marks.json"
_SPACE = "▁"
_END, _PAD, _UNKNOWN = "</s>", "<pad>", "<unk>"
_LANGUAGES = (">>jpn<<", ">>jap<<", ">>jpn_Jpan<<")
"""How a model with several target languages is told that it is to be Japanese."""


class MarianPieces:
    """Text to a Marian model's ids and back."""

    def __init__(self, folder: Path) -> None:
        import sentencepiece

        try:
            self._source = sentencepiece.SentencePieceProcessor(model_file=str(folder / SOURCE))
            self._target = sentencepiece.SentencePieceProcessor(model_file=str(folder / TARGET))
            self._ids: dict[str, int] = json.loads((folder / VOCABULARY).read_text(encoding="utf-8"))
            marks = json.loads((folder / MARKS).read_text(encoding="utf-8"))
        except (OSError, ValueError, RuntimeError) as error:
            raise EngineUnavailable(f"{folder} cannot be read ({error}). Download the model again.") from error
        self.start, self.end = int(marks["start"]), int(marks["end"])
        self._first = [self._ids[code] for code in _LANGUAGES if code in self._ids][:1]
        self._pieces = {number: piece for piece, number in self._ids.items()}
        self._silent = {self.start, self.end, self._ids.get(_PAD), self._ids.get(_UNKNOWN)}

    def encode(self, text: str) -> list[int]:
        """Ids of one source sentence, the end's included."""
        unknown = self._ids[_UNKNOWN]
        found = self._source.encode(plain(text), out_type=str)
        return [*self._first, *(self._ids.get(piece, unknown) for piece in found), self.end]

    def spell(self, name: str) -> list[int]:
        """Ids of a word of the translation; none where the vocabulary has not all of it."""
        found = [self._ids.get(piece, -1) for piece in self._target.encode(name, out_type=str)]
        return found if -1 not in found else []

    def decode(self, ids: list[int]) -> str:
        pieces = [self._pieces[number] for number in ids if number in self._pieces and number not in self._silent]
        return str(self._target.decode_pieces(pieces)).replace(_SPACE, " ").strip()


def write(folder: Path, target: Path, shape: Shape) -> Ids:
    """Copies the tokenizer; the ids that the output head keeps: all but the padding and the languages."""
    try:
        vocabulary: dict[str, int] = json.loads((folder / VOCABULARY).read_text(encoding="utf-8"))
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        start = int(config["decoder_start_token_id"])
        end = int(config.get("eos_token_id", vocabulary[_END]))
        for name in (SOURCE, TARGET, VOCABULARY):
            shutil.copyfile(folder / name, target / name)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder} holds no whole Marian tokenizer ({error}). Download the model again.") from error
    if max(vocabulary.values()) >= shape.vocabulary or not {start, end} <= set(range(shape.vocabulary)):
        raise ModelError(f"{folder}: tokenizer and model do not belong together.")
    (target / MARKS).write_text(json.dumps({"start": start, "end": end}), encoding="utf-8")
    left_out = {number for piece, number in vocabulary.items() if piece.startswith(">>") and piece.endswith("<<")}
    left_out |= {start, vocabulary.get(_PAD, start)} - {end}
    return np.array([number for number in range(shape.vocabulary) if number not in left_out], np.int64)
