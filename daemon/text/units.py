"""Units, percent, ranges, versions: numbers with something attached to them."""

from __future__ import annotations

import functools
import re

from daemon.text.wording import Wording

_START = r"(?<![\w./:#$-])(?<![0-9][.,])"
_PERCENT = re.compile(rf"{_START}([0-9]+(?:[.,][0-9]+)*)\s?[%％](?!\w)", re.ASCII)
_FACTOR = re.compile(rf"{_START}([0-9]+(?:[.,][0-9]+)?)[x×](?![\w×])", re.ASCII)
_TIME = r"(?<![\w.,:/–-])"
_RANGE = re.compile(
    rf"{_TIME}([0-9]+(?:[.,][0-9]+)?)(?:-|\s?[–~〜～]\s?)([0-9]+(?:[.,][0-9]+)?)(?![\w/:–-]*[0-9]|-|[.,][0-9]|/)",
    re.ASCII,
)
_FRACTION = re.compile(rf"{_TIME}([0-9]{{1,5}})/([0-9]{{1,5}})(?=\s+[^\W\d_]{{2}})")
_VERSION = re.compile(r"(?<![\w./@-])[vV]([0-9]+(?:\.[0-9]+)+(?:-[a-z]+(?:\.?[0-9]+)*)?)(?![\w/])", re.ASCII)
_ISSUE = re.compile(r"(?<![\w/&#])#([0-9]{1,7})\b(?![-\w])", re.ASCII)
_DATE = re.compile(r"(?<![\w.])([0-3]?[0-9])\.([01]?[0-9])\.((?:19|20)[0-9]{2})(?![\w.]*[0-9])")
_MONTHS = (
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
)
_MINUTES = re.compile(r"(?<![\w.])([0-9]+)m(?=\s?[0-9]+(?:\.[0-9]+)?\s?s\b)|(?<=[0-9]h )([0-9]+)m\b", re.ASCII)
_DOLLARS = re.compile(r"(?<![\w$])\$([0-9]+(?:[.,][0-9]+)*)(?![\w$])", re.ASCII)


@functools.cache
def _unit_pattern(symbols: tuple[str, ...]) -> re.Pattern[str]:
    body = "|".join(map(re.escape, sorted(symbols, key=len, reverse=True)))
    return re.compile(rf"{_START}([0-9]+(?:[.,][0-9]+)*)(\s?)({body})(/s)?(?![A-Za-z0-9_/])", re.ASCII)


def in_words(text: str, words: Wording) -> str:
    """Numbers keep their digits; what hangs on them becomes words: "2,400ms" -> "2,400 milliseconds"."""
    if not any(map(str.isdigit, text)):
        return text
    if words.language == "de":
        text = _DATE.sub(_german_date, text)
    if words.words["version"]:
        text = _VERSION.sub(lambda hit: _version(hit, words), text)
    text = _ISSUE.sub(lambda hit: words.say("issue", n=hit[1]), text)
    if words.words["range"]:
        text = _RANGE.sub(lambda hit: _range(hit, words), text)
    if words.words["fraction"]:
        text = _FRACTION.sub(lambda hit: _fraction(hit, words), text)
    if words.words["percent"]:
        text = _PERCENT.sub(lambda hit: words.say("percent", n=hit[1]), text)
        text = _FACTOR.sub(lambda hit: words.say("factor", n=hit[1]), text)
    if words.units:
        text = _MINUTES.sub(lambda hit: f"{hit[1] or hit[2]}min", text)
        text = _unit_pattern(tuple(words.units)).sub(lambda hit: _unit(hit, words), text)
    if words.language == "en" and "$" in text:
        text = _DOLLARS.sub(r"\1 dollars", text)
    return text


def _unit(hit: re.Match[str], words: Wording) -> str:
    number, space, symbol, rate = hit.groups()
    # "the 1990s" is a decade, not 1,990 seconds; "Error 404s" counts errors.
    if symbol == "s" and not space and len(number) >= 2 and hit.string[: hit.start()].rstrip().lower().endswith(" the"):
        return hit[0]
    one, many = words.units[symbol]
    unit = one if number == "1" else many
    if rate:
        unit = words.say("per_second", unit=unit)
    gap = "" if words.language in ("ja", "zh", "ko") else " "
    return f"{number}{gap}{unit}"


def _version(hit: re.Match[str], words: Wording) -> str:
    said = words.say("version", n=hit[1])
    # "Version v1.2" says the word already.
    before = hit.string[max(0, hit.start() - 12) : hit.start()].strip().lower()
    return hit[1] if before and said.lower().startswith(before.rpartition(" ")[2]) else said


def _range(hit: re.Match[str], words: Wording) -> str:
    # 2-1 is a score and 555-1234 a telephone number.
    first, last = (float(hit[group].replace(",", ".")) for group in (1, 2))
    hyphen = "-" in hit[0]
    if hyphen and (first >= last or len(hit[2]) > len(hit[1]) + 1):
        return hit[0]
    return words.say("range", a=hit[1], b=hit[2])


def _fraction(hit: re.Match[str], words: Wording) -> str:
    # 24/7 is no fraction.
    return words.say("fraction", a=hit[1], b=hit[2]) if int(hit[1]) <= int(hit[2]) else hit[0]


def _german_date(hit: re.Match[str]) -> str:
    month = int(hit[2])
    return f"{int(hit[1])}. {_MONTHS[month - 1]} {hit[3]}" if 1 <= month <= 12 else hit[0]
