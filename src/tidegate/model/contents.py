"""How much lies behind a grant, and of what kinds."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.model.severity import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Items of one kind."""

    kind: str
    """`disk_image`, `model`, `archive`, …"""
    items: int
    bytes: int
    severity: Severity = Severity.INFO
    """How bad it is that this kind is exposed."""
    estimated: bool = False
    """Counted in a sample and scaled up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What was listed behind one credential, or in one open container (the output of *inventory*)."""

    containers: int
    items: int
    """Objects, versions, snapshots and soft-deleted ones; directories do not count."""
    bytes: int
    complete: bool
    """Everything that could be listed was."""
    kinds: tuple[Kind, ...] = ()
    """Most bytes first."""
