"""From a message's markdown to the sentences that will be spoken, in the language they were written in."""

from __future__ import annotations

import re
from typing import Literal

from daemon.narration import Sentence
from daemon.text import (
    abbreviations,
    characters,
    digests,
    formulas,
    language,
    links,
    markdown,
    pasted,
    paths,
    sentences,
    symbols,
    units,
)
from daemon.text.code_spans import code_spans
from daemon.text.marks import (
    CODE,
    CODE_CLOSE,
    CODE_OPEN,
    FOOTNOTE,
    FORMULA,
    IMAGE_CLOSE,
    IMAGE_OPEN,
    LONG,
    PASTED_INDEX,
    SECRET,
)
from daemon.text.secrets import redact
from daemon.text.wording import Wording, wording

CodeBlocks = Literal["announce", "drop"]

_MARKS = re.compile("[\ue000-\uf8ff]")
_IMAGE = re.compile(f"{IMAGE_OPEN}([^{IMAGE_CLOSE}]*){IMAGE_CLOSE}")
_HEADING_NUMBER = re.compile(r"^\s*([0-9]{1,3})[.)]\s+")
_LEAD_DASH = re.compile(r"^((?:[^.!?。！？\n–—]|[.!?](?=\S)){1,80}?)\s+(?:[–—-]|--)\s+(?![0-9])")
_LABEL = re.compile(r"^[\w ]{1,20}[:：]")
_SPACE = re.compile(r"[ \t\u3000\u2000-\u200a]+")
_BEFORE_SIGN = re.compile(r"\s+([,.;!?、。，](?:\s|$))")
_EMPTY = re.compile(r"\(\s*\)|（\s*）|\[\s*\]|「\s*」")
_ASSIGNED_SECRET = re.compile(rf"\s?=\s?(?=[\"']?{SECRET})")
_CJK = r"[\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff00-\uffef]"
_CJK_GAPS = (
    re.compile(rf"({_CJK})[ ]+(?={_CJK})"),
    re.compile(rf"({_CJK})[ ]+(?=[0-9])"),
    re.compile(rf"((?<![A-Za-z_.])[0-9]+(?:[.,][0-9]+)*)[ ]+(?={_CJK})"),
)
_CLOSED = re.compile(r"[.!?…。！？｡][\"'”’»)\]）」』】]*$")
_OPEN_END = " \t,;:、，；：–—-"


def spoken_sentences(text: str, code_blocks: CodeBlocks) -> list[Sentence]:
    """The sentences of a markdown text, ready for translation. Never raises on any str; about a second for 1 MB.

    code_blocks "drop" passes over code, tables, JSON, logs and diffs in silence. A text without words gives [].
    """
    text, was_cut = characters.bounded(text)
    text = redact(characters.without_controls(text))
    text = links.by_host(characters.without_traps(formulas.named(text)))
    text, passages = pasted.set_apart(text)
    found = markdown.blocks(text)
    code = language.detect(" ".join(_prose(block.text) for block in found if block.kind not in ("code", "table")))
    words = wording(code)
    spoken: list[Sentence] = []
    for block in found:
        spoken += _speak(block, code, words, passages, code_blocks)
    if was_cut:
        spoken.append(Sentence(words.say("rest"), words.language))
    return spoken


def _prose(text: str) -> str:
    return _MARKS.sub(" ", CODE.sub(" ", text))


def _speak(
    block: markdown.Block, code: str, words: Wording, passages: list[pasted.Pasted], code_blocks: CodeBlocks
) -> list[Sentence]:
    index = PASTED_INDEX.search(block.text)
    if index:
        passage = passages[int(index[1])]
        return _announce(passage, words, code, code_blocks)
    if block.kind in ("code", "table"):
        if code_blocks == "drop":
            return []
        said = words.code_block(block.text) if block.kind == "code" else words.table(block.rows)
        return [Sentence(said, words.language)]
    return _prose_sentences(block, code, words)


def _announce(passage: pasted.Pasted, words: Wording, code: str, code_blocks: CodeBlocks) -> list[Sentence]:
    if passage.kind == "trace":
        error = closed(speakable(passage.detail, code, words).strip(), words)
        said = words.say("trace_of", error=error) if passage.detail else words.say("trace")
    elif code_blocks == "drop":
        return []
    elif passage.kind == "json":
        said = words.code_block("json")
    elif passage.kind == "log":
        said = words.say("log", n=passage.lines)
    else:
        said = words.say("diff")
    return [Sentence(said, words.language)]


def _prose_sentences(block: markdown.Block, code: str, words: Wording) -> list[Sentence]:
    text = block.text
    if block.kind == "heading":
        text = _HEADING_NUMBER.sub(lambda hit: words.say("item", n=hit[1]), text)
    elif block.kind == "item":
        text = _LEAD_DASH.sub(r"\1: ", text, count=1)
    text = speakable(text, code, words)
    marked = [sentence for sentence in sentences.split(text, code) if any(map(str.isalnum, tidied(sentence, words)))]
    said = [closed(tidied(sentence, words), words) for sentence in marked]
    if said and block.number is not None:
        said[0] = words.say("item", n=block.number) + said[0]
    elif said and block.quoted and not _LABEL.match(said[0]):
        said[0] = words.say("quote", text=said[0])
    return [
        Sentence(sentence, language.of_sentence(sentence, code), code_spans(before, sentence))
        for before, sentence in zip(marked, said, strict=True)
    ]


def speakable(text: str, code: str, words: Wording) -> str:
    """One block's prose with everything that is written but not said put into words. Marks of code stay."""
    # Once more, for a secret that only lost markup put together.
    text = redact(characters.without_emoji(text))
    text = _IMAGE.sub(lambda hit: _image(hit, words), text)
    text = paths.by_file_name(text, words)
    text = digests.shortened(text)
    text = "".join(
        part if index % 2 else abbreviations.expanded(part, code)
        for index, part in enumerate(re.split(f"({CODE_OPEN}[^{CODE_CLOSE}]*{CODE_CLOSE})", text))
    )
    text = _ASSIGNED_SECRET.sub(": ", text)
    text = units.in_words(symbols.in_words(text, words), words)
    for mark, key in ((SECRET, "secret"), (LONG, "long"), (FORMULA, "formula"), (FOOTNOTE, "footnote")):
        text = text.replace(mark, words.words[key])
    return text


def _image(hit: re.Match[str], words: Wording) -> str:
    """An image that opens its block is a sentence of its own; one inside of a sentence stays there."""
    said = words.say("image", alt=hit[1])
    if not hit.string[: hit.start()].strip():
        return closed(said, words) + "\n"
    return said[0].lower() + said[1:]


def tidied(sentence: str, words: Wording) -> str:
    """Marks and double spaces gone; in Japanese and Chinese also the spaces around numbers."""
    sentence = _SPACE.sub(" ", _MARKS.sub("", sentence))
    sentence = _BEFORE_SIGN.sub(r"\1", _EMPTY.sub("", sentence)) if words.language != "fr" else sentence
    if words.language in ("ja", "zh"):
        for gap in _CJK_GAPS:
            sentence = gap.sub(r"\1", sentence)
    return sentence.strip().lstrip(",;、，:) ")


def closed(sentence: str, words: Wording) -> str:
    """The sentence with a closing mark; a colon or comma at its end gives way to it."""
    if _CLOSED.search(sentence):
        return sentence
    return sentence.rstrip(_OPEN_END) + words.full_stop
