"""What was listed behind several findings, each thing once: a container lies within its account."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from tidegate.model.contents import Contents
from tidegate.model.finding import Finding
from tidegate.model.grant import Grant, Scope

_Path = tuple[str, ...]


def stores(findings: Iterable[Finding]) -> list[Contents]:
    """Return what was listed, without what lies within another that was listed too.

    Of two listings of one place the longer counts; of a place and what lies within it, whichever shows more
    items: a listing of an account may have stopped early. A key of AWS or Google Cloud does not name the
    buckets that it opens: beside one of them it is counted on its own.
    """
    found: dict[_Path, tuple[Contents, tuple[str, ...]]] = {}
    for finding in findings:
        if finding.contents is not None:
            path = _path(finding.grant)
            if path not in found or found[path][0].items < finding.contents.items:
                found[path] = finding.contents, finding.grant.services
    within: defaultdict[_Path, list[Contents]] = defaultdict(list)
    for path in sorted(found, key=len, reverse=True):
        own, below = found[path][0], within.pop(path, [])
        more = sum(each.items for each in below) > own.items
        within[_around(path, found)] += below if more else [own]
    return within[()]


def _around(path: _Path, found: dict[_Path, tuple[Contents, tuple[str, ...]]]) -> _Path:
    """Return the narrowest place around this one that was listed; `()` where there is none."""
    for length in range(len(path) - 1, 0, -1):
        place = path[:length]
        # An account of which only blobs were opened holds none of its file shares.
        if place in found and (length > 2 or path[2] in found[place][1]):
            return place
    return ()


def _path(grant: Grant) -> _Path:
    """Return (provider, account, service, container, …): each place begins with those around it."""
    service = grant.services[0] if grant.services else ""
    owner = grant.account or grant.endpoint or ""
    if grant.scope is Scope.ACCOUNT:
        return grant.provider, owner
    if grant.scope is Scope.UNKNOWN or not grant.container:
        return grant.provider, owner, service, "", grant.key or ""
    # A bucket's name is enough; `account` is there who signed.
    path = (grant.provider, owner if grant.provider == "azure" else "", service, grant.container)
    return path if grant.scope is Scope.CONTAINER else (*path, *(grant.key or "").strip("/").split("/"))
