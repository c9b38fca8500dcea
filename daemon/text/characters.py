"""Characters that have no sound: controls, escapes, surrogates, emoji."""

from __future__ import annotations

import re

MAX_LENGTH = 200_000
"""Characters of markdown that are read: hours of speech. What lies beyond is announced, not read."""

_OSC = re.compile(r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?")
_CSI = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]")
_BARE_CSI = re.compile(r"\[(?:[0-9]{1,3}(?:;[0-9]{1,3}){0,5})m")
_LOST = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069"
    "\ufeff\ufff9-\uffff\ud800-\udfff\ue000-\uf8ff\U000f0000-\U0010ffff]"
)
_KEYCAP = re.compile("([0-9#*])\ufe0f?\u20e3")
_EMOJI = re.compile(
    "[\u203c\u2049\u20e3\u2122\u2139\u231a\u231b\u2328\u23cf\u23e9-\u23fa\u24c2\u2500-\u2604\u2606-\u27be"
    "\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u3030\u303d\u3297\u3299\ufe0e\ufe0f\u2605"
    "\U0001f000-\U0001faff\U000e0020-\U000e007f]+"
)
_SHORTCODE = re.compile(r"(?<!\S):[a-z][a-z0-9_+-]{1,30}:(?!\S)")
_PUNCTUATION_RUN = re.compile(r"[!-,./;-@\[-`{}~]{64,}")
_UNPAIRED_BRACKET = re.compile(r"\[(?![^\[\]]{0,300}\])")
_DENSE = 500
_LONG_RUN = re.compile(r"[!-~]{1000,}")


def without_controls(text: str) -> str:
    """Line ends become \\n; escapes, controls, lone surrogates and private-use characters go."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n")
    text = text.replace("\u2028", "\n").replace("\u2029", "\n").replace("\x0c", "\n")
    text = _CSI.sub("", _OSC.sub("", text))
    return _LOST.sub("", _BARE_CSI.sub("", text)).replace("\xa0", " ").replace("\u202f", " ")


def without_emoji(text: str) -> str:
    """Emoji, dingbats, box drawing and :shortcodes: go; a keycap keeps its digit."""
    return _SHORTCODE.sub("", _EMOJI.sub("", _KEYCAP.sub(r"\1", text)))


def starts_with_emoji(text: str) -> bool:
    return bool(_EMOJI.match(text) or _KEYCAP.match(text))


def bounded(text: str) -> tuple[str, bool]:
    """At most MAX_LENGTH characters, cut between words, and whether something was cut."""
    if len(text) <= MAX_LENGTH:
        return text, False
    cut = max(text.rfind("\n", MAX_LENGTH - 2000, MAX_LENGTH), text.rfind(" ", MAX_LENGTH - 2000, MAX_LENGTH))
    return text[: cut if cut > 0 else MAX_LENGTH], True


def without_traps(text: str) -> str:
    """Takes away what makes a markdown parser quadratic: runs of punctuation, endless words, unpaired brackets."""
    text = _PUNCTUATION_RUN.sub(lambda run: run[0][:8], text)
    text = _LONG_RUN.sub(lambda run: run[0][:200], text)
    return _UNPAIRED_BRACKET.sub("", text) if text.count("[") > _DENSE else text
