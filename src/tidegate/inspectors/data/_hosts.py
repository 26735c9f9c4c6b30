"""Logins that files keep for a host: of registries, databases, recorded requests, remote desktops.

Everything is counted; no value leaves here. Sources: the manuals of Docker, Composer, curl (.netrc),
PostgreSQL (.pgpass), MySQL (option files), Postman, PuTTY, WinSCP, SecureCRT, mRemoteNG, RDCMan, Remmina;
the draft of HAR 1.2.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from tidegate.inspectors.data._text import placeholder

_MOST_NODES: Final = 100_000
_HOST: Final = re.compile(
    r"\A(?:https?://\S+|[\w-]+(?:\.[\w-]+)*\.[a-z]{2,6}(?::\d{1,5})?(?:/\S*)?|localhost(?::\d+)?\S*)\Z"
)
_BY_HOST: Final = ("password", "token", "oauth_token", "access_token", "identitytoken", "_authtoken")
_LOGIN: Final = re.compile(rb"[!-9;-~]{1,200}:[!-~]{1,4000}")
_CHOSEN: Final = re.compile(r"\A(?=.*[\d!-/:-@_^~])\S{4,8000}\Z")
"""A value that is no word of a language: translations have fields named password, too."""
_NETRC: Final = re.compile(rb"(?m)(?<!\S)#.*$|\S+")
_PGPASS: Final = re.compile(
    rb"(?:[\w.*-]+|/[\w./-]+):(?:\*|\d{4,5}):[^:\r\n]{1,64}:(?![\s\d])[^:\r\n]{1,64}:(?!\s)([^\r\n]{3,200})"
)
_SECTION: Final = re.compile(rb"(?mi)^\[(?:client|mysql|mariadb)[\w-]*\]")
_OPTION: Final = re.compile(rb"(?mi)^[ \t]*password[ \t]*=[ \t]*[\"']?([^\s\"'#;]+)")
_OF_A_SERVER: Final = re.compile(rb"<(?:password|passphrase)>([^<${}\s]{4,400})<")
_REQUEST: Final = re.compile(
    rb'(?i)"(?:key|name)"\s{0,9}:\s{0,9}"(?:proxy-)?authorization"\s{0,9},\s{0,9}"value"\s{0,9}:\s{0,9}"'
    rb'(?:basic|bearer|token|digest)[ ]([A-Za-z0-9+/=_.~-]{8,8000})"'
)
_COOKIE: Final = re.compile(
    rb'(?i)"name"\s{0,9}:\s{0,9}"(?:set-)?cookie"\s{0,9},\s{0,9}"value"\s{0,9}:\s{0,9}"([^"]{16})'
)
_CACHED: Final = ("accesstoken", "refreshtoken", "idtoken", "primaryrefreshtoken")
_SESSIONS: Final = (
    (re.compile(rb"<(?:\w{1,12}:)?Connections\b[^>]{0,400}\bConfVersion="), re.compile(rb'\bPassword="[^"]'), "mRemoteNG"),  # noqa: E501
    (re.compile(rb"<RDCMan\b"), re.compile(rb"<password>[^<]"), "Remote Desktop Connection Manager"),
    (re.compile(rb"<VanDyke version="), re.compile(rb'name="Password(?: V2)?">[^<]'), "SecureCRT"),
    (re.compile(rb"<connection type=\"PuTTY\"|<ArrayOfSessionData\b|<SessionData\s[^>]{0,200}\bHost="), re.compile(rb"<password>[^<]|-pw "), "PuTTY"),  # noqa: E501
    (re.compile(rb"(?mi)^\[HKEY_CURRENT_USER\\Software\\(?:SimonTatham\\PuTTY|Martin Prikryl\\WinSCP 2)\\Sessions\\"), re.compile(rb'(?m)^"Password"="[^"]'), "PuTTY or WinSCP"),  # noqa: E501
    (re.compile(rb"(?m)^\[Sessions\\[^\]\r\n]{1,200}\]"), re.compile(rb"(?m)^Password(?:Plain)?=\S"), "WinSCP"),  # noqa: E501
    (re.compile(rb"(?m)^\[remmina\]\s*$"), re.compile(rb"(?m)^(?:ssh_)?password=[^.\s]"), "Remmina"),
    (re.compile(rb"(?m)^\[Bookmarks(?:_\d+)?\]\s*$"), re.compile(rb"(?m)^\[Passwords\]\s*$"), "MobaXterm"),
    (re.compile(rb"<RTSZDocument\b"), re.compile(rb"<CredentialPassword>[^<]"), "Royal TS"),
    (re.compile(rb"(?m)^S:\"?Hostname\"?="), re.compile(rb"(?m)^S:\"Password(?: V2)?\"=[^\s\"]"), "SecureCRT"),  # noqa: E501
)  # fmt: skip
"""How the file begins or what every session in it has, a password, and whose it is."""


@lru_cache(maxsize=1)
def parsed(text: bytes) -> Any:
    """Return what JSON says, `None` for other text. Kept for the next form that asks for the same text."""
    if text.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"{", b"["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    left, waiting = _MOST_NODES, [value]
    while waiting and left > 0:
        node = waiting.pop()
        left -= 1
        if isinstance(node, dict):
            yield node
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node


def by_host(text: bytes) -> int:
    """Count objects that are kept under the name of a host, with a password or token in them."""
    found = 0
    for node in _nodes(parsed(text)):
        for key, each in node.items():
            if not isinstance(each, dict):
                continue
            low = {name.lower(): value for name, value in each.items()}
            found += _is_login(low.get("auth")) or (
                _HOST.match(key) is not None
                and any(_kept(low.get(name)) and _CHOSEN.match(low[name]) for name in _BY_HOST)
            )
    return found


def _kept(value: Any) -> bool:
    return isinstance(value, str) and len(value) >= 4 and not placeholder(value)


def _is_login(value: Any) -> bool:
    """Tell what Docker keeps of a login: a name and a password in base64."""
    if not isinstance(value, str) or len(value) < 4:
        return False
    try:
        return _LOGIN.fullmatch(base64.b64decode(value, validate=True).strip()) is not None
    except (binascii.Error, ValueError):
        return False


def netrc(text: bytes) -> Iterator[str]:
    """Yield passwords by the words of .netrc, wherever its lines end and whatever remarks stand between."""
    words = [found[0] for found in _NETRC.finditer(text) if not found[0].startswith(b"#")]
    if not words or words[0] not in (b"machine", b"default", b"macdef"):
        return
    host = False
    for at, word in enumerate(words[:-1]):
        host = host or word in (b"machine", b"default")
        previous = words[at - 1] if at else b""
        name = previous in (b"machine", b"login", b"password", b"account")  # the value of the word before
        if host and not name and word == b"password":
            yield words[at + 1].decode("latin-1")


def pgpass(text: bytes) -> Iterator[str]:
    """Yield passwords of .pgpass; every line must be one, or a remark."""
    rows = [row.strip() for row in text.splitlines()]
    rows = [row for row in rows if row and not row.startswith(b"#")]
    fits = [_PGPASS.fullmatch(row) for row in rows[:200]]
    if all(fits):
        yield from (each[1].decode("latin-1") for each in fits if each is not None)


def maven_servers(text: bytes) -> Iterator[str]:
    """Yield passwords of the servers in Maven's settings; those in braces are encrypted, or set elsewhere."""
    block = text.partition(b"<servers>")[2].partition(b"</servers>")[0]
    yield from (found[1].decode("latin-1") for found in _OF_A_SERVER.finditer(block))


