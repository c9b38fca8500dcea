"""What of a sentence a translation must hold as it is: code, identifiers, paths, commands, and numbers."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from daemon.text import lexicon

_VERBS = (
    "add|apply|audit|bench|branch|build|bump|check|checkout|cherry-pick|ci|clean|clone|commit|compose|config|create"
    "|delete|deploy|destroy|dev|diff|doc|down|exec|fetch|fmt|format|freeze|generate|get|init|install|lint|list|lock"
    "|log|logs|login|merge|mod|outdated|pack|plan|prune|ps|publish|pull|push|rebase|reflog|release|remove|reset|restart"
    "|restore|revert|rm|rollout|run|serve|show|stash|start|status|stop|submodule|switch|sync|tag|test|tidy|tool|uninstall"
    "|up|update|upgrade|validate|vendor|verify|version|vet|worktree"
)
_TOOLS = (
    "aws|brew|buf|bundle|bun|cargo|cmake|composer|conda|deno|docker|docker-compose|dotnet|gh|git|gradle|helm|kubectl"
    "|mvn|nox|npm|npx|pip|pipx|pnpm|podman|poetry|rails|ruff|rustup|systemctl|terraform|tox|uv|yarn"
)
_OTHERS = (
    "bash|black|cat|cd|chmod|cp|curl|eslint|grep|jest|ls|make|mkdir|mv|mypy|node|prettier|pytest|rm|sed|sudo|tsc|wget"
)
_SCRIPTS = r"(?:python3?|node|bash|sh|ruby) [\w./-]+\.(?:py|js|mjs|ts|sh|rb)"
# What could be a package or script, but goes on with the sentence: "run npm install to …".
_PROSE = (
    "a|aborted|after|again|all|an|and|any|as|at|because|before|but|by|can|did|does|every|exited|exits|failed|fails|first|for|from"
    "|has|here|if|in|instead|into|is|it|its|locally|next|now|of|on|once|or|over|passed|passes|reports|returns|says|selected"
    "|shows|since|so|still|succeeded|succeeds|takes|that|the|then|there|these|this|those|to|took|twice|until|was|we|when"
    "|where|which|while|will|with|without|yet|you"
)
_FLAG = r"--?[A-Za-z][\w-]*(?:=[^\s,;]+)?"
_PATH = r"(?:~|\.{0,2})?/?[\w@.-]+(?:/[\w@.*-]+)+/?|\.{1,2}(?=\s|$)|[\w-]+\.[a-z]{1,4}\b"
_NAME = rf"(?!(?:{_PROSE})\b)[a-z][\w@-]*"
_COMMAND = (
    rf"(?:{_TOOLS}) (?:run|install|add|exec|uninstall) {_NAME}(?:[ ](?:{_FLAG}|{_PATH}))*"
    rf"|(?:(?:{_TOOLS}) (?:{_VERBS})|go (?:build|fmt|generate|get|install|mod|run|test|tool|vet))\b(?![-'])"
    rf"(?:[ ](?:{_FLAG}|{_PATH}))*"
    rf"|{_SCRIPTS}(?: {_NAME}\b(?!:))?"
    rf"|(?:{_TOOLS}|{_OTHERS})(?: (?:-[A-Za-z] {_NAME}|-rf {_NAME}|{_FLAG}|{_PATH}))+"
)
_SHOUTED = "OK|AM|PM|NOTE|TIP|WARNING|AND|OR|NO|YES|ALL|DO|ONLY|NEVER|MUST|NOT(?! [A-Z]{2})|[KMGT]i?B|[MG]Hz"
_PRODUCTS = "Claude(?: Code)?|Django|Docker|Git|Java|Kubernetes|Linux|Postgres|Python|React|Redis|Ruby|Rust|Windows"
"""Which of them begins a sentence, its capital does not tell; inside of one, any term of the dictionary will do."""
_NO_PRODUCT = (
    "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|January|February|March|April|May|June|July|August|September|October"
    "|November|December|English|Japanese|Chinese|German|French|Spanish|Korean|American|European|All|The|This|That|If|When"
    "|Please|Yes|No|Sorry|Thanks|Done|Note|Part|Phase|Step|Section|Chapter|Figure|Table|Version"
)
_CAPITAL = re.compile(rf"(?<=[\w,] )(?!(?:{_NO_PRODUCT})\b)[A-Z][a-z]+\b")
_BEGIN, _END = r"(?<![A-Za-z0-9_.$@/\\-])", r"(?![A-Za-z0-9_])"
_CODE = re.compile(
    "|".join(
        (
            r"`[^`\n]+`",
            r"\b[a-z][a-z0-9+.-]*://[^\s<>\"'「」]*[^\s<>\"'「」.,;:!?)]",
            rf"{_BEGIN}(?:{_COMMAND}){_END}",
            r"\$\{?[A-Za-z_]\w*\}?(?:/[\w.-]+)*",
            r"(?<![\w/])(?:~|\.{1,2}|@[\w-]*)?/[\w@.*-]+(?:/[\w@.*-]+)*/?(?<![.])",
            r"(?<![\w/.-])(?!(?:and|yes|on|true|input|read|client|he|I|either|pass|start)/)[\w.-]+(?:/[\w.*-]*\w)+/?",
            r"(?<![\w/.-])[a-z][\w.-]*/(?=[\s,;:?!)]|$)",
            rf"(?<![\w-]){_FLAG}",
            r"(?<!\w)[#@](?=\w)[\w-]+",
            r"(?<![\w.-])(?!(?:e\.g|i\.e|a\.m|p\.m|vs|etc|U\.S)\b)[A-Za-z_][\w-]*(?:(?:\.|::|->)[A-Za-z_]\w*)+(?:\(\)|!)?",
            r"(?<![\w.])\.[a-z][\w-]{2,}\b",
            r"\b[A-Za-z_]\w*(?:\(\)|\[[^\]\n]{0,40}\])",
            r"\b[A-Za-z][\w-]*[=:][A-Za-z0-9]\w*",
            r"\b[a-z]\w*!(?=\s[a-z])",
            r"\b[A-Za-z0-9]*_\w+\b",
            r"\b(?!kB\b)(?:[a-z]+[A-Z]|[A-Z][a-z0-9]+[A-Z])\w*\b",
            r"(?<![\w.])v\d+(?:\.\d+)+(?:-[\w.]+)?",
            r"\b(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}\b",
            r"\b(?!(?:a|p)m\b)[A-Za-z]+(?:-?\d+)+\w*\b(?!-)",
            rf"\b(?!(?:{_SHOUTED})\b)[A-Z][A-Z0-9]+(?: [A-Z]{{2,}})*\b",
            rf"\b(?:{_PRODUCTS})\b",
            r"\b[a-z]+(?:-(?!(?:to|of|the|in|and|by|a|an|for|on|up)\b)[a-z]+){2,}\b",
        )
    ),
    re.ASCII,
)
_NUMBER = re.compile(r"(?<![\w.,])(?<!\d:)[-−]?\d+(?:,\d{3})*(?:\.\d+)*", re.ASCII)
_SCALES = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12}
_CLOCK = re.compile(r"[ ]?(?:[ap]\.?m\b|o'clock)|:\d\d", re.IGNORECASE)
_SCALE = re.compile(rf"[ -]?({'|'.join(_SCALES)}|[kKM])\b")


@dataclass(frozen=True)
class Name:
    """A part of a sentence that its translation must hold."""

    text: str
    start: int
    end: int
    value: Decimal | None = None
    """Of a number; None for all else."""


def names(text: str) -> list[Name]:
    """In the sentence's order, without overlap. Times of the day are left out: 3 PM is 15時."""
    found = []
    for match in _CODE.finditer(text):
        inner = match[0].strip("` ").rstrip("" if match[0].startswith("`") else ".,;: ")
        if inner:
            found.append(Name(inner, match.start(), match.end() if match[0][0] == "`" else match.start() + len(inner)))
    taken = [(name.start, name.end) for name in found]
    if sum(word[:1].isupper() for word in text.split()) <= len(text.split()) / 2:  # else it is a heading
        for match in _CAPITAL.finditer(text):
            if lexicon.find(match[0], {}) and not any(
                start < match.end() and match.start() < end for start, end in taken
            ):
                found.append(Name(match[0], match.start(), match.end()))
    for match in _NUMBER.finditer(text):
        inside = any(start < match.end() and match.start() < end for start, end in taken)
        if not inside and not _CLOCK.match(text, match.end()) and (name := _number(text, match)) is not None:
            found.append(name)
    return sorted(found, key=lambda name: name.start)


