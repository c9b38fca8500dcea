"""What a translation must hold verbatim: taken out of a sentence before the model, put back after it.

An identifier, path, command, flag, URL, acronym or longer number becomes one character of Unicode's private use area;
equal ones become the same character. The model learns to carry these characters over, wherever Japanese wants them.
Single digits stay text: Japanese counts small things in words of their own (1つ, 2人).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from daemon.translation import spelling

CODES = 12
"""Placeholders for identifiers in one sentence; what is beyond them stays text."""
NUMBERS = 8
CODE = [chr(0xE000 + n) for n in range(CODES)]
NUMBER = [chr(0xE100 + n) for n in range(NUMBERS)]
SYMBOLS = [*CODE, *NUMBER]

# Programs that sentences name together with what they are given, though nothing marks it as code.
_COMMANDS = {
    "brew": "install|uninstall|update|upgrade|tap|services",
    "buf": "generate|lint|build",
    "bun": "run|install|test|add",
    "bundle": "exec|install",
    "cargo": "add|bench|build|check|clean|clippy|doc|fmt|install|publish|run|test|update",
    "cmake": "",
    "conda": "activate|create|install",
    "composer": "install|require|update",
    "deno": "run|test|lint|fmt",
    "docker": "build|compose|exec|images|logs|ps|pull|push|run|start|stop|system",
    "docker-compose": "build|down|logs|restart|up",
    "dotnet": "build|publish|restore|run|test",
    "flutter": "build|pub|run|test",
    "gh": "auth|issue|pr|release|repo|run|workflow",
    "git": "add|bisect|blame|branch|checkout|cherry-pick|clean|clone|commit|config|diff|fetch|init|log|merge|mv|pull"
    "|push|rebase|reflog|remote|reset|restore|revert|rm|show|stash|status|submodule|switch|tag|worktree",
    "go": "build|fmt|generate|get|install|mod|run|test|tool|vet",
    "gradle": "build|clean|test",
    "helm": "install|lint|template|uninstall|upgrade",
    "kubectl": "apply|delete|describe|exec|get|logs|port-forward|rollout|scale",
    "mix": "compile|deps|ecto|format|test",
    "mvn": "clean|install|package|test|verify",
    "npm": "audit|ci|init|install|link|pack|publish|run|start|test|uninstall|update",
    "npx": "[a-z][a-z0-9-]*",
    "pip": "freeze|install|list|uninstall",
    "pnpm": "add|build|dev|install|run|test",
    "poetry": "add|install|lock|run|update",
    "python": r"-m|[\w./-]+\.py",
    "python3": r"-m|[\w./-]+\.py",
    "rails": "console|db|generate|server|test",
    "ruff": "check|format",
    "rustup": "component|default|target|update",
    "swift": "build|package|run|test",
    "systemctl": "daemon-reload|disable|enable|reload|restart|start|status|stop",
    "terraform": "apply|destroy|fmt|import|init|plan|state|validate",
    "uv": "add|lock|pip|run|sync|venv",
    "yarn": "add|build|dev|install|run|test",
    **dict.fromkeys(("black", "curl", "eslint", "jest", "mypy", "prettier", "pytest", "rm", "ruff", "sudo", "tsc"), ""),
}
# Words that go on with the sentence, where a package or script could stand: "npm install to get it".
_NO_NAME = (
    "a|after|again|and|as|at|before|but|by|exits?|exited|fails?|failed|finished|first|for|from|here|if|in|into|is|it|now"
    "|of|on|once|or|over|passes|passed|so|takes|that|the|then|this|to|took|until|was|when|which|while|will|with|without"
)
_NAME = rf"(?!(?:{_NO_NAME})\b)[a-z][\w:@/.-]*\w"
_ARGUMENT = (
    rf"(?:-[kmt] {_NAME}|--?[A-Za-z][\w-]*(?:=[^\s,;]+)?|[\w@~.-]*/[\w./@*-]*[\w*/]"
    rf"|[\w-]+\.[a-z]{{1,5}}\b(?: {_NAME})?|\.(?= |$))"
)
_TAKES_NAME = "add|compose|exec|install|run|uninstall"
_COMMAND = "|".join(
    rf"{name} (?:(?:{_TAKES_NAME}) {_NAME}|(?:{words})(?![\w-]))(?: {_ARGUMENT})*"
    if words
    else rf"{name}(?: {_ARGUMENT})+"
    for name, words in sorted(_COMMANDS.items())
)
_BEFORE, _AFTER = r"(?<![A-Za-z0-9_.$@/\\-])", r"(?![A-Za-z0-9_])"
_EXTENSIONS = (
    "bat|c|cc|cfg|cjs|conf|cpp|cs|css|csv|dart|db|dll|env|ex|exe|exs|go|gz|h|hpp|html|ini|ipynb|java|jpe?g|js|json|jsonl"
    "|jsx|kt|lock|log|lua|md|mdx|mjs|mp3|ndjson|pdf|php|png|proto|ps1|pyi?|rb|rs|rst|scss|sh|so|sql|sqlite|svelte|svg"
    "|swift|tar|tfvars|tf|toml|tsv|tsx?|txt|vue|wasm|wav|xml|ya?ml|zip|zig"
)
_CODE = re.compile(
    "|".join(
        (
            r"`[^`\n]+`",
            r"\b[a-z][a-z0-9+.-]*://[^\s<>\"')\]、。]*[^\s<>\"')\]、。.,;:!?]",
            rf"{_BEFORE}(?:{_COMMAND}){_AFTER}",
            r"\{\{?[\w.]*\}?\}|%(?:\(\w+\))?[sd](?![A-Za-z])",
            r"\$\{?[A-Za-z_]\w*\}?(?:/[\w.-]*\w)*",
            r"(?<![\w/])(?:~|\.{1,2}|@[\w-]*)?/[\w@.*-]*[\w*](?:/[\w@.*-]*[\w*])*/?",  # ~/x, ./x, /etc/x, @scope/x
            r"(?<![\w/.-])[\w.-]+(?:/[\w.*-]*[\w*]){2,}/?",  # a/b/c
            r"(?<![\w/.-])[\w.-]+/(?!\w)",  # src/
            r"(?<![\w/.-])[\w-]+/[\w.-]*[._][\w-]+",  # src/a.py
            r"(?<![\w-])--?[A-Za-z][\w-]*(?:=[\w./-]*\w)?",
            r"(?<![\w&])#\d+|@[A-Za-z]\w*",
            rf"(?<![\w.-])\.?[\w-]+(?:\.[\w-]+)*\.(?:{_EXTENSIONS}){_AFTER}(?:\(\))?",
            r"(?<!\w)(?:ASP)?\.NET\b",
            r"(?<![\w.])\.(?:env|git|gitignore|npmrc|bashrc|zshrc|dockerignore|editorconfig|nvmrc)\b",
            r"\b(?!e\.g|i\.e|a\.m|p\.m|vs\.)[A-Za-z_]\w*(?:(?:\.|::|->)[A-Za-z_]\w*)+(?:\(\))?!?",
            r"\b[A-Za-z_]\w*\([\w, .'\"=*]*\)(?<!\(s\))(?<!\(es\))",
            r"\b[A-Za-z]\w*\[[\w +*-]+\]",
            r"\b[A-Za-z]+=[A-Za-z0-9]\w*",
            r"\b[A-Za-z]\w*!(?=\s[a-z])",
            r"(?<![\w-])_*[A-Za-z0-9]+(?:_+[A-Za-z0-9]+)+_*|\b_+[A-Za-z]\w*",
            r"(?<![\w-])(?:[a-z]+[A-Z]|[A-Z][a-z0-9]+[A-Z]|[A-Z]{2,}[a-rt-z]|[A-Z]{2,}s[a-z])\w*",
            r"(?<![\w-])(?:v\d+(?:\.\d+)*(?:-\w+)?|[A-Za-z][A-Za-z-]*\d\w*)(?![\w-])",
            r"(?<![\w-])(?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{7,40}(?![\w-])",
            r"(?<![\w-])[A-Za-z][\w-]*:\d+\b",
            r"\b(?!(?:OK|AM|PM|NOTE|TIP|WARNING|IMPORTANT|ERROR|CAUTION|DO|NOT|ALL|NEVER|ONLY|MUST|YES|NO|AND|OR)\b)"
            r"[A-Z][A-Z0-9]+(?: [A-Z]{2,})*(?![\w])",
        )
    ),
    re.ASCII,
)
_NUMBER = re.compile(r"(?<![\w.,])\d(?:[\d,.:]*\d)(?![\d])")
_WORD = re.compile(r"(?<![\w.@/$-])[A-Za-z][A-Za-z+#-]*[A-Za-z+#](?![\w/])")


class Unfaithful(ValueError):
    """The translation lost a placeholder, or holds one that the source has not."""


@dataclass(frozen=True)
class Protected:
    """A sentence for the model, and what its placeholders stand for."""

    text: str
    taken: dict[str, str]
    """Placeholder -> what stood in its place."""

    def restore(self, translation: str) -> str:
        """The translation with everything back in its place, character for character; Unfaithful where that fails."""
        there = set(spelling.private(translation))
        if there != set(self.taken):
            lost = sorted(self.taken[symbol] for symbol in self.taken.keys() - there)
            raise Unfaithful(f"It lost {lost}." if lost else "It holds a placeholder that the source has not.")
        return self.salvage(translation)

    def salvage(self, translation: str) -> str:
        """The same of a translation that is not faithful: with what it kept, without what it made up."""
        for symbol in spelling.private(translation):
            translation = translation.replace(symbol, self.taken.get(symbol, ""))
        return translation


def spans(text: str, names: Collection[str] = ()) -> list[tuple[int, int, bool]]:
    """Where something to be kept begins and ends, and whether it is a number; in order, without overlap.

    `names`: words that Japanese leaves as they are, such as Docker.
    """
    found = [(m.start(), m.end(), False) for m in _CODE.finditer(text)]
    taken = bytearray(len(text))
    for start, end, _ in found:
        taken[start:end] = b"\1" * (end - start)
    for pattern, is_number in ((_NUMBER, True), (_WORD, False)):
        for m in pattern.finditer(text):
            if not any(taken[m.start() : m.end()]) and (is_number or m[0] in names):
                found.append((m.start(), m.end(), is_number))
                taken[m.start() : m.end()] = b"\1" * (m.end() - m.start())
    return sorted(found)


def protect(
    text: str, names: Collection[str] = (), more: Callable[[str], Iterable[tuple[int, int]]] = lambda text: ()
) -> Protected:
    """The sentence in the model's spelling, its identifiers and numbers replaced.

    `more`: where else something to be kept begins and ends.
    """
    text = spelling.plain(text)
    found = spans(text, names)
    for start, end in more(text):
        if all(end <= begun or ended <= start for begun, ended, _ in found):
            found.append((start, end, False))
    symbols: dict[tuple[str, bool], str] = {}
    left = {True: iter(NUMBER), False: iter(CODE)}
    parts, at = [], 0
    for start, end, is_number in sorted(found):
        key = text[start:end], is_number
        symbol = symbols.get(key) or next(left[is_number], None)
        if symbol is None:
            continue
        symbols[key] = symbol
        parts += [text[at:start], symbol]
        at = end
    joined = spelling.source("".join([*parts, text[at:]]))
    return Protected(joined, {symbol: kept for (kept, _), symbol in symbols.items()})
