"""What a run says: findings, gaps, and how much was covered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from tidegate.model.finding import Finding
from tidegate.records import dataclass, field, fields

SCHEMA = "tidegate/1"
"""Name of the output contract; a change that could break a reader gets a new number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Something that was not looked at, and why. A report with gaps is never called clean."""

    stage: str
    """`source`, `detect`, `decode`, …"""
    subject: str
    """What was not looked at: a path, an object id."""
    reason: str


@dataclass(slots=True)
class Coverage:
    """How much was read. Counts only."""

    documents: int = 0
    """Texts handed to the matcher: files, members of containers, git blobs, messages."""
    bytes: int = 0
    commits: int = 0
    items_listed: int = 0
    items_read: int = 0
    bytes_read: int = 0
    requests: int = 0
    """Sent to storage, each try counted."""

    def add(self, other: Coverage) -> None:
        """Add another worker's counts."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result of one run; pure data."""

    version: str
    """Version of Tidegate that made it."""
    started_at: datetime
    ended_at: datetime
    targets: tuple[str, ...]
    findings: tuple[Finding, ...]
    """Worst first; then by id."""
    gaps: tuple[Gap, ...] = ()
    coverage: Coverage = field(default_factory=Coverage)
    suppressed: Mapping[str, int] = field(default_factory=dict)
    """Reason -> how many sightings did not alarm for it. Muted is counted, never silent."""

    @property
    def complete(self) -> bool:
        """Everything that was to be read or asked was, and that was not nothing."""
        coverage = self.coverage
        return not self.gaps and (coverage.requests > 0 or (coverage.documents > 0 and coverage.bytes > 0))
