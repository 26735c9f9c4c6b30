"""What was listed behind several findings, each thing once: a container lies within its account."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from tidegate.model.contents import Contents
from tidegate.model.finding import Finding
from tidegate.model.grant import Grant, Scope


@dataclass(frozen=True, slots=True)
class _Place:
    path: tuple[str, ...]
    """(provider, account), or (provider, account, service, container, …): begins with what is around it."""
    services: frozenset[str] = frozenset()
    """Of an account: those that were opened."""


_NOWHERE = _Place(())


def stores(findings: Iterable[Finding]) -> list[Contents]:
    """Return what was listed, without what lies within another that was listed too.

    Of two listings of one place the longer counts; of a place and what lies within it, whichever shows more
    items: a listing of an account may have stopped early. A key of AWS or Google Cloud does not name the
    buckets that it opens: beside one of them it is counted on its own.
    """
    found: dict[_Place, Contents] = {}
    for finding in findings:
        if finding.contents is not None:
            place = _place(finding.grant)
            if place not in found or found[place].items < finding.contents.items:
                found[place] = finding.contents
    accounts: defaultdict[tuple[str, ...], list[_Place]] = defaultdict(list)
    for place in found:
        if len(place.path) == _ACCOUNT:
            accounts[place.path].append(place)
    within: defaultdict[_Place, list[Contents]] = defaultdict(list)
    for place in sorted(found, key=lambda each: (-len(each.path), len(each.services))):
        own, below = found[place], within.pop(place, [])
        more = sum(each.items for each in below) > own.items
        within[_around(place, found, accounts[place.path[:_ACCOUNT]])] += below if more else [own]
    return within[_NOWHERE]


_ACCOUNT = 2
"""Parts of the path of an account."""


def _around(place: _Place, found: dict[_Place, Contents], accounts: list[_Place]) -> _Place:
    """Return the narrowest place around this one that was listed."""
    for length in range(len(place.path) - 1, _ACCOUNT, -1):
        outer = _Place(place.path[:length])
        if outer in found:
            return outer
    # An account of which only blobs were opened holds none of its file shares.
    services = place.services or {place.path[_ACCOUNT]}
    wider = [each for each in accounts if each != place and services <= each.services]
    return min(wider, key=lambda each: (len(each.services), sorted(each.services)), default=_NOWHERE)


def _place(grant: Grant) -> _Place:
    service = grant.services[0] if grant.services else ""
    owner = grant.account or grant.endpoint or ""
    if grant.scope is Scope.ACCOUNT:
        return _Place((grant.provider, owner), frozenset(grant.services or ("",)))
    if grant.scope is Scope.UNKNOWN or not grant.container:
        return _Place((grant.provider, owner, service, "", grant.key or ""))
    # A bucket's name is enough; `account` is there who signed.
    path = (grant.provider, owner if grant.provider == "azure" else "", service, grant.container)
    return _Place(
        path if grant.scope is Scope.CONTAINER else (*path, *(grant.key or "").strip("/").split("/"))
    )