def mysql_options(text: bytes) -> Iterator[str]:
    """Yield passwords in an option file of MySQL: in its sections."""
    if _SECTION.search(text) is not None:
        yield from (found[1].decode("latin-1") for found in _OPTION.finditer(text))


def recorded(text: bytes) -> Iterator[str]:
    """Yield logins in recorded or kept requests: Postman, Insomnia, HAR."""
    for each in _REQUEST.finditer(text):
        yield each[1].decode("latin-1")


def cookies_sent(text: bytes) -> Iterator[str]:
    """Yield cookies in requests that a browser recorded (HAR)."""
    for each in _COOKIE.finditer(text):
        yield each[1].decode("latin-1")


def cached(text: bytes) -> int:
    """Count tokens in a cache of Microsoft's libraries, however it is laid out."""
    return sum(
        str(node.get("credentialType", node.get("credential_type", ""))).lower() in _CACHED
        and _kept(node.get("secret"))
        for node in _nodes(parsed(text))
    )


def refreshed(text: bytes) -> int:
    """Count logins of Google kept with what renews them: by gcloud, and by libraries."""
    return sum(
        _kept(node.get("refresh_token")) and _kept(node.get("client_secret")) for node in _nodes(parsed(text))
    )


def sessions(text: bytes) -> tuple[str, int]:
    """Return whose list of remote sessions it is, and how many passwords it keeps; nothing for none."""
    for begins, password, words in _SESSIONS:
        if begins.search(text[:4096]):
            return words, len(password.findall(text))
    return "", 0


def remote_sessions(text: bytes) -> int:
    """Count passwords in a list of remote sessions, negative where it holds none."""
    words, found = sessions(text)
    return (found or -1) if words else 0
