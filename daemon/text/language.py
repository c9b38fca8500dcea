"""The language a text is written in: by script, then by small words, and only then by a model."""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Callable

from daemon.text.tables import table
from daemon.text.wording import FALLBACK

_log = logging.getLogger(__name__)

_SAMPLE = 20_000
"""Characters that are looked at."""
_MODEL_LANGUAGES = [
    "en",
    "de",
    "fr",
    "es",
    "it",
    "pt",
    "nl",
    "sv",
    "da",
    "no",
    "fi",
    "pl",
    "cs",
    "tr",
    "vi",
    "id",
    "ro",
    "hu",
]
_FEW = 4
"""Fewer words than this tell the model nothing."""

_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa]")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff々〆]")
_HANGUL = re.compile(r"[\uac00-\ud7a3\u1100-\u11ff]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]+")
_SCRIPTS = (
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("el", re.compile(r"[\u0370-\u03ff]{2,}")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
)
_QUOTED = re.compile(r"[「『\"“][^「」『』\"“”\n]{1,200}[」』\"”]")
_UKRAINIAN = re.compile(r"[іїєґІЇЄҐ]")
_WORD = re.compile(r"(?<![\w./@#-])[^\W\d_]+(?:['’][^\W\d_]+)?(?![\w/@]|[.-]\w)")


@functools.cache
def _small_words() -> dict[str, frozenset[str]]:
    return {row["language"]: frozenset(row["words"].split(" ")) for row in table("small_words.tsv")}


def detect(text: str, default: str = FALLBACK) -> str:
    """The ISO 639-1 code of prose without markup; the default where the text does not tell."""
    text = text[:_SAMPLE]
    return _by_script(text) or _by_words(text) or _by_model(text) or default


def of_sentence(text: str, message: str) -> str:
    """The language of one sentence of a message: the message's own unless the sentence clearly differs."""
    script = _by_script(text)
    if script == "zh" and message == "ja":  # 対応内容。
        return "ja"
    if script or message in ("en", "de", "fr", "es", "it", "pt", "nl"):
        hits = None if script else _hits(text)
        if hits and hits.get(message, 0) == 0:
            best = max(hits, key=lambda code: hits[code])
            return best if hits[best] >= 3 else message
        return script or message
    if message in ("ja", "zh", "ko", "ru") and len(_WORD.findall(text)) >= _FEW:
        return _by_words(text) or message
    return message


def _by_script(text: str) -> str | None:
    text = _QUOTED.sub("", text) or text
    kana, han, hangul = (len(script.findall(text)) for script in (_KANA, _HAN, _HANGUL))
    latin = _LATIN.findall(text)
    # One kanji or kana says about as much as half a word.
    if kana + han + hangul:
        if hangul > kana + han:
            return "ko" if hangul >= len(latin) else None
        if kana + han >= len(latin) or (kana and (kana + han) * 2 >= len(latin)):
            # Chinese has no kana; Japanese prose has one in any clause.
            return "ja" if kana * 20 >= han and kana else "zh"
        return None
    letters = sum(map(len, latin))
    for language, script in _SCRIPTS:
        count = len(script.findall(text))
        if count and count * 2 > letters:
            return "uk" if language == "ru" and _UKRAINIAN.search(text) else language
    return None


def _hits(text: str) -> dict[str, int]:
    words = [word.lower().replace("’", "'") for word in _WORD.findall(text)]
    return {code: sum(word in small for word in words) for code, small in _small_words().items()}


def _by_words(text: str) -> str | None:
    """By articles, pronouns and the like: in any real sentence they are a fifth of the words or more."""
    hits = _hits(text)
    (first, best), (_, second) = sorted(hits.items(), key=lambda pair: -pair[1])[:2]
    count = len(_WORD.findall(text))
    if best == 0 or best == second or best * 8 < count:
        return None
    # One small word among several proves nothing: "Tom & Jerry met." is not Dutch.
    if best == 1 and count > 2 and first != FALLBACK:
        return None
    return first if best - second >= 2 or second * 2 <= best else None


def _by_model(text: str) -> str | None:
    """Asks py3langid (0.7 s and 77 MB on first use, so only where the small words do not tell)."""
    words = _WORD.findall(text)
    if len({word.lower() for word in words if len(word) > 2}) < _FEW:
        return None
    try:
        return str(_model()(" ".join(words))[0])
    except ImportError as error:
        _log.warning("py3langid cannot be imported (%s); run install.sh. The text is taken for English.", error)
        return None


@functools.cache
def _model() -> Callable[[str], tuple[str, float]]:
    import py3langid  # 16 ms, and the model when it is first asked

    py3langid.set_languages(_MODEL_LANGUAGES)
    classify: Callable[[str], tuple[str, float]] = py3langid.classify
    return classify
