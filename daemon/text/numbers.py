"""Numbers as a Japanese developer says them: versions, dates, units, ranges, hashes."""

from __future__ import annotations

import re

from daemon.text import lexicon
from daemon.text.measures import COMPARED, COUNTERS, MONEY, SIGNS, UNITS

_DIGITS = {
    "0": "ゼロ",
    "1": "イチ",
    "2": "ニ",
    "3": "サン",
    "4": "ヨン",
    "5": "ゴ",
    "6": "ロク",
    "7": "ナナ",
    "8": "ハチ",
    "9": "キュー",
}
# A number inside an identifier (utf-8, gpt-4, main.py:42, foo_200ms) is the identifier's own business.
_START = r"(?<![A-Za-z0-9_.,])(?<![A-Za-z0-9_)\]][-+~/:=@])"
_END = r"(?![A-Za-z0-9_])"
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?)"
_COUNTER = "|".join(sorted(COUNTERS, key=len, reverse=True))
_UNIT = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))

_UUID = re.compile(rf"{_START}[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}{_END}", re.IGNORECASE)
_HASH = re.compile(rf"{_START}(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{{7,64}}(?![A-Za-z0-9_-])")
_HEXADECIMAL = re.compile(rf"{_START}0[xX]([0-9A-Fa-f]+){_END}")
_DATE = re.compile(rf"{_START}(\d{{4}})([-/])(\d{{1,2}})\2(\d{{1,2}})(?:T(?=\d\d:)|(?![\d/-]){_END})")
_MONTH = re.compile(rf"{_START}((?:19|20)\d\d)-(0[1-9]|1[0-2])(?![\d-]){_END}")
_TIMES = re.compile(r"(?<=\d:[0-5]\d)\s?[-–~〜～]\s?(?=[0-2]?\d:[0-5]\d(?!\d))")
_NETWORK = re.compile(rf"{_START}(\d{{1,3}}(?:\.\d{{1,3}}){{3}})/(\d{{1,2}})(?!\d){_END}")
_COLOUR = re.compile(r"(?<![\w#&])#(?=[0-9]*[A-Fa-f])(?=[A-Fa-f]*[0-9])([0-9A-Fa-f]{6})(?![0-9A-Za-z_])")
_POWER = re.compile(rf"{_START}(\d+)(?:\^| \*\* )(-?)(\d+){_END}")
_CLOCK = re.compile(rf"{_START}([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.\d+)?)?(?![\d:])Z?{_END}")
_RATIO = re.compile(rf"{_START}(\d+):(\d+)(?![\d:]){_END}")
_VERSION = re.compile(rf"{_START}(?:([vV])(\d+(?:\.\d+)*)|(\d+(?:\.\d+){{2,}})){_END}")
_REQUIREMENT = re.compile(rf"(?<=[A-Za-z\])])(>=|<=|[≥≤<>])\s?({_NUMBER}(?:\.\d+)*)(?![A-Za-z0-9_.])")
_FRACTION = re.compile(rf"{_START}(\d+)/(\d+)(?![\d/]){_END}")
_SIZE = re.compile(rf"{_START}(\d+)\s?[x×]\s?(\d+){_END}")
_EXPONENT = re.compile(rf"{_START}(\d+(?:\.\d+)?)[eE]([-+]?)(\d+){_END}")
_DURATION = re.compile(rf"{_START}(?=\d+[hm]\s?\d)(?:(\d+)h)?\s?(?:(\d+)m)?\s?(?:(\d+)s)?{_END}")
_ORDINAL = re.compile(rf"{_START}(\d+)(?:st|nd|rd|th){_END}")
_ISSUE = re.compile(r"(?<![A-Za-z0-9_#&])#(\d+)(?![A-Za-z0-9_])")
_POINT = re.compile(r"(?<![A-Za-z0-9_./)\]])\.(?=\d)")
_QUANTITY = re.compile(
    rf"""{_START}
    (?:(?<![=-])(?P<compare>>=|<=|[≥≤≧≦<>])\s?)?
    (?P<sign>[-−+±~≈]?)(?P<money>[$€£¥]?)
    (?P<low>{_NUMBER})
    (?:(?:-|–|〜|～|~|\.\.\.?)(?P<high>{_NUMBER}))?
    (?:\s?(?P<unit>{_UNIT}){_END}|(?P<times>[x×]){_END}|(?!\.?\d){_END})
    (?P<counter>(?<=\d)(?:{_COUNTER}))?""",
    re.VERBOSE,
)


