"""What a service's pages can have wrong, in words."""

from __future__ import annotations

from typing import Final

OUTSIDE = "outside"
FOREIGN = "foreign"
TWICE = "twice"
DISORDER = "disorder"
SIZE = "size"
NAMELESS = "nameless"
DEEP = "deep"
CROWD = "crowd"

WORDS: Final = {
    OUTSIDE: "{} came that do not begin with the prefix that was asked for: they are in the inventory",
    FOREIGN: "{} came that belong to another prefix than was asked for: left out here, to be listed there",
    TWICE: "{} came twice in a row: both are in the inventory",
    DISORDER: "{} came behind names that should follow them: some may be there twice, or be missing",
    SIZE: "{} with a size that no service allows: the size is left empty",
    NAMELESS: "{} without a name: left out",
    DEEP: "{} that are folders nested too deep, or in themselves: not entered",
    CROWD: "{} that are folders beyond what can be kept in memory: not entered",
}
"""Key in `Chain.odd` -> the sentence for so many items."""


def words(kind: str, count: int) -> str:
    """Return the sentence for a gap."""
    return WORDS[kind].format("1 item" if count == 1 else f"{count:,} items")
