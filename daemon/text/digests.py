"""Hashes, UUIDs, base64: tokens that nobody wants to hear in full."""

from __future__ import annotations

import re

from daemon.text.marks import LONG

_UUID = re.compile(
    r"(?<![0-9A-Za-z-])([0-9a-fA-F]{7})[0-9a-fA-F](?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![0-9A-Za-z-])"
)
_HEX = re.compile(r"(?<![0-9A-Za-z_.-])((?:0x)?)([0-9a-fA-F]{8,})(?![0-9A-Za-z_-])")
_TOKEN = re.compile(r"[A-Za-z0-9+/=_.-]{32,}")
_PIECES = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_LONGEST_NAME = 120
_LONGEST_WORD = 24


def shortened(text: str) -> str:
    """Hex digests and UUIDs by their first 7 digits; other tokens that are no names become marks.LONG."""
    text = _HEX.sub(_hex, _UUID.sub(r"\1", text))
    return _TOKEN.sub(_long, text)


def _hex(hit: re.Match[str]) -> str:
    prefix, digits = hit.groups()
    # Plain numbers and plain words ("defaced") are no hashes.
    if not prefix and (digits.isdecimal() or (digits.isalpha() and len(digits) < 16)):
        return hit[0]
    return prefix + digits[:7]


def _long(hit: re.Match[str]) -> str:
    token = hit[0].rstrip(".")
    return hit[0] if _is_name(token) else LONG + hit[0][len(token) :]


def _is_name(token: str) -> bool:
    """Whether a token reads as words: test_retry_after_timeout does, base64 does not."""
    if len(set(token)) <= 2:  # a rule such as ------
        return True
    if len(token) > _LONGEST_NAME:
        return False
    pieces = _PIECES.findall(token)
    if not pieces or max(map(len, pieces)) > _LONGEST_WORD:
        return False
    # Random text changes between case and digits at almost every letter; words do not.
    return len(token) / len(pieces) >= 3.2
