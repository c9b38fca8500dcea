"""The engine that needs no download: a small English-to-Japanese model for what coding assistants say."""

from __future__ import annotations

from pathlib import Path

from daemon.translation import devices, faithful, names, placeholders, protection, shipped
from daemon.translation.decoding import Attempt
from daemon.translation.neural import Neural, Reading
from daemon.translation.placeholders import Protected
from tts_plugin.errors import ModelError
from tts_plugin.settings import Settings

END = 2
_FIRST_TEXT = 4
"""The pieces before it are no text: beginning, padding, end, unknown."""


class Starter(Neural):
    """Identifiers, commands and numbers never reach the model: it moves placeholders about."""

    NAME = "The starter model"
    PACKAGES = ("onnxruntime", "sentencepiece", "tokenizers")
    # It is so small that four beams of it are done before NLLB's first clause, and much better than one.
    LADDER = (Attempt(4, 0), Attempt(4, 3))
    READS_MARKS = True

    @classmethod
    def _find(cls, settings: Settings) -> Path:
        if not (shipped.FOLDER / shipped.MANIFEST).is_file():
            raise ModelError("The starter model is not in this installation. Run install.sh again.")
        return shipped.FOLDER

    @classmethod
    def _cure(cls, folder: Path, settings: Settings) -> str:
        return "Run install.sh again."

    def _load(self, folder: Path, settings: Settings) -> None:
        import sentencepiece
        import tokenizers

        from daemon.translation.starter_model import StarterModel

        self._names = frozenset((folder / "names.txt").read_text(encoding="utf-8").split())
        self._english = tokenizers.Tokenizer.from_file(str(folder / "english.json"))
        self._japanese = sentencepiece.SentencePieceProcessor(model_file=str(folder / "japanese.model"))
        self._begun, self._end = [END], END
        self._model = StarterModel(folder, devices.thread_count(), 2 * faithful.LONGEST)

    def _reading(self, text: str, language: str) -> Reading | None:
        if language.partition("-")[0].lower() != "en":
            return None
        protected = placeholders.protect(text, self._names, checked)
        ids = self._english.encode(protected.text).ids
        sayable = self._japanese.piece_to_id(list(protected.taken))
        spell = {name: [number] for name, number in zip(protected.taken.values(), sayable, strict=True)}
        return Reading(ids, lambda written: self._say(written, protected), sayable, lambda name: spell.get(name, ()))

    def _say(self, ids: list[int], protected: Protected) -> str:
        text = str(self._japanese.decode([n for n in ids if n >= _FIRST_TEXT])).strip()
        return protection.unmarked(protected.salvage(text))


def checked(text: str) -> list[tuple[int, int]]:
    """Where that stands which its translation is checked for: see Careful."""
    return [(name.start, name.end) for name in names.names(text) if name.value is None]
