"""Symbols that are written between words: arrows, comparisons, dashes, empty brackets."""

from __future__ import annotations

import functools
import re

from daemon.text.marks import CODE_CLOSE, CODE_OPEN
from daemon.text.wording import Wording

_CALL = re.compile(r"(?<=\w)\(\)")
_AMOUNT = r"([0-9]+(?:[.,][0-9]+)*(?:\s?(?:[A-Za-zµ%]{1,3})(?![\w]))?)"
_COMPARED = tuple(
    (key, re.compile(rf"(?:{sign})\s?{_AMOUNT}"), re.compile(rf"(?<=\w)\s(?:{sign})\s(?=[\w({CODE_OPEN}])"))
    for key, sign in (
        ("at_least", ">=|≥|≧"),
        ("at_most", "<=|≤|≦"),
        ("more_than", r"(?<![-=<>\w])>(?![=>])"),
        ("less_than", r"(?<![<=\w])<(?![-=<])"),
    )
)
_ABOUT = re.compile(r"(?<![\w/~])[~≈≒]\s?([0-9]+(?:[.,][0-9]+)*)(?!\s?[~])")
_NUMBERS_ARROW = re.compile(
    r"(?<=[0-9%a-zA-Zµ秒])\s?(?:->|→|=>|⇒|-->|➜|⟶)\s?(?=[~≈]?[0-9])"
    rf"|(?<={CODE_CLOSE})\s?(?:->|→|=>|⇒|-->)\s?(?={CODE_OPEN})"
)
_ARROW = re.compile(r"\s*(?:<?-{1,2}>|<?={1,2}>|[→⇒⟶↔←⇐➜]|<-{1,2}(?=\s))\s*")
_MULTIPLIED = re.compile(r"(?<=[\w)])\s+[*×]\s+(?=[\w(])|(?<=[0-9])\s?[×*]\s?(?=[0-9])")
_SPACED = (
    ("differs", re.compile(r"\s+(?:!==?|≠)\s+")),
    ("equals", re.compile(r"\s+={1,3}\s+")),
    ("plus", re.compile(r"\s+\+\s+(?=\w)")),
    ("and", re.compile(r"\s+&{1,2}\s+")),
)
_BIG_O = re.compile(r"(?<!\w)([OΘΩ])\(([^()\n]{1,30})\)")
_POWERS = {"²": " squared", "³": " cubed"}
_DASH = re.compile(r"\s+(?:[–—―-]|--)\s+(?!\d)|(?<=[^\W\d_])—(?=[^\W\d_])")
_BARS = re.compile(r"\s*(?:\|{1,2}|¦)\s*")
_STRAY = re.compile(r"(?<!\S)[-–—~^*_+=\\/#<>•·‣◦$]+(?!\S)")
_PAUSES = re.compile(r"([,;、，])(?:\s*[,;、，])+")
_ANGLES = re.compile(r"[<>]+")
_LEFT_OVER = re.compile(r"`+|\*\*+|~~+|(?<!\w)\*+(?=[^\W\d])")


def in_words(text: str, words: Wording) -> str:
    """Symbols as words of the language, or as a pause where there is no word."""
    text = _CALL.sub("", text)
    if words.language == "en":
        text = _BIG_O.sub(_order, text)
    if words.words["becomes"].strip(" ,"):
        text = _NUMBERS_ARROW.sub(words.words["becomes"], text)
    text = _ARROW.sub(words.words["arrow"], text)
    for key, amount, bare in _COMPARED if re.search("[<>≥≤≧≦]", text) else ():
        if words.words[key]:
            text = amount.sub(functools.partial(_compared, key=key, words=words), text)
            text = bare.sub(" " + words.say(key, n="").strip() + " ", text)
    text = _ABOUT.sub(lambda hit: words.say("about", n=hit[1]), text)
    text = _MULTIPLIED.sub(words.words["times"], text) if words.words["times"] else text
    for key, pattern in _SPACED:
        text = pattern.sub(words.words[key], text) if words.words[key] else text
    text = _DASH.sub(words.words["pause"], text)
    text = _BARS.sub(words.words["pause"], text) if "|" in text else text
    text = _ANGLES.sub(" ", text) if "<" in text or ">" in text else text
    return _PAUSES.sub(r"\1", _STRAY.sub("", _LEFT_OVER.sub("", text)))


def _compared(hit: re.Match[str], key: str, words: Wording) -> str:
    said = words.say(key, n=hit[1])
    before = hit.string[: hit.start()].rstrip()
    # "hosts with >= 4 GB" has its verb; `count >= 4` and 5 > 4 have none.
    in_code = before.rfind(CODE_OPEN) > before.rfind(CODE_CLOSE)
    bare = before[-1:].isdigit() or before.endswith(CODE_CLOSE) or (in_code and not before.endswith(CODE_OPEN))
    return f" is {said}" if words.language == "en" and bare else said


def _order(hit: re.Match[str]) -> str:
    inside = hit[2]
    for power, said in _POWERS.items():
        inside = inside.replace(power, said)
    inside = inside.replace("^2", " squared").replace("^3", " cubed")
    return f"{hit[1]} of {inside}"