def _number(text: str, match: re.Match[str]) -> Name | None:
    try:
        value = abs(Decimal(match[0].replace(",", "").replace("−", "-")))
    except InvalidOperation:  # a version such as 3.11.2
        return Name(match[0], match.start(), match.end())
    if scale := _SCALE.match(text, match.end()):
        value *= Decimal(10) ** {"k": 3, "K": 3, "M": 6, **_SCALES}[scale[1]]
    sign = len(match[0]) - len(match[0].lstrip("-−"))
    return Name(match[0][sign:], match.start() + sign, match.end(), value)


_JAPANESE_NUMBER = re.compile(r"(?<![_.\d/])\d+(?:,\d{3})*(?:\.\d+)*", re.ASCII)
_JAPANESE_SCALES = {"百": 2, "千": 3, "万": 4, "百万": 6, "千万": 7, "億": 8, "兆": 12}
_JAPANESE_SCALE = re.compile("|".join(sorted(_JAPANESE_SCALES, key=len, reverse=True)))
_DIGITS = "〇一二三四五六七八九十"


def numbers(japanese: str) -> list[tuple[Decimal, int, int]]:
    """The numbers of a Japanese text, written in digits: value, start, end."""
    found = []
    for match in _JAPANESE_NUMBER.finditer(japanese):
        try:
            value = Decimal(match[0].replace(",", ""))
        except InvalidOperation:
            continue
        end = match.end()
        if scale := _JAPANESE_SCALE.match(japanese, end):
            value, end = value * Decimal(10) ** _JAPANESE_SCALES[scale[0]], scale.end()
        found.append((value, match.start(), end))
    return found


