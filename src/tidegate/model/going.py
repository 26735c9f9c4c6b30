"""How far a run is: for a line on a terminal."""

from __future__ import annotations

from tidegate.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Going:
    """Items that were listed, or looked into."""

    done: int
    planned: int
    """So many in all, as far as that is known yet; 0 where it is not."""
    bytes: int
    """Listed: what they have; looked into: what was read of them."""
    most_bytes: int = 0
    """What may be read; 0 where nothing was said."""
    listing: bool = False
    """They are listed, and not looked into yet."""
