"""URLs: only the host is worth hearing."""

from __future__ import annotations

import re

_STOP = r"\s<>\"'`\[\]|(){}\u2010-\u206f\u3000-\u303f\uff00-\uffef\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af"
_URL = re.compile(
    # At most 20 letters of scheme, never from the middle of a word: a long word is not scanned again and again.
    r"<?(?<![A-Za-z0-9+])(?P<scheme>[A-Za-z][A-Za-z0-9+]{1,20})://(?P<rest>"
    rf"(?:[^{_STOP}]|\([^{_STOP}]*\))*)(?P<close>>?)"
)
_BARE = re.compile(rf"(?<![\w./@-])(?P<host>www\.[\w-]+(?:\.[\w-]+)+)(?P<rest>/[^{_STOP}]*)?")
_MAIL = re.compile(r"<?mailto:([\w.+-]+@[\w.-]+)>?")
_DATA = re.compile(r"data:[\w.+/-]{0,60};base64,[A-Za-z0-9+/=]*")
_TAIL = ".,;:!?*_~"
_DOMAIN = re.compile(
    r"(?<![\w./@:~-])((?:[a-z0-9][a-z0-9-]*\.)+(?:com|org|net|io|dev|ai|app|gov|edu|jp|de|fr|uk|es|it|nl|br|cn|kr|eu|local))"
    rf"(?::[0-9]+)?/[^{_STOP}]*"
)


def by_host(text: str) -> str:
    """URLs shortened to their host, in markdown or prose: "see https://a.b/c?d." -> "see a.b."

    file:// addresses become the path alone; a password in a URL goes with the rest.
    """
    if "://" in text or "<http" in text:
        text = _URL.sub(_host, text)
    if "www." in text:
        text = _BARE.sub(lambda hit: hit["host"].removeprefix("www.") + _tail(hit["rest"] or ""), text)
    text = _MAIL.sub(r"\1", text) if "mailto:" in text else text
    text = _DATA.sub("data", text) if ";base64," in text else text
    return _DOMAIN.sub(lambda hit: hit[1] + _tail(hit[0]), text)


def _host(hit: re.Match[str]) -> str:
    rest = hit["rest"]
    tail = _tail(rest)
    opened = hit[0].startswith("<")
    angle = (">" if hit["close"] and not opened else "") if rest else hit["close"]
    if hit["scheme"].lower() == "file":
        return rest[: len(rest) - len(tail)] + tail + angle
    authority = re.split(r"[/?#\\]", rest, maxsplit=1)[0].rpartition("@")[2]
    host = authority.removeprefix("www.").rstrip(_TAIL)
    host = re.sub(r":[0-9]*$", "", host)
    return (host or hit["scheme"]) + tail + angle


def _tail(rest: str) -> str:
    """The punctuation at a URL's end, which belongs to the sentence."""
    return rest[len(rest.rstrip(_TAIL)) :]