def holds(japanese: str, name: Name) -> bool:
    """Whether the Japanese says it: as it is written, in full width, as its katakana, or as a number of that value."""
    plain = unicodedata.normalize("NFKC", japanese)
    if name.value is not None:
        if any(value == name.value for value, _, _ in numbers(plain)):
            return True
        if re.search(rf"(?<![\d.]){re.escape(name.text)}[kKM]", plain):  # 4K may stay 4K
            return True
        return name.value == int(name.value) and name.value <= 10 and _DIGITS[int(name.value)] in plain
    if pattern(name.text.removesuffix("()")).search(plain):
        return True
    if len(name.text) <= 3 and pattern(name.text.lower()).search(plain.lower()):  # e2e, E2E
        return True
    if name.text[:1] == "v" and pattern(name.text[1:]).search(plain):
        return True
    reading = lexicon.find(name.text, {})
    return reading is not None and reading in japanese


def pattern(text: str) -> re.Pattern[str]:
    """Finds the text, and not as a part of a longer word."""
    before = r"(?<![A-Za-z0-9_])" if re.match(r"\w", text, re.ASCII) else ""
    # Python3 is Python; port_80 is not port_8.
    after = r"(?![A-Za-z_])" if text[-1:].isalpha() else r"(?![A-Za-z0-9_])" if re.search(r"\w\Z", text) else ""
    return re.compile(before + re.escape(unicodedata.normalize("NFKC", text)) + after)
