"""What a container turned out to hold."""

from __future__ import annotations

from tidegate.inspectors.readable import Readable
from tidegate.records import dataclass


@dataclass(frozen=True, slots=True)
class Opened:
    """A virtual disk."""

    form: str
    """For sentences: "dynamic VHD"."""
    disk: Readable
    parent_missing: bool = False
    """It holds only what differs from another image, which is not here."""