def spell(text: str) -> str:
    """Letter by letter and digit by digit; anything else is passed over."""
    letters = lexicon.terms()
    return "".join(_DIGITS.get(char) or letters.get(char, "") for char in text.lower())


def spoken_numbers(text: str) -> str:
    """Replaces what Open JTalk would misread; plain numbers stay digits, for it counts well in Japanese."""
    text = _UUID.sub(lambda match: spell(match[0][:7]), text)
    text = _HASH.sub(lambda match: spell(match[0][:7]), text)
    text = _HEXADECIMAL.sub(lambda match: "ゼロエックス" + spell(match[1][:16]), text)
    text = _DATE.sub(_date, text)
    text = _MONTH.sub(lambda match: f"{match[1]}年{int(match[2])}月", text)
    text = _TIMES.sub("から", text)
    text = _CLOCK.sub(_clock, text)
    text = _RATIO.sub(r"\1たい\2", text)
    text = _COLOUR.sub(lambda match: spell(match[1]), text)
    text = _NETWORK.sub(lambda match: match[1].replace(".", "てん") + f"スラッシュ{match[2]}", text)
    text = _POWER.sub(lambda match: f"{match[1]}の{'マイナス' if match[2] else ''}{match[3]}乗", text)
    text = _REQUIREMENT.sub(lambda match: f" {match[2]}{COMPARED[match[1]]}", text)
    text = _VERSION.sub(_version, text)
    text = _FRACTION.sub(_fraction, text)
    text = _SIZE.sub(r"\1かける\2", text)
    text = _EXPONENT.sub(_exponent, text)
    text = _DURATION.sub(_duration, text)
    text = _ORDINAL.sub(r"\1番目", text)
    text = _ISSUE.sub(r"\1番", text)
    text = _POINT.sub("0.", text)
    return _QUANTITY.sub(_quantity, text)


def _date(match: re.Match[str]) -> str:
    year, month, day = int(match[1]), int(match[3]), int(match[4])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return match[0]
    return f"{year}年{month}月{day}日"


def _clock(match: re.Match[str]) -> str:
    seconds = f"{int(match[3])}秒" if match[3] else ""
    minutes = f"{int(match[2])}分" if int(match[2]) or seconds else ""
    return f"{int(match[1])}時{minutes}{seconds}"


def _version(match: re.Match[str]) -> str:
    # Open JTalk reads 1.2.3 as "itten ni, san"; and 点 after a digit as a score.
    return ("バージョン" if match[1] else "") + (match[2] or match[3]).replace(".", "てん")


def _fraction(match: re.Match[str]) -> str:
    part, whole = int(match[1]), int(match[2])
    return f"{whole}分の{part}" if part <= whole else f"{part}スラッシュ{whole}"


def _exponent(match: re.Match[str]) -> str:
    return f"{match[1]}かける10の{'マイナス' if match[2] == '-' else ''}{int(match[3])}乗"


def _duration(match: re.Match[str]) -> str:
    return "".join(
        f"{int(amount)}{unit}" for amount, unit in zip(match.groups(), ("時間", "分", "秒"), strict=True) if amount
    )


def _quantity(match: re.Match[str]) -> str:
    amount = match["low"].replace(",", "")
    if match["high"]:
        amount += "から" + match["high"].replace(",", "")
    unit = "倍" if match["times"] else UNITS.get(match["unit"] or "", "")
    money, compared = MONEY.get(match["money"], ""), COMPARED.get(match["compare"] or "", "")
    return SIGNS[match["sign"]] + amount + money + unit + (match["counter"] or "") + compared
