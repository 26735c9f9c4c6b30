"""The order in which a pack's objects are read: delta trees in preorder, the heaviest child last."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegate.sources.git.pack import MAX_DEPTH, Ints

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Order:
    """Every array is (n,), in the order of reading."""

    entries: Ints
    """Positions in the pack's `Entries`."""
    depths: Ints
    """0 begins a tree; a delta's base is the last object before it that is one less deep."""
    last: Flags
    """It is its base's last child: the base is not needed any more."""


def roots(parents: Ints) -> tuple[Ints, Ints]:
    """Return each object's root and its depth below it; a root in a circle of deltas is -1.

    By doubling: log2(longest chain) steps over all objects at once.
    """
    up = np.where(parents < 0, np.arange(len(parents)), parents)
    depths = (parents >= 0).astype(np.int64)
    for _ in range(len(parents).bit_length() + 1):
        further = up[up]
        if np.array_equal(further, up):
            break
        depths += depths[up]
        up = further
    return np.where(parents[up] < 0, up, -1), depths


def preorder(parents: Ints, depths: Ints, wanted: Flags) -> Order:
    """Lay out the trees that hold a wanted object, without the branches that hold none.

    `parents` and `depths` are of whole trees: every base is in them; roots have a negative parent.
    """
    levels = _levels(depths)
    weights = wanted.astype(np.int64)
    _sum_up(weights, parents, levels)
    needed = np.flatnonzero(weights)
    if len(needed) < len(parents):
        renamed = np.full(len(parents) + 1, -1, np.int64)
        renamed[needed] = np.arange(len(needed))
        parents = renamed[np.maximum(parents[needed], -1)]
        depths = depths[needed]
        levels = _levels(depths)
    sizes = np.ones(len(parents), np.int64)
    _sum_up(sizes, parents, levels)
    ahead = _ahead_of_each(parents, sizes)
    at = np.zeros(len(parents), np.int64)
    for number, level in enumerate(levels):
        at[level] = ahead[level] if number == 0 else at[parents[level]] + 1 + ahead[level]
    order = np.empty(len(parents), np.int64)
    order[at] = np.arange(len(parents))
    is_last = (depths > 0) & (at + sizes == at[parents] + sizes[parents])
    return Order(needed[order], depths[order], is_last[order])


def _levels(depths: Ints) -> list[Ints]:
    """Return the positions of each depth, from 0 on."""
    if not len(depths):
        return []
    deepest = int(depths.max())
    assert deepest <= MAX_DEPTH
    by_depth = np.argsort(depths.astype(np.uint16), kind="stable")  # of 16 bits it takes a tenth
    return np.split(by_depth, np.searchsorted(depths[by_depth], np.arange(1, deepest + 1)))


def _sum_up(values: Ints, parents: Ints, levels: list[Ints]) -> None:
    """Add to every value those of all objects below it."""
    for level in reversed(levels[1:]):
        np.add.at(values, parents[level], values[level])


def _ahead_of_each(parents: Ints, sizes: Ints) -> Ints:
    """Return how many objects stand in the trees of its lighter siblings (roots: of earlier roots)."""
    roots_first = np.maximum(parents, -1)
    # Two keys in one number: sorted once, not twice.
    order = np.argsort(
        (roots_first + 1) * (len(parents) + 1) + np.where(roots_first < 0, 0, sizes), kind="stable"
    )
    before = np.cumsum(sizes[order]) - sizes[order]
    groups = roots_first[order]
    first = np.searchsorted(groups, groups)
    ahead = np.empty(len(parents), np.int64)
    ahead[order] = before - before[first]
    return ahead
