"""What lowers a score: each is said, with its share."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address

from tidegate.assess.half import other_half
from tidegate.assess.tables import LOWERS
from tidegate.model.grant import Grant

_NOT_STORAGE = frozenset({"service_bus", "logic_apps"})
_SMALL_RANGE = 65_536
"""Addresses; an IP range up to this size counts as a restriction."""


def lowers_of(grant: Grant, confidence: str) -> list[tuple[float, str]]:
    """Return what lowers the score, the most first."""
    facts = grant.facts
    session = bool(facts.get("session"))
    holds = {
        "medium": confidence == "medium",
        "low": confidence == "low",
        "checksum": facts.get("key_checksum") == "invalid",
        "session": session,
        "no session token": session and grant.kind == "access_key" and not facts.get("session_token"),
        "addresses": bool(grant.ip_range) and _is_small(grant.ip_range or ""),
        "one user": bool(facts.get("sduoid")),
        "half": bool(other_half(grant)),
        "not storage": grant.kind in _NOT_STORAGE,
        "revocable": grant.revocation.individually and grant.kind != "anonymous",
        "encrypted": bool(facts.get("encrypted")),
    }
    found = [
        (LOWERS[word][0], LOWERS[word][1].format(ip_range=grant.ip_range, other_half=other_half(grant)))
        for word, true in holds.items()
        if true
    ]
    return sorted(found, key=lambda each: each[0])


def _is_small(text: str) -> bool:
    """Tell whether an IP range (`a.b.c.d` or `a-b`) leaves few addresses; what cannot be read does not."""
    first, dash, last = text.partition("-")
    try:
        start = int(IPv4Address(first.strip()))
        end = int(IPv4Address(last.strip())) if dash else start
    except AddressValueError:
        return False
    return 0 <= end - start < _SMALL_RANGE
