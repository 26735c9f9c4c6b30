"""Lists of passwords in JSON: an entry is what stands beside others, its login as deep in it as it may be.

Sources: what the managers' own manuals say of their exports, and pass-import's list of formats.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from tidegate.inspectors.data._text import placeholder

HASH: Final = re.compile(
    r"\A(?:\$[0-9a-z]{1,9}\$.*|\{[A-Z0-9]{3,8}\}.*|[0-9a-fA-F]{32,128}|pbkdf2.*|\*[0-9A-F]{40})\Z"
)
"""A password of which only a hash is kept."""
_MOST_NODES: Final = 200_000
_DEEPEST: Final = 4
_SEED: Final = re.compile(r"\A(?:totp|hotp|steam|otp|yandex|motp)\Z", re.IGNORECASE)
_PLACES: Final = ("url", "urls", "uri", "uris", "login_url", "domain", "website", "hostname", "origin")
_WHO: Final = ("login", "username", "user", "email", "label")
_MARKS: Final = ("designation", "type", "purpose", "id", "name", "label", "key", "n", "k", "t")
_VALUES: Final = ("value", "v", "content", "fieldvalue")
_PASSWORD: Final = ("password", "passwort", "kennwort", "concealed")
TELLING: Final = ("dntmeExport", "AUTHENTIFIANT", "shared_folders")


def entries(value: Any) -> tuple[int, int, int]:
    """Return how many logins, seeds and items of Bitwarden there are."""
    logins = seeds = items = 0
    for one in _objects(value):
        items += _is_bitwarden(one)
        seeds += _is_seed(one)
        flat = dict(_flat(one))
        logins += _is_login(flat) or any(_is_fields(each) for each in flat.values())
    return logins, seeds, items


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the objects in lists of JSON, however deep; only what stands beside others is an entry."""
    left, waiting = _MOST_NODES, [value]
    while waiting and left > 0:
        node = waiting.pop()
        left -= 1
        if isinstance(node, list):
            yield from (each for each in node if isinstance(each, dict))
            waiting += node
        elif isinstance(node, dict):
            waiting += node.values()


def _flat(one: dict[str, Any], depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield the fields of an entry and of the objects in it, the outer ones last: they count."""
    for each in one.values():
        if isinstance(each, dict) and depth < _DEEPEST:
            yield from _flat(each, depth + 1)
    yield from ((key.lower(), each) for key, each in one.items() if not isinstance(each, dict))


def _is_bitwarden(one: dict[str, Any]) -> bool:
    login = one.get("login")
    return isinstance(login, dict) and bool(login.get("password"))


def _is_login(flat: dict[str, Any]) -> bool:
    secret = flat.get("password")
    if not isinstance(secret, str) or not secret or HASH.match(secret):
        return False
    return any(key in flat for key in _PLACES) and any(key in flat for key in _WHO)


def _is_fields(value: Any) -> bool:
    """Tell a list of fields, each an object with a name and a value, one of them a password."""
    if not isinstance(value, list) or len(value) > 200:
        return False
    for each in value:
        if not isinstance(each, dict):
            return False
        low = {key.lower(): item for key, item in each.items()}
        named = any(str(low.get(mark, "")).lower() in _PASSWORD for mark in _MARKS)
        text = next((low[key] for key in _VALUES if isinstance(low.get(key), str)), "")
        if named and text and not placeholder(text):
            return True
    return False


def _is_seed(one: dict[str, Any]) -> bool:
    kind = one.get("type")
    inner = one.get("info")
    held = inner if isinstance(inner, dict) else one
    return (
        isinstance(kind, str) and bool(_SEED.match(kind)) and bool(held.get("secret")) and ("digits" in held)
    )
