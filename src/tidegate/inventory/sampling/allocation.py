"""How many items of each stratum are read: a pilot first, then what it says is worth it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tidegate.inventory.sampling.intervals import Stratum, deviation

PILOT: Final = 1_000
PILOT_FLOOR: Final = 120
FLOOR: Final = 200
"""Of each stratum, whatever the pilot says: names may mislead, and a pilot may have met nothing by chance."""
HALF_WIDTH: Final = 0.003
"""Wanted on both sides of a share, as a share of all items."""
_Z_SQUARED: Final = 3.84


def pilot(items: Sequence[int], *, most: int = PILOT) -> list[int]:
    """Return how many are read first: in proportion, and enough of each. items: of each stratum."""
    total = sum(items)
    if total <= most:
        return list(items)
    return within([min(each, max(PILOT_FLOOR, round(most * each / total))) for each in items], most)


def allocate(
    strata: Sequence[Stratum], *, half_width: float = HALF_WIDTH, floor: int = FLOOR, most: int | None = None
) -> list[int]:
    """Return how many are read in all, those of the pilot included: half by Neyman, half in proportion.

    most: of all together; what the pilot has read is never taken back.
    """
    total = sum(each.items for each in strata)
    if not total:
        return [0] * len(strata)
    weights = [each.items / total for each in strata]
    spreads = [weight * deviation(each.hits, each.read) for weight, each in zip(weights, strata, strict=True)]
    shares = [(spread / sum(spreads) + weight) / 2 for spread, weight in zip(spreads, weights, strict=True)]
    pairs = zip(spreads, shares, strict=True)
    wanted = _Z_SQUARED / half_width**2 * sum(spread**2 / part for spread, part in pairs if part)
    counts = [
        min(each.items, max(floor, each.read, round(part * wanted)))
        for part, each in zip(shares, strata, strict=True)
    ]
    # A rest that is smaller than what was read is read too: a count beats an interval.
    counts = [
        each.items if 2 * count > each.items else count for count, each in zip(counts, strata, strict=True)
    ]
    held = [each.read for each in strata]
    if most is None or sum(counts) <= most:
        return counts
    more = within([count - own for count, own in zip(counts, held, strict=True)], max(0, most - sum(held)))
    return [own + each for own, each in zip(held, more, strict=True)]


def within(counts: Sequence[int], most: int) -> list[int]:
    """Return the counts, lessened in proportion where they are more than `most` together."""
    total = sum(counts)
    return list(counts) if total <= most else [each * most // total for each in counts]
