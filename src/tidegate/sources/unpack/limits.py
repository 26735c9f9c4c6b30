"""How much one container may cost, counted on what is really read."""

from __future__ import annotations

import time
from typing import Never

from tidegate.model.document import Tally
from tidegate.records import dataclass

MIB = 1 << 20


class BrokenError(Exception):
    """A container cannot be read on from here; the message says why. Ends as a gap, inside this package."""


class ExhaustedError(Exception):
    """A limit is reached; nothing more of the outermost container is read. Ends as a gap.

    It does not go through a `Reader`, since that is read by others: their document just ends there.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds for one outermost container with all that is nested in it."""

    depth: int = 6
    """Containers inside of each other. A compressed tar counts once."""
    members: int = 1_000_000
    """Entries of every kind, counted before any filter."""
    member_bytes: int = 256 * MIB
    """What must be held in memory at once: a nested zip, a PDF. Text read in windows may be longer."""
    total_bytes: int = 8192 * MIB
    """Everything that was decompressed, at all depths."""
    ratio: int = 200
    """Decompressed bytes for one byte of the outermost container, once `ratio_floor` is passed."""
    ratio_floor: int = 256 * MIB
    """Small things may be as dense as they like."""
    seconds: float = 600.0
    """Wall time, the reader's own included: a net below the other limits, not a budget to plan with."""
    gaps: int = 100
    """More are counted, and told in one."""


class Budget:
    """What one outermost container has used up so far."""

    __slots__ = (
        "_deadline",
        "_ratio_bytes",
        "_told",
        "exhausted",
        "gaps",
        "limits",
        "members",
        "path",
        "tally",
        "total",
        "uncovered",
    )

    def __init__(self, path: str, size: int, tally: Tally, limits: Limits) -> None:
        self.path = path
        self.tally = tally
        self.limits = limits
        self.members = 0
        self.total = 0
        self.gaps = 0
        self.uncovered = 0
        """Gaps in containers whose own bytes are not read as a document instead."""
        self.exhausted: str | None = None
        """Which limit was reached. From then on each call that counts raises `ExhaustedError`."""
        self._told = 0
        self._ratio_bytes = max(size * limits.ratio, limits.ratio_floor)
        self._deadline = time.monotonic() + limits.seconds

    def member(self) -> None:
        """Count one entry."""
        self.members += 1
        if self.members > self.limits.members:
            self._end(f"more than {self.limits.members:,} entries")
        if not self.members & 0x3F:
            self.clock()

    def spend(self, count: int) -> None:
        """Count decompressed bytes."""
        self.total += count
        if self.total > self.limits.total_bytes:
            self._end(f"more than {self.limits.total_bytes:,} bytes inside")
        if self.total > self._ratio_bytes:
            self._end(f"expands more than {self.limits.ratio} times, to beyond {self._ratio_bytes:,} bytes")
        self.clock()

    def expect(self, count: int) -> None:
        """Say that so many bytes are still to come: when they are too many it ends here, before they come."""
        total = self.total
        try:
            self.spend(count)
        finally:
            self.total = total

    def clock(self) -> None:
        """Check the deadline, and whether another limit was reached already."""
        if self.exhausted or time.monotonic() > self._deadline:
            self._end(f"took longer than {self.limits.seconds:g} s")

    def _end(self, reason: str) -> Never:
        self.exhausted = self.exhausted or reason
        raise ExhaustedError(self.exhausted)

    def gap(self, inner: str, reason: str) -> None:
        """Note what was not read at `inner` (empty: the outermost container itself)."""
        self.gaps += 1
        self.uncovered += 1
        if self._told < self.limits.gaps:
            self._told += 1
            self.tally.gap("source", f"{self.path}!/{inner}" if inner else self.path, reason)

    def finish(self) -> None:
        """Tell what was only noted so far."""
        if self.exhausted:
            self.tally.gap("source", self.path, f"not read to its end: {self.exhausted}")
        if self.gaps > self._told:
            self.tally.gap("source", self.path, f"{self.gaps - self._told:,} more gaps inside")
