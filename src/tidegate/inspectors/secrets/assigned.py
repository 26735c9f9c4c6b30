"""Passwords and keys that are simply written down as a setting: `DB_PASSWORD=…`, `"client_secret": "…"`.

No service's form tells them, only the name before them, so that they are medium at most and much is refused:
placeholders, references to a variable, code, hashes of documentation.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from tidegate.inspectors.fingerprints import of_chosen
from tidegate.inspectors.secrets.sought import Sought
from tidegate.model.severity import Severity

_SETTINGS: Final = re.compile(
    r"(?:^|/)(?:\.env(?:\.[\w.-]+)?|[\w.-]*\.env|\.pgpass|\.netrc|\.my\.cnf|\.s3cfg|\.npmrc|\.pypirc|\.bash_history|\.zsh_history|"
    r"credentials|wp-config\.php|settings\.py|local_settings\.py|appsettings[\w.-]*\.json|"
    r"[\w.-]*\.(?:env|ini|cfg|cnf|conf|config|properties|toml|ya?ml|tfvars|tfstate|json|xml|sh|ps1|bat|cmd|reg|txt|log|history|"
    r"plist|sql|md))$",
    re.IGNORECASE,
)
"""Files in which a value may stand without quotes."""
_PATTERN: Final = (
    r"""(?i)(?:^|[\s"'{,;\[(<>&?$])([a-z][a-z0-9_.-]{0,48}?)??"""
    r"""(passw(?:or)?d|passwd|passphrase|pwd|secret(?:[_-]?(?:access[_-]?)?key)?|client[_-]?secret|"""
    r"""api[_-]?(?:key|token|secret)|access[_-]?(?:key|token)|auth[_-]?token|private[_-]?token|encryption[_-]?key|"""
    r"""signing[_-]?key|bearer[_-]?token|db[_-]?pass|smtp[_-]?pass)"""
    r"""([_-]?[0-9]{0,2})["']?\s{0,3}(?::=|=>|[:=])\s{0,3}"""
    r"""(?:"([^"\r\n]{6,200})"|'([^'\r\n]{6,200})'|([^\s"'<>(){}\[\],;]{8,200}))"""
)
_NAME, _WORD, _DOUBLE, _SINGLE, _BARE = 1, 2, 4, 5, 6
"""Groups of the pattern."""
_PLACEHOLDER: Final = re.compile(
    r"(?i)^[<{\[(%$@*]|[>})\]%]$|\$\{|\{\{|<%|example|placeholder|change[-_ ]?me|your[-_ ]?|dummy|sample|"
    r"redacted|\.\.\.|xxx|\*\*\*|to[-_ ]?be[-_ ]?|insert|replace|not[-_ ]?set|fake|encrypted|"
    r"my[-_ ]?(?:secret|password|token|key)|env\.|process\.|os\.|config\.|self\.|this\.|"
    r"^(?:none|null|true|false|undefined|nil|string|required|optional|password|passwd|secret|token|default|"
    r"test(?:ing)?|admin|root|user|foobar|hunter2|letmein|qwerty)\W*\d{0,4}$|"
    r"secretsmanager|vault:|keyvault|ssm:|file:|https?://|ref\+|arn:|^/|^\./|!ref|!vault|ENC\["
)
_CODE: Final = re.compile(
    r"[a-zA-Z_]\w*(?:\.|->|::)[a-zA-Z_]\w*(?:$|[(.\[])|\w+\(|"
    r"^[a-z]+(?:_[a-z]+)+$|^[a-z]+(?:[A-Z][a-z]+)+$|^[A-Z]+(?:_[A-Z]+)*$"
)
_WORDS: Final = re.compile(r"[A-Za-z]+(?:[ _./:-]+[A-Za-z]+)*[.!?:]?")
_PUBLIC_NAME: Final = re.compile(
    r"(?i)public|publishable|csrf|xsrf|etag|sort|cache|primary|foreign|partition|max|min|num|label|hint|field|"
    r"token_?(?:type|url|uri|name|limit|count)|placeholder|policy|regex|pattern|prompt|title|error|msg|message|"
    r"hash(?:ed)?|file|path|url|uri|length|expir|strength|confirm|reset|forgot|show|validat|column|param|type|class"
)
"""In a name: it is no secret itself, but speaks of one."""


@cache
def _regex() -> Any:
    import re2  # noqa: PLC0415 - late, as it is needed

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    return re2.compile(_PATTERN.encode(), options)


def is_settings(name: str) -> bool:
    """Say whether a file of this path holds settings, commands or records rather than code."""
    return bool(_SETTINGS.search(name.replace("\\", "/")))


def seek(text: bytes, name: str) -> Iterator[Sought]:
    """Yield the settings in a text whose name says secret and whose value looks like one."""
    settings = is_settings(name)
    line, counted = 1, 0
    for found in _regex().finditer(text):
        quoted = found.group(_DOUBLE) or found.group(_SINGLE)
        value_bytes = quoted or found.group(_BARE)
        if value_bytes is None or (quoted is None and not settings):
            continue
        value = value_bytes.decode("latin-1")
        before = (found.group(_NAME) or b"").decode("latin-1")
        if _PUBLIC_NAME.search(before) or not _like_a_secret(value, settings=settings):
            continue
        at = (
            found.start(_DOUBLE)
            if found.group(_DOUBLE)
            else found.start(_SINGLE)
            if quoted
            else found.start(_BARE)
        )
        line += text.count(b"\n", counted, at)
        counted = at
        word = found.group(_WORD).decode("latin-1").lower()
        password = word.startswith(("pass", "pwd")) or word.endswith("pass")
        yield Sought(
            type="password in a setting" if password else "key or token in a setting",
            kind="secret",
            severity=Severity.MEDIUM,
            confidence="medium" if settings else "low",
            value=value,
            fingerprint=of_chosen(value),
            line=line,
            offset=at,
        )


def _like_a_secret(value: str, *, settings: bool) -> bool:
    """Say whether a value can be a password or key: of several sorts of characters, no word, no code."""
    if _PLACEHOLDER.search(value) or _CODE.search(value) or _WORDS.fullmatch(value) or not value.isascii():
        return False
    if " " in value or len(set(value)) < 5:
        return False
    sorts = sum(
        (
            any(c.islower() for c in value),
            any(c.isupper() for c in value),
            any(c.isdigit() for c in value),
            any(not c.isalnum() for c in value),
        )
    )
    if len(value) >= 20:
        return sorts >= 2 and _entropy(value) >= 3.0
    return (
        sorts >= (2 if settings else 3)
        and _entropy(value) >= 2.5
        and any(c.isdigit() or not c.isalnum() for c in value)
    )


def _entropy(text: str) -> float:
    total = len(text)
    return -sum(n / total * math.log2(n / total) for n in Counter(text).values())
