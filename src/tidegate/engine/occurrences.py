"""From the spots of one credential to the places a person reads.

In a history the same line stands in every later version of its file. A person wants to read it once: where
it stands now (or stood first), the commit that brought it, and in how many versions it was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from tidegate.model.document import Spot
from tidegate.model.place import Place
from tidegate.records import replace

_LATE = datetime.max.replace(tzinfo=UTC)


def collapse(found: Iterable[tuple[Spot, Sequence[Place]]]) -> list[Place]:
    """Return one place for each line that holds the credential in the version of a path that counts.

    That is the version in HEAD, or else the first one. Its commit is always the first that brought the
    credential to this path.
    """
    versions: defaultdict[tuple[str, str, str], dict[object, list[Place]]] = defaultdict(dict)
    for spot, places in found:
        for place in places:
            # Only a history has versions: the labels of a folder's file are the windows it was read in.
            version = spot.label if place.in_head is not None else None
            versions[place.source, place.target, place.path].setdefault(version, []).append(place)
    kept: list[Place] = []
    for labels in versions.values():
        if None in labels:
            kept += _distinct(labels[None])
            continue
        every = [place for own in labels.values() for place in own]
        first = min(every, key=_age)
        current = next((own for own in labels.values() if own[0].in_head), None)
        if current is None:
            current = next(own for own in labels.values() if any(p is first for p in own))
        kept += [
            replace(
                place,
                commit=first.commit,
                author=first.author,
                committed_at=first.committed_at,
                versions=len(labels),
                rank=0,
            )
            for place in _distinct(current)
        ]
    return kept


def _age(place: Place) -> tuple[bool, int, datetime, bool]:
    """Sort the oldest first. Messages have no rank: of two of one second that of HEAD is no stash of it."""
    return place.commit is None, place.rank, place.committed_at or _LATE, not place.in_head


def _distinct(places: Iterable[Place]) -> list[Place]:
    return list({(p.line, p.column): p for p in places}.values())


def without_copies(places: Iterable[Place]) -> list[Place]:
    """Leave out the work tree's copy of what HEAD holds at the same path of the same target."""
    listed = list(places)
    in_head = {(p.target, p.path) for p in listed if p.in_head}
    return [p for p in listed if p.in_head is not None or (p.target, p.path) not in in_head]
