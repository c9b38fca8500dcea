"""What Open JTalk should read: a Japanese sentence with its English words, identifiers and numbers in kana."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

from daemon.text import homographs, lexicon
from daemon.text.numbers import spoken_numbers
from daemon.text.words import read_name

_NOTHING: Mapping[str, str] = MappingProxyType({})

_WIDE = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
_FOREIGN = re.compile(r"[!-~\u00c0-\u024f０-９Ａ-Ｚａ-ｚ→⇒]")
_SPACES = re.compile(r"\s{2,}")
_APOSTROPHE = re.compile(r"(?<=[A-Za-z])’(?=[A-Za-z])")
_ACCENTED = re.compile(r"[\u00c0-\u024f]")
_CALL = re.compile(r"(?<=[A-Za-z0-9_])\(\)")
_OPTION = re.compile(r"(?<![A-Za-z0-9_-])--([A-Za-z][A-Za-z0-9_-]*)(=)?(\s?(?:オプション|フラグ|引数|スイッチ))?")
_SHORT_OPTION = re.compile(r"(?<![A-Za-z0-9_ァ-ヺー-])-([A-Za-z]{1,4})(?![A-Za-z0-9_-])")
_SCHEME = re.compile(r"(?<![A-Za-z0-9])(?:https?|ssh|git|file|ftp)://", re.IGNORECASE)
_NAME = re.compile(
    r"""(?:\$|~?[.@/_]{1,8})?                             # $HOME, ~/.config, .env, @dataclass, /review, __init__
    (?<![A-Za-z0-9])[0-9]*[A-Za-z][A-Za-z0-9]*
    (?:(?:[./@'&+\#:=-]|::|/\.|_+)[A-Za-z0-9]+           # snake_case, kebab-case, dotted.name, path/to, it's
      |\ (?=[A-Za-z])[A-Za-z0-9]+                         # so that terms of two words are found
    )*
    (?:\+\+|\#(?!\d))?_*""",
    re.VERBOSE,
)
_SYMBOLS = tuple(
    (re.compile(pattern), spoken)
    for pattern, spoken in (
        (r"\s*(?:[-=]{1,3}>|<-{1,3}|→|⇒|➜|\.{2,}|\s-{2,3}\s|\s[-–—|]\s|—)\s*", "、"),
        (r"\s?(?:!==?|≠)\s?", " ノットイコール "),
        (r"(?:(?<=^)|(?<=[\s(]))!(?=[A-Za-z_ァ-ヺ])", "ノット "),
        (r"\s?~=\s?", " ニアリーイコール "),
        (r"\s?>=\s?", " 大なりイコール "),
        (r"\s?<=\s?", " 小なりイコール "),
        (r"(?<=[^\s、。])\s<\s(?=\S)", " 小なり "),
        (r"\s?={1,3}\s?", " イコール "),
        (r"\s?&&\s?", " かつ "),
        (r"\s?\|\|\s?", " または "),
        (r"\s?&\s?", " アンド "),
        (r"(?<=\S) ?\+ ?(?=\S)", " プラス "),
        (r"(?<=[^\s、。]) \*\* (?=\d+)(\d+)", r"の\1乗"),
        (r"(?<=\d)\s?[*×]\s?(?=\d)", "かける"),
        (r"(?<=[^\s、。]) [*×] (?=[^\s、。])", " かける "),
        (r"(?<=[^\s、。\d]) % (?=[\dァ-ヺ])", " モジュロ "),
        (r"(?<=[ァ-ヺー])~(?=\d)", "チルダ"),
        (r"(?<=[^\s、。])\s>\s(?=\S)", "、"),
        (r"%", "パーセント"),
        (r"@", "アット"),
        (r"[,;/]", "、"),
        (r"(?<=[^\s。、])\.(?=\s|$)\s*", "。"),
        (r":", "、"),
        (r"\(\)|[`\"'*_#$^~\\<>{}\[\]|+-]", " "),
        (r"\s{2,}", " "),
        (r"\s([、。])", r"\1"),
        (r"、[、 ]+", "、"),
    )
)


def to_reading(text: str, user_terms: Mapping[str, str] = _NOTHING) -> str:
    """Kana for every Latin word of the sentence; of its Japanese only what would be misread is changed.

    `user_terms` are the user's own readings, above the tables.
    """
    text = homographs.resolve(lexicon.replace_terms(text, user_terms))
    if _FOREIGN.search(text) is None:
        return text
    text = _SPACES.sub(" ", text)
    text = _ACCENTED.sub(_without_accent, text.translate(_WIDE))
    text = _APOSTROPHE.sub("'", _SCHEME.sub("", _CALL.sub("", text)))
    text = _OPTION.sub(lambda match: _option(match, user_terms), text)
    text = _SHORT_OPTION.sub(lambda match: "ハイフン" + read_name(match[1], user_terms), text)
    text = spoken_numbers(text)
    text = _NAME.sub(lambda match: read_name(match[0], user_terms), text)
    for pattern, spoken in _SYMBOLS:
        text = pattern.sub(spoken, text)
    return text.strip()


def _option(match: re.Match[str], user_terms: Mapping[str, str]) -> str:
    name = read_name(match[1], user_terms)
    if match[2]:
        return f"{name}イコール"
    return name + (match[3] or "オプション").strip()


def _without_accent(match: re.Match[str]) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", match[0]) if not unicodedata.combining(char))
