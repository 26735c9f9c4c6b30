"""The commits of a repository with their trees and parents, and the order that git lists them in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heappop, heappush

import numpy as np

from tidegate.sources.delta import BrokenError, apply_delta
from tidegate.sources.git.deltaops import Flags, OddError
from tidegate.sources.git.heads import Heads, heads_of, joined
from tidegate.sources.git.holders import Bits, Names, cores, spread
from tidegate.sources.git.inflate import inflate
from tidegate.sources.git.pack import Bytes
from tidegate.sources.git.shards import Part


class Graph:
    """Commits by number."""

    def __init__(self, oids: Bytes, heads: Heads) -> None:
        """Take commits with their heads. Raises `OddError` when a parent is not there."""
        self._names = Names(oids)
        numbers = self._names.of(cores(oids))
        order = np.unique(numbers, return_index=True)[1]  # two packs may have the same
        counts = heads.counts
        ahead = np.cumsum(counts) - counts
        self._children, at = spread(ahead[order], ahead[order] + counts[order])
        self._firsts = np.searchsorted(self._children, np.arange(len(self._names) + 1))
        self._parents = self._names.of(cores(heads.parents))[at]
        self.trees = heads.trees[order]
        """(n, width)."""
        self._dates = heads.dates[order]
        if (self._parents < 0).any():
            raise OddError("a commit whose parent is not there")

    def __len__(self) -> int:
        return len(self._names)

    def numbers(self, oids: Sequence[bytes]) -> list[int]:
        """Return the commits' numbers, -1 for what is none."""
        if not oids:
            return []
        rows = np.frombuffer(b"".join(oids), np.uint8).reshape(len(oids), -1)
        return [int(each) for each in self._names.of(cores(rows))]

    def oid(self, number: int) -> bytes:
        """Return the id of a commit."""
        return bytes(self._names.oids[number])

    def reached_from(self, starts: Iterable[int]) -> Flags:
        """Say of each commit whether it is one of `starts`, or one of them comes after it."""
        reached = bytearray(len(self))
        firsts = self._firsts.tolist()
        parents = self._parents.tolist()
        waiting = list(dict.fromkeys(starts))
        while waiting:
            own = waiting.pop()
            # Along first parents for as long as it goes: most commits have no others.
            while not reached[own]:
                reached[own] = 1
                first, stop = firsts[own], firsts[own + 1]
                if first == stop:
                    break
                if stop > first + 1:
                    waiting += parents[first + 1 : stop]
                own = parents[first]
        return np.frombuffer(reached, np.bool_)

    def brought(self, has: Bits) -> Bits:
        """(n, words): of the bits that each commit has, those that none of its parents has."""
        before = np.zeros_like(has)
        if len(self._children):
            firsts = np.flatnonzero(np.diff(self._children, prepend=-1))
            before[self._children[firsts]] = np.bitwise_or.reduceat(has[self._parents], firsts, axis=0)
        return has & ~before

    def ranks(self, starts: Sequence[int], reached: Flags) -> list[int]:
        """Return each commit's place in `git rev-list --date-order --reverse`; what is not reached is -1.

        `reached`: what they reach. The newest is next whose children all have been listed; of two as new,
        the one found first.
        Source: git's own documentation of rev-list, "Commit Ordering".
        """
        counted = reached[self._children]
        left = np.bincount(self._parents[counted], minlength=len(self)).tolist()
        firsts = self._firsts.tolist()
        parents, dates = self._parents.tolist(), self._dates.tolist()
        tips = [each for each in dict.fromkeys(starts) if not left[each]]
        tips.sort(key=dates.__getitem__, reverse=True)
        # What waits is one number each: heaps compare those fastest. The newest is the least.
        found = tips.copy()
        latest = max(dates, default=0)
        bits = len(self).bit_length()
        place = (1 << bits) - 1
        waiting = [(latest - dates[each]) << bits | number for number, each in enumerate(tips)]
        rank = int(reached.sum())
        ranks = [-1] * len(self)
        while waiting:
            own = found[heappop(waiting) & place]
            rank -= 1
            ranks[own] = rank
            for at in range(firsts[own], firsts[own + 1]):
                parent = parents[at]
                left[parent] -= 1
                if not left[parent]:
                    heappush(waiting, (latest - dates[parent]) << bits | len(found))
                    found.append(parent)
        return ranks


def read_heads(part: Part, data: memoryview) -> tuple[Bytes, Heads]:
    """Read the commits of a pack: ids and heads. Raises `OddError`."""
    width = part.oids.shape[1]
    bases = set(part.parents[part.parents >= 0].tolist())
    columns = (part.starts, part.ends, part.sizes, part.parents)
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    kept: dict[int, bytes] = {}
    done = bytearray(len(rows))
    order: list[int] = []
    contents: list[bytes] = []
    parts: list[Heads] = []
    for at in range(len(rows)):
        if done[at]:
            continue
        chain = [at]
        while (base := rows[chain[-1]][3]) >= 0 and base not in kept:
            chain.append(base)
        for each in reversed(chain):
            start, end, size, base = rows[each]
            try:
                content = inflate(data[start:end], size)
                if base >= 0:
                    content = apply_delta(kept[base], content)
            except BrokenError as error:
                raise OddError("a commit that cannot be read") from error
            if each in bases:
                kept[each] = content
            done[each] = 1
            order.append(each)
            contents.append(content)
        if len(contents) > _TOGETHER:
            parts.append(heads_of(contents, width))
            contents.clear()
    parts.append(heads_of(contents, width))
    return part.oids[order], joined(parts, width)


_TOGETHER = 2000
"""Commits whose heads are read at once."""
