"""What an inventory says in sum: plain numbers, for reports and pictures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tidegate.model.contents import Contents, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Items that share something: a state, an extension, a kind, a tier, an age, a prefix."""

    name: str
    """Empty where the service did not tell, or the name has none."""
    items: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefix:
    """What lies below one first-level folder of one container."""

    service: str
    container: str
    name: str
    """With its slash; empty for items that lie in no folder."""
    items: int
    bytes: int
    kinds: tuple[Group, ...]
    """Most bytes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Items of one container."""

    service: str
    name: str
    items: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item, to be shown by name."""

    service: str
    container: str
    name: str
    state: str
    bytes: int
    modified_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What a list of the largest leaves out."""

    groups: int
    items: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """An inventory in numbers. Groups have most bytes first, then most items; ages from young to old."""

    containers: int
    items: int
    """Objects, versions, snapshots and deleted ones; directories do not count."""
    bytes: int
    unsized: int
    """Items whose size the service does not tell."""
    states: tuple[Group, ...]
    kinds: tuple[Group, ...]
    extensions: tuple[Group, ...]
    other_extensions: Rest
    tiers: tuple[Group, ...]
    ages: tuple[Group, ...]
    """By the last change: `under 30 days`, …"""
    places: tuple[Place, ...]
    """Containers with items, the largest ones."""
    other_places: Rest
    prefixes: tuple[Prefix, ...]
    """The largest ones."""
    other_prefixes: Rest
    largest: tuple[Item, ...]
    newest: Item | None
    oldest: Item | None
    """By the last change."""


def contents(summary: Summary, *, complete: bool) -> Contents:
    """Return what a finding says of it. Severities of kinds are for who looks inside."""
    kinds = tuple(Kind(kind=each.name, items=each.items, bytes=each.bytes) for each in summary.kinds)
    return Contents(
        containers=summary.containers,
        items=summary.items,
        bytes=summary.bytes,
        complete=complete,
        kinds=kinds,
    )
