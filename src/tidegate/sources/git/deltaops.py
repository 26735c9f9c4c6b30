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

    Where instructions begin is found for all deltas in step: the first of each, then the second of each. Few
    have more than a hundred, so that a step must do little; what they say is read for all of them at once.
    """
    at = begins
    for _ in range(2):
        at = _behind_number(data, at, ends)
    going = np.flatnonzero(at < ends)
    at, stops = at[going], ends[going]
    steps = []
    while len(going):
        steps.append((going, at))
        at = at + _STEPS[data[at]]
        live = at < stops
        if not live.all():
            if (at > stops).any():
                raise OddError("a delta that ends inside of an instruction")
            going, at, stops = going[live], at[live], stops[live]
    return _instructions(data, *in_order(steps, len(begins)))


_STEPS = np.array([(n & 0x7F).bit_count() + 1 if n & 0x80 else n + 1 for n in range(256)], np.int64)
"""How long the instruction is that begins with this byte."""


def in_order(steps: list[tuple[Ints, Ints]], deltas: int) -> tuple[Ints, Ints]:
    """Return what was met in each step of a walk through many texts, text after text, and how many each has.

    steps: which texts had one more, and where it begins: here instructions of deltas, parents of commits.
    """
    counts = np.zeros(deltas, np.int64)
    for going, _ in steps:
        counts[going] += 1
    firsts = np.cumsum(counts) - counts
    begins = np.empty(int(counts.sum()), np.int64)
    for number, (going, at) in enumerate(steps):
        begins[firsts[going] + number] = at
    return begins, counts


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


def _instructions(data: Bytes, begins: Ints, counts: Ints) -> Instructions:
    head = data[begins]
    copies = head >= 0x80
    sources, lengths = begins + 1, head.astype(np.int64)
    copying = np.flatnonzero(copies)
    # One after the other all with the same first byte, which says what the others mean.
    heads = head[copying]
    copying = copying[np.argsort(heads, kind="stable")]
    words = np.ndarray((len(data) - 7,), "<u8", data, 0, (1,))[begins[copying] + 1]
    source = np.zeros(len(copying), np.int64)
    length = np.zeros(len(copying), np.int64)
    counts_of_heads = np.bincount(heads, minlength=256)
    stop = 0
    for order in np.flatnonzero(counts_of_heads).tolist():
        start, stop = stop, stop + int(counts_of_heads[order])
        own = words[start:stop]
        _gather(source[start:stop], own, order & 0x0F, 0)
        _gather(length[start:stop], own, (order >> 4) & 0x07, (order & 0x0F).bit_count())
    length[length == 0] = _LONGEST_COPY
    sources[copying], lengths[copying] = source, length
    if not lengths.all():
        raise OddError("a delta that has an empty instruction")
    ahead = np.cumsum(lengths) - lengths
    firsts = np.cumsum(counts) - counts
    some = np.flatnonzero(counts)
    targets = ahead - np.repeat(ahead[firsts[some]], counts[some])
    return Instructions(
        owners=np.repeat(np.arange(len(counts)), counts),
        copies=copies,
        sources=sources,
        targets=targets,
        lengths=lengths,
    )


def _gather(numbers: Ints, words: NDArray[np.uint64], given: int, at: int) -> None:
    """Fill in numbers whose bytes stand from `at` on in each word; bits of `given`: which bytes they have."""
    place = 0
    while given:
        if given & 1:
            # Neighbours together: mostly it is all of them.
            run = (~given & (given + 1)).bit_length() - 1
            part = (words >> np.uint64(8 * at)) & np.uint64((1 << (8 * run)) - 1)
            numbers |= part.view(np.int64) << (8 * place)
            at, place, given = at + run, place + run, given >> run
        else:
            place, given = place + 1, given >> 1
