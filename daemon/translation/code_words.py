"""What of a sentence looks like code, though nothing marks it: commands, paths, identifiers, versions, products."""

from __future__ import annotations

import re

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
CAPITAL = re.compile(rf"(?<=[\w,] )(?!(?:{_NO_PRODUCT})\b)[A-Z][a-z]+\b")
_VERSIONED = (
    rf"(?:{_PRODUCTS}|Angular|CUDA|Debian|Go|Kotlin|Laravel|MySQL|Next\.js|Node(?:\.js)?|NumPy|OpenSSL|PHP|PostgreSQL"
    r"|PyTorch|Rails|Scala|Spring(?: Boot)?|Swift|TensorFlow|TypeScript|Ubuntu|Vue|macOS) \d+(?:\.\d+)+"
)


def _after(*words: str) -> str:
    return "(?:" + "|".join(rf"(?<=\b{word} )" for word in words) + ")"


# "the container is named cache", "the task nightly-sync", "behind main,", "a match statement", "formatted with black":
# there a plain word is a name.
_NAMED = ("are", "branch", "column", "container", "file", "folder", "function", "is", "table", "variable", "was")
_IN_PLACE = (
    _after(*(f"{word} named" for word in _NAMED))
    + r"(?!(?:after|and|as|by|differently|for|in|it|or|so|the|to|an?)\b)[a-z][\w-]*|"
    + _after("branch", "container", "crate", "image", "job", "module", "package", "pod", "service", "task", "volume")
    + r"[a-z]\w*-[a-z][\w-]*|"
    + _after("behind", "from", "into", "of", "on", "onto", "to", "with")
    + r"(?:main|master|origin|upstream)(?=[.,;:!?)]|$)|"
    + r"(?<!to )(?<!and )(?:assert|async|await|case|catch|def|defer|else|except|finally|for|goto|if|import|match|return"
    + r"|switch|throw|try|while|with|yield)(?= (?:statement|keyword|clause|loop)s?\b)|"
    + _after("with", "run", "ran", "running", "by", "through")
    + r"(?:black|just|make|node|task)(?=[.,;:!?)]| (?:and|again|on|first)\b|$)|"
    + r"compose(?= file\b)|(?<=[Uu]sing )latest(?= as\b)|(?<= to )latest(?=[.,;:!?)]|$)|(?<=the )latest(?= tag\b)"
)
_BEGIN, _END = r"(?<![A-Za-z0-9_.$@/\\-])", r"(?![A-Za-z0-9_])"
CODE = re.compile(
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
            rf"\b(?:{_VERSIONED})\b",
            rf"\b(?!(?:{_SHOUTED})\b)[A-Z][A-Z0-9]+(?: [A-Z]{{2,}})*(?: \d{{3,}}\b)?\b",
            rf"\b(?:{_PRODUCTS})\b",
            rf"\b(?:{_IN_PLACE})",
            r"\b[a-z]+(?:-(?!(?:to|of|the|in|and|by|a|an|for|on|up)\b)[a-z]+){2,}\b",
        )
    ),
    re.ASCII,
)
