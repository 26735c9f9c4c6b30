"""Addresses a user types that hold no credential: `az://account/container/path` and the clouds' own."""

from __future__ import annotations

import re

from tidegate.model.credential import Credential
from tidegate.providers._link import read_link
from tidegate.providers.azure.elsewhere import public_url
from tidegate.providers.azure.hosts import ACCOUNT, read_address, read_host

_SHORT = re.compile(r"(?:az|azure)://([^/?#]+)(?:/([^?#]*))?", re.IGNORECASE)
_EMULATOR_PORTS = range(10000, 10003)


def target(text: str) -> Credential | None:
    """Return the open address that a text names; `None` for a signed link, and for what is not Azure's."""
    link = read_link(_spelled_out(text.strip()))
    if link.has("sig"):
        return None
    host = read_host(link.host)
    if host.account is None and not (host.path_style and link.port in _EMULATOR_PORTS):
        return None
    grant = public_url(read_address(link, {}))
    if grant is None or grant.account is None or ACCOUNT.fullmatch(grant.account) is None:
        return None
    return Credential(grant=grant, kind="public_url")


def _spelled_out(text: str) -> str:
    """Return `az://account/…` as the address it stands for; other texts as they are."""
    short = _SHORT.match(text)
    if short is None:
        return text
    account, path = short[1].lower(), short[2] or ""
    host = account if "." in account else f"{account}.blob.core.windows.net"
    return f"https://{host}/{path}"
