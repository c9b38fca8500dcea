"""Secrets: keys, tokens and passwords are taken out before anything leaves the text stage.

Own patterns, because the kept scanners did not fit: detect-secrets 1.5.0 costs 150 ms to import and 1.2 ms a line,
works by lines of files and took five words of ordinary prose for secrets; Kingfisher's library is 35 MB and takes 4 s
to build its rules. These patterns need exact prefixes or a name such as `password=`: prose, git hashes and UUIDs pass.
"""

from __future__ import annotations

import re

from daemon.text.marks import SECRET

_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?"
    r"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.DOTALL,
)
_SHAPES = re.compile(
    r"""(?<![A-Za-z0-9])(?:
      (?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,}                     # AWS access key id
    | gh[pousr]_[A-Za-z0-9]{16,} | github_pat_[A-Za-z0-9_]{16,}
    | sk-(?:ant|proj|svcacct|admin|or|lf)-[A-Za-z0-9_-]{6,}    # Anthropic, OpenAI, OpenRouter, Langfuse
    | sk-[A-Za-z0-9]{16,}
    | xox[a-z](?:\.[a-z]+)?-[A-Za-z0-9-]{8,} | xapp-[A-Za-z0-9-]{8,}           # Slack
    | AIza[A-Za-z0-9_-]{20,} | ya29\.[A-Za-z0-9_-]{10,} | GOCSPX-[A-Za-z0-9_-]{10,}   # Google
    | [srp]k_(?:live|test)_[A-Za-z0-9]{8,} | whsec_[A-Za-z0-9]{8,}             # Stripe
    | npm_[A-Za-z0-9]{16,} | pypi-[A-Za-z0-9_-]{16,}
    | gl(?:pat|dt|rt|ptt|soat)-[A-Za-z0-9_-]{10,}              # GitLab
    | hf_[A-Za-z0-9]{16,}
    | SG\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}               # SendGrid
    | (?:shpat|shpss|shpca|shppa)_[a-fA-F0-9]{16,}             # Shopify
    | do[opr]_v1_[a-f0-9]{16,} | dapi[a-f0-9]{32} | lin_api_[A-Za-z0-9]{16,} | tskey-[a-z]+-[A-Za-z0-9-]{10,}
    | (?:AC|SK)[a-f0-9]{32}                                    # Twilio
    | [0-9]{8,10}:AA[A-Za-z0-9_-]{30,}                         # Telegram
    | AGE-SECRET-KEY-1[A-Z0-9]{20,}
    | eyJ[A-Za-z0-9_-]{6,}\.eyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*)?          # JSON web token
    )""",
    re.VERBOSE,
)
_URL_PASSWORD = re.compile(r"(\b[a-z][a-z0-9+.-]{1,20}://)[^\s/@:\"'`<>]{0,100}:[^\s/@\"'`<>]{1,300}@", re.IGNORECASE)
_HEADER = re.compile(
    r"\b(authorization|proxy-authorization)(\\?[\"']?\s*:\s*\\?[\"']?)(?:(bearer|basic|token|digest)\s+)?([^\s\"'`]{4,})",
    re.I,
)
_BEARER = re.compile(r"\b(bearer)\s+(?=[^\s\"'`]*[0-9_.-])[A-Za-z0-9_.~+/-]{12,}=*", re.IGNORECASE)
_NAME = (
    r"(?:pass(?:word|wd|phrase|code)|pwd|passwort|kennwort|secret(?:[_-]?access)?(?:[_-]?key)?|token|credentials?"
    r"|api[_ -]?key|apikey|(?:access|private|signing|encryption|account|auth)[_-]?key|session(?:[_-]?id)?|cookie"
    r"|パスワード|トークン|シークレット|秘密鍵|密码|비밀번호)"
)
_ASSIGNED = re.compile(
    # Not after a letter (so not in "mytoken"), except where camelCase begins a word.
    rf"((?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z])){_NAME}\\?[\"'`*]{{0,3}})(\s{{0,3}}(?::=|=>|=|:|：)\s{{0,3}}|=)"
    r"(?:(\\?[\"'`])([^\"'`\n\\]{4,200})(?=\\?[\"'`])|()([^\s\"'`,;)\]}<>、。（）「」]{4,}))",
    re.IGNORECASE,
)
_FLAG = re.compile(r"((?<!\S)--?(?:password|passwd|pass|token|secret|api-key)[ =])([^\s\"'`]{4,})", re.IGNORECASE)
_TOLD = re.compile(
    r"((?:\b(?:password|passphrase|passwort|kennwort|api key|token|secret|mot de passe|contraseña)"
    r"\s(?:is|to|ist|lautet|est|es)"
    r"|(?:パスワード|トークン|APIキー|シークレット)(?:は|を|が)|密码是)\s{0,3}[\"'`「]{0,2})"
    r"(?=[!-~]*[0-9!@#$%^&])(?=[!-~]*[A-Za-z])([A-Za-z0-9!@#$%^&*_+./=-]{6,}[A-Za-z0-9!@#$%^&*_+=])",
    re.IGNORECASE,
)
_HARMLESS = re.compile(
    r"(?:\$|%\w|os\.|process\.|env[.\[(]|config[.\[]|self\.|this\.|settings\.|secrets?\.|request\.|getenv|get_|str\b|string\b"
    r"|\*+$|x{4,}$|\.{3}|…|none\b|null\b|true\b|false\b|undefined\b|required|optional|missing|invalid|expired|empty|set\b"
    r"|number\b|bytes\b|boolean\b|redacted|hidden|changed|wrong|incorrect|unknown|[A-Za-z_][\w.]*\(|\{)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+[.!?]?$")


def redact(text: str) -> str:
    """The text with every secret replaced by marks.SECRET. Linear in the text's length."""
    text = _PRIVATE_KEY.sub(SECRET, text) if "PRIVATE KEY" in text else text
    text = _HEADER.sub(_header, text)
    text = _BEARER.sub(rf"\1 {SECRET}", _SHAPES.sub(SECRET, text))
    text = _URL_PASSWORD.sub(rf"\1{SECRET}@", text) if "://" in text else text
    return _FLAG.sub(rf"\1{SECRET}", _TOLD.sub(rf"\1{SECRET}", _ASSIGNED.sub(_assigned, text)))


def _header(hit: re.Match[str]) -> str:
    if not hit[3] and (_HARMLESS.match(hit[4]) or _WORD.match(hit[4])):
        return hit[0]
    return f"{hit[1]}: {hit[3] + ' ' if hit[3] else ''}{SECRET}"


def _assigned(hit: re.Match[str]) -> str:
    name, sign = hit[1], hit[2]
    quote, value = hit[3] or "", hit[4] or hit[6]
    if value.rstrip(".!?*") == SECRET:
        return f"{name}: {quote}{value}"
    if SECRET in value or _HARMLESS.match(value):
        return hit[0]
    # "Token: the parser …" is a sentence; "password: correcthorse" has to be taken for what it says.
    if _WORD.match(value) and not quote and ("=" not in sign or len(sign) > 2):
        ends_here = hit.string[hit.end() : hit.end() + 1] in ("", "\n", "`")
        if not (ends_here and name.lower().startswith(("pass", "pwd", "kennwort"))):
            return hit[0]
    tail = value[len(value.rstrip(".!?*")) :] if not quote else ""
    return f"{name}: {quote}{SECRET}{tail}"
