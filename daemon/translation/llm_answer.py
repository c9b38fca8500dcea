"""What of a language model's answer is the translation, and whether it can be one."""

from __future__ import annotations

import re

from daemon.translation import faithful

_THOUGHTS = re.compile(
    r"<(think|thinking|thought|reasoning)>.*?(?:</\1>|\Z)"
    r"|\A.*?</(?:think|thinking|thought|reasoning)>"  # the opening tag may stand in the model's template
    r"|\A.*<\|channel\|>final<\|message\|>"
    r"|<\|[a-z_]+\|>",
    re.DOTALL,
)
_LABEL = re.compile(r"\A(?:日本語訳|翻訳(?:文|結果)?|訳(?:文)?|Japanese|Translation)\s*[:：]\s*", re.IGNORECASE)
_QUOTES = {"「": "」", "『": "』", '"': '"', "“": "”", "'": "'", "`": "`", "**": "**"}
_KANA = re.compile(r"[\u3041-\u309f\u30a1-\u30ff]")
_JAPANESE = re.compile(r"[\u3041-\u30ff\u3400-\u9fff]")
_WORDS = re.compile(r"[A-Za-z]{3,}")
_REFUSAL = re.compile(
    r"(?:申し訳|すみません|ごめんなさい).{0,40}(?:できません|できかねます|いたしかねます|お手伝い|お答え)"
    r"|AI(?:アシスタント|言語モデル|モデル)?(?:として|なので|ですので)"
    r"|翻訳(?:する|したい)(?:文|文章|テキスト)を"
    r"|(?:ご質問|お手伝い).{0,12}(?:ください|でしょうか|ますか)"
)
_REGRETS = re.compile(r"sorry|apolog|unable|can(?:no|'|’)t|could ?n[o'’]t|help|as an AI|translat", re.IGNORECASE)


def translation(answer: str) -> str:
    """The answer without thoughts, labels, fences and quotes; of several lines, the first Japanese one.

    A source is one sentence, so what follows after its translation is a note on it.
    """
    text = _THOUGHTS.sub("", answer).strip()
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("```")]
    line = next((line for line in lines if _KANA.search(line)), next(iter(lines), ""))
    return unquoted(_LABEL.sub("", line)).strip()


def unquoted(text: str) -> str:
    """The text without the pair of quotes that stands around the whole of it."""
    for opening, closing in _QUOTES.items():
        inner = text[len(opening) : -len(closing)]
        if text.startswith(opening) and text.endswith(closing) and inner and closing not in inner:
            return unquoted(inner.strip())
    return text


def fault(source: str, japanese: str) -> str | None:
    """Why this cannot be a translation of the source; None where nothing speaks against it."""
    if complaint := faithful.fault(source, japanese):
        return complaint
    letters = len(_JAPANESE.findall(japanese))
    if letters == 0 or (letters > 8 and not _KANA.search(japanese)):
        return "it is not Japanese"
    foreign = sum(len(word) for word in _WORDS.findall(japanese) if word.lower() not in source.lower())
    if foreign > letters:
        return "most of it is not Japanese"
    if _REFUSAL.search(japanese) and not _REGRETS.search(source):
        return "it is a refusal or a question, not a translation"
    return None
