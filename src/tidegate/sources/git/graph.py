"""The commits of a repository with their trees and parents, and the order that git lists them in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from heapq import heappop, heappush

import numpy as np
from deflate import DeflateError, zlib_decompress

from tidegate.sources.delta import BrokenError, apply_delta
from tidegate.sources.git.deltaops import Flags, OddError
from tidegate.sources.git.holders import Bits, Names, cores, spread
from tidegate.sources.git.pack import Bytes, Ints
from tidegate.sources.git.shards import Part

_COMMITTED = re.compile(rb"\ncommitter [^\n>]*<[^\n>]*> (\d{1,10}) [+-]\d{4}\n")
Head = tuple[bytes, int]
"""What stands in a commit before its author; when it was committed, in seconds."""


class Graph:
    """Commits by number."""

    def __init__(self, oids: Bytes, heads: Sequence[Head]) -> None:
        """Take commits with their heads. Raises `OddError`: one is malformed, or a parent is not there."""
        width = oids.shape[1]
        self._names = Names(oids)
        numbers = self._names.of(cores(oids))
        order = np.unique(numbers, return_index=True)[1]  # two packs may have the same
        trees, parents, counts = _split([head for head, _ in heads], width)
        ahead = np.cumsum(counts) - counts
        self._children, at = spread(ahead[order], ahead[order] + counts[order])
        self._firsts = np.searchsorted(self._children, np.arange(len(self._names) + 1))
        self._parents = self._names.of(cores(parents))[at]
        self.trees = trees[order]
        """(n, width)."""
        self._dates = np.array([date for _, date in heads], np.int64)[order]
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
        for each in waiting:
            reached[each] = 1
        while waiting:
            own = waiting.pop()
            for parent in parents[firsts[own] : firsts[own + 1]]:
                if not reached[parent]:
                    reached[parent] = 1
                    waiting.append(parent)
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
        waiting = [(-dates[each], place, each) for place, each in enumerate(tips)]
        seen, rank = len(waiting), int(reached.sum())
        ranks = [-1] * len(self)
        while waiting:
            own = heappop(waiting)[2]
            rank -= 1
            ranks[own] = rank
            for parent in parents[firsts[own] : firsts[own + 1]]:
                left[parent] -= 1
                if not left[parent]:
                    heappush(waiting, (-dates[parent], seen, parent))
                    seen += 1
        return ranks


def _split(heads: Sequence[bytes], width: int) -> tuple[Bytes, Bytes, Ints]:
    """Return trees, all parents one after the other, and how many of these each commit has."""
    first, row = len(b"tree ") + 2 * width, len(b"\nparent ") + 2 * width
    lengths = np.array([len(head) for head in heads], np.int64)
    counts = (lengths - first) // row
    if ((lengths - first) % row).any() or (counts < 0).any():
        raise OddError("a commit that git did not write")
    trees = np.empty((len(heads), width), np.uint8)
    parents = np.empty((int(counts.sum()), width), np.uint8)
    ahead = np.cumsum(counts) - counts
    for count in np.unique(counts).tolist():
        own = np.flatnonzero(counts == count)
        # Those with as many parents are equally long: a table.
        table = np.frombuffer(b"".join(heads[i] for i in own.tolist()), np.uint8).reshape(len(own), -1)
        trees[own] = _from_hex(table[:, :first], b"tree ")
        for number in range(count):
            column = table[:, first + number * row : first + (number + 1) * row]
            parents[ahead[own] + number] = _from_hex(column, b"\nparent ")
    return trees, parents, counts


def _from_hex(column: Bytes, word: bytes) -> Bytes:
    if (column[:, : len(word)] != np.frombuffer(word, np.uint8)).any():
        raise OddError("a commit that git did not write")
    digits = column[:, len(word) :]
    try:
        found = bytes.fromhex(digits.tobytes().decode("ascii"))
    except ValueError as error:
        raise OddError("a commit that git did not write") from error
    if 2 * len(found) != digits.size:
        raise OddError("a commit that git did not write")
    return np.frombuffer(found, np.uint8).reshape(len(digits), -1)


def read_heads(part: Part, data: memoryview) -> list[Head]:
    """Read the commits of a pack. Raises `OddError`."""
    bases = set(part.parents[part.parents >= 0].tolist())
    columns = (part.starts, part.ends, part.sizes, part.parents)
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    kept: dict[int, bytes] = {}
    heads: list[Head | None] = [None] * len(rows)
    for at in range(len(rows)):
        if heads[at] is not None:
            continue
        chain = [at]
        while (base := rows[chain[-1]][3]) >= 0 and base not in kept:
            chain.append(base)
        for each in reversed(chain):
            start, end, size, base = rows[each]
            try:
                content = bytes(zlib_decompress(data[start:end], size))
                if base >= 0:
                    content = apply_delta(kept[base], content)
            except (DeflateError, BrokenError) as error:
                raise OddError("a commit that cannot be read") from error
            if each in bases:
                kept[each] = content
            heads[each] = head_of(content)
    return [each for each in heads if each is not None]


def head_of(content: bytes) -> Head:
    """Return the head of one commit. Raises `OddError` when git would not have written it so."""
    end = content.find(b"\nauthor ")
    committed = _COMMITTED.search(content, end + 1)
    if end < 0 or committed is None:
        raise OddError("a commit that git did not write")
    return content[:end], int(committed[1])
