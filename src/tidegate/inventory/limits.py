"""Where listing stops by itself, so that no service can keep it busy for ever."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one listing; each of them, when reached, is a gap."""

    max_items: int | None = None
    """Rows in all; the page that reaches it is kept whole."""
    keep_bytes: int = 0
    """Of the bytes that the scope allows, so many are left: for looking into what was listed."""
    max_pages: int = 200_000
    """Pages of one container: a billion items where pages are full."""
    max_containers: int = 200_000
    """Of one account. Each is kept in memory: a service that makes them up would fill it."""
    empty_pages: int = 1_000
    """Empty pages in a row. Services do send them, when they pass over many deleted items."""
    stalled_pages: int = 200
    """Pages in a row that bring only names which do not go beyond those before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How far a listing is."""

    containers: int = 0
    """Found so far."""
    containers_done: int = 0
    items: int = 0
    bytes: int = 0
    pages: int = 0
    """Answers of listings, those of an earlier run included."""
