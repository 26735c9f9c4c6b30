"""Shares of all items from those that were read: one interval, stratified, that holds at small shares too.

Chosen by simulation over four others (benchmarks/contents/sampling.py): pure Neyman allocation with a nominal
95 % lost its coverage where names mislead, Bayesian sums where a share is small.
Source of the parts: Wilson's interval, scaled for strata after Yan and Su (2010); Neyman (1934); Rogan and
Gladen (1978).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist
from typing import Final

_Z: Final = NormalDist().inv_cdf(0.99)
"""Of a nominal 98 %, published as 95 %: that the pilot decides how many are read costs a little coverage."""
FEW: Final = 10
"""Hits below which no normal approximation is to be trusted."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """Items that are alike in risk, some of them read, drawn evenly among them."""

    items: int
    read: int
    hits: int
    unknown: int = 0
    """Drawn, and not to be read: counted as hits above and as none below. Not among `read`."""

    def __post_init__(self) -> None:
        if not 0 <= self.hits <= self.read <= self.read + self.unknown <= self.items:
            raise ValueError(f"{self} does not add up")

    @property
    def whole(self) -> bool:
        """Nothing of it is left to chance."""
        return self.read == self.items


@dataclass(frozen=True, slots=True)
class Share:
    """A share of all items, between 0 and 1."""

    least: float
    middle: float
    most: float
    """`least` and `most` hold the truth between them in 95 of 100 cases."""


def share(strata: Sequence[Stratum]) -> Share:
    """Return the share of all items that are hits. Strata without items are passed over."""
    strata = [each for each in strata if each.items]
    total = sum(each.items for each in strata)
    if not total:
        return Share(0.0, 0.0, 0.0)
    hits = sum(each.hits for each in strata)
    if all(each.whole for each in strata):
        return Share(hits / total, hits / total, hits / total)
    misses = sum(each.read - each.hits for each in strata)
    read = [each for each in strata if each.read]
    middle = sum(each.items / total * each.hits / each.read for each in read)
    # A stratum of which nothing was read may hold anything.
    open_share = sum(each.items for each in strata if not each.read) / total
    least, _ = _bounds(read, total)
    _, most = _bounds([_at_worst(each) for each in read], total)
    least, most = max(least, hits / total), min(most + open_share, 1 - misses / total)
    return Share(min(least, middle), max(least, min(middle, most)), most)


def _at_worst(stratum: Stratum) -> Stratum:
    unknown = stratum.unknown
    return Stratum(stratum.items, stratum.read + unknown, stratum.hits + unknown)


def _bounds(strata: Sequence[Stratum], total: int) -> tuple[float, float]:
    """Return both ends for the strata of which something was read."""
    exact = sum(each.hits for each in strata if each.whole) / total
    drawn = [each for each in strata if not each.whole]
    if not drawn:
        return exact, exact
    hits = sum(each.hits for each in drawn)
    if hits < FEW:
        most = _poisson_most(hits) * max(each.items / total / each.read for each in drawn)
        return exact + hits / total, exact + min(most, sum(each.items for each in drawn) / total)
    least, most = _scaled_wilson(drawn, total)
    return exact + least, exact + most


def _scaled_wilson(strata: Sequence[Stratum], total: int) -> tuple[float, float]:
    spreads = [each.items / total * _spread(each) for each in strata]
    z = _Z * math.sqrt(sum(each * each for each in spreads)) / sum(spreads)
    least = most = 0.0
    for each in strata:
        weight, seen, hit = each.items / total, each.read / each.items, each.hits / each.read
        # What was not read varies by itself too: where most was read, little is left, and that is uncertain.
        count = each.read * (1 - seen)
        scale = 1 + z * z / count
        centre = (hit + z * z / (2 * count)) / scale
        half = z / scale * math.sqrt(hit * (1 - hit) / count + z * z / (4 * count**2))
        least += weight * (seen * hit + (1 - seen) * max(0.0, centre - half))
        most += weight * (seen * hit + (1 - seen) * min(1.0, centre + half))
    return least, most


def deviation(hits: int, read: int) -> float:
    """Return the standard deviation of one item; half a hit and half a miss are added, so it is never 0."""
    smoothed = (hits + 0.5) / (read + 1)
    return math.sqrt(smoothed * (1 - smoothed))


def _spread(stratum: Stratum) -> float:
    left = 1 - stratum.read / stratum.items
    return deviation(stratum.hits, stratum.read) * math.sqrt(left / stratum.read)


@cache
def _poisson_most(hits: int) -> float:
    """Return the greatest mean that gives so few hits once in 40 times (none at all: once in 20).

    With none there is no lower end that could err.
    """
    tail = 0.05 if hits == 0 else 0.025
    low, high = float(hits), hits + 20.0
    for _ in range(60):
        mean = (low + high) / 2
        chance = math.exp(-mean) * sum(mean**n / math.factorial(n) for n in range(hits + 1))
        low, high = (mean, high) if chance > tail else (low, mean)
    return high


def corrected(found: float, *, sensitivity: float, specificity: float) -> float:
    """Return the share that a detector with these errors must have looked at to find `found`.

    Raises `ValueError` for one that is no better than chance.
    """
    gain = sensitivity + specificity - 1
    if gain <= 0:
        raise ValueError("a detector that is no better than chance says nothing")
    return min(1.0, max(0.0, (found + specificity - 1) / gain))
