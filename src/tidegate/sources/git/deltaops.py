"""What deltas copy and insert: the instructions of thousands of them at once, in arrays.

Source: git-scm.com/docs/gitformat-pack, "Deltified representation".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegate.sources.git.pack import Bytes, Ints

Flags = NDArray[np.bool_]
_LONGEST_COPY = 0x10000


SLACK = 16
"""More than the longest instruction that inserts nothing: the last one may be cut short."""


class OddError(ValueError):
    """Not what git writes; whoever asked must find out in another way."""


@dataclass(frozen=True, slots=True)
class Instructions:
    """Every array is (n,): one instruction each, delta after delta, in the order of the result."""

    owners: Ints
    """Which delta, as its number among those that were given."""
    copies: Flags
    """It copies from the base; the others insert bytes of the delta."""
    sources: Ints
    """Where in the base, or where in the buffer of deltas, the bytes lie."""
    targets: Ints
    """Where in the result they go."""
    lengths: Ints


def read_instructions(data: Bytes, begins: Ints, ends: Ints) -> Instructions:
    """Read deltas that lie in `data`, before its last `SLACK` bytes. Raises `OddError`: one is malformed.

    All of them go on in step: the first instruction of each, then the second of each.
    """
    at = begins.copy()
    for _ in range(2):
        at = _behind_number(data, at, ends)
    going = np.flatnonzero(at < ends)
    at, stops = at[going], ends[going]
    targets = np.zeros(len(going), np.int64)
    steps = []
    while len(going):
        copies, sources, lengths, at = _instruction(data, at)
        steps.append((going, copies, sources, targets, lengths))
        if (at > stops).any() or not lengths.all():
            raise OddError("a delta that ends inside of an instruction, or has an empty one")
        targets = targets + lengths
        live = at < stops
        going, at, stops, targets = going[live], at[live], stops[live], targets[live]
    return _in_order(steps, len(begins))


def _behind_number(data: Bytes, at: Ints, ends: Ints) -> Ints:
    at = at.copy()
    going = np.arange(len(at))
    while len(going):
        more = data[np.minimum(at[going], len(data) - 1)] >= 0x80
        at[going] += 1
        going = going[more]
        if (at[going] >= ends[going]).any():
            raise OddError("a delta that ends inside of its header")
    return at


def _instruction(data: Bytes, at: Ints) -> tuple[Flags, Ints, Ints, Ints]:
    """Return for one instruction of each delta: does it copy, from where, how much, and where it ends."""
    head = data[at]
    copies = head >= 0x80
    sources, lengths = at + 1, head.astype(np.int64)
    behind = at + 1 + lengths
    copying = np.flatnonzero(copies)
    heads, here = head[copying], at[copying] + 1
    source = np.zeros(len(copying), np.int64)
    length = np.zeros(len(copying), np.int64)
    for bit in range(7):
        has = np.flatnonzero(heads & (1 << bit))
        if not len(has):
            continue
        byte = data[np.minimum(here[has], len(data) - 1)].astype(np.int64)
        if bit < 4:
            source[has] |= byte << (8 * bit)
        else:
            length[has] |= byte << (8 * (bit - 4))
        here[has] += 1
    length[length == 0] = _LONGEST_COPY
    sources[copying], lengths[copying], behind[copying] = source, length, here
    return copies, sources, lengths, behind


def _in_order(steps: list[tuple[Ints, Flags, Ints, Ints, Ints]], deltas: int) -> Instructions:
    counts = np.zeros(deltas, np.int64)
    for step in steps:
        counts[step[0]] += 1
    firsts = np.cumsum(counts) - counts
    total = int(counts.sum())
    found = Instructions(
        owners=np.repeat(np.arange(deltas), counts),
        copies=np.empty(total, np.bool_),
        sources=np.empty(total, np.int64),
        targets=np.empty(total, np.int64),
        lengths=np.empty(total, np.int64),
    )
    for number, (going, copies, sources, targets, lengths) in enumerate(steps):
        at = firsts[going] + number
        found.copies[at] = copies
        found.sources[at] = sources
        found.targets[at] = targets
        found.lengths[at] = lengths
    return found
