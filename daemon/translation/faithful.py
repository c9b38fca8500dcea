"""What a translation model must not be allowed to say."""

from __future__ import annotations

import re

from tts_plugin.errors import EngineFailed

LONGEST = 256
"""Tokens of one sentence, on either side."""

_JAPANESE = r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff々〆ー）」』]"
_PUNCTUATION = str.maketrans(",.?!", "、。？！")
_AFTER_JAPANESE = re.compile(rf"(?<={_JAPANESE})\s*([,.?!])(?=\s|$|{_JAPANESE}|「)\s*")
# Four copies of a phrase in a row, or eight of one character.
_LOOP = re.compile(r"(\S.{1,38}?)\1{3,}|([^\s\d])\2{7,}", re.DOTALL)
_LETTER = re.compile(r"[^\W\d_]")
_CODE = re.compile(r"[\d_./\\@#$~=<>{}()\[\]:|-]|[a-z][A-Z]")


def needs_no_translation(text: str) -> bool:
    """True for what a model can only spoil: numbers and signs, one identifier, path or URL."""
    words = text.split()
    if not _LETTER.search(text):
        return True
    return len(words) == 1 and _CODE.search(words[0].rstrip(".!?,:;…")) is not None


def most_tokens(source: int, model: str = "NLLB") -> int:
    """Tokens that a translation may have; EngineFailed where the source is no sentence any more."""
    if source > LONGEST:
        raise EngineFailed(f"The sentence has {source} tokens, {model} takes {LONGEST}; shorter ones are translated.")
    return min(LONGEST, 2 * source + 10)


def loop(source: str, japanese: str) -> str | None:
    """What the translation says over and over, though the source does not."""
    found = _LOOP.search(japanese)
    return (found[1] or found[2]) if found and not _LOOP.search(source) else None


def fault(source: str, japanese: str) -> str | None:
    """Why this cannot be a translation of the source; None where nothing speaks against it."""
    if not japanese:
        return "it is empty"
    if repeated := loop(source, japanese):
        return f"it repeats {repeated!r}"
    # Japanese takes about half of English's characters; anything from a tenth to twice is common.
    if len(japanese) > 3 * len(source) + 20:
        return f"it is {len(japanese)} characters long for a source of {len(source)}"
    if len(source) > 60 and len(japanese) < len(source) / 15:
        return f"it is only {len(japanese)} characters long for a source of {len(source)}"
    return None


def japanese_punctuation(text: str) -> str:
    """Commas and stops after kana and kanji as Japanese writes them; NLLB's vocabulary has the ASCII ones."""
    return _AFTER_JAPANESE.sub(lambda found: found[1].translate(_PUNCTUATION), text)
