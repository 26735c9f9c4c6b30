"""Which trees hold an object, and which trees hold those: found without making a single tree.

Most trees are deltas. An id that is in a tree was either inserted by its delta, or copied from the base,
where it stood already. So only what deltas insert is searched; what they copy is followed down from there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from tidegate.sources.delta import BrokenError
from tidegate.sources.git.deltaops import SLACK, Flags, Instructions, OddError, read_instructions
from tidegate.sources.git.inflate import inflate
from tidegate.sources.git.pack import Bytes, Ints
from tidegate.sources.git.shards import Part

Keys = NDArray[np.uint64]
Bits = NDArray[np.uint64]
Small = NDArray[np.int32]
"""There are millions of each."""

_CORE_AT = 3
_CORE = 8
"""Bytes of an id that are looked for, and where they stand in it.

A delta copies as far as base and result agree: with luck the first bytes of a new id, or the last, as well.
That the three before the core are copied and it is missed has a chance of 2^-32 for each new id.
"""
_SHORTEST_COPY = 4
"""Git copies no less: nothing inside of an id comes from elsewhere. What others wrote is an `OddError`."""
_CHUNK_BYTES = 12 << 20
_LARGEST = 256 << 20
MAX_HOLDINGS = 4_000_000
"""Pairs of an object and a tree that holds it: 336,000 in git/git for 270 objects."""
MAX_SPREAD = 4_000_000
"""Instructions looked at in one step, which bounds memory. Beyond both git's own walk is no dearer."""


def cores(oids: Bytes) -> Keys:
    """Return what is compared of each id."""
    part = np.ascontiguousarray(oids[:, _CORE_AT : _CORE_AT + _CORE])
    return part.view("<u8").ravel()


class Names:
    """Numbers for ids: of all trees, and of what is looked for."""

    def __init__(self, oids: Bytes) -> None:
        """Give numbers to ids. Raises `OddError` when two are alike in the part that is compared."""
        found = cores(oids)
        order = np.argsort(found, kind="stable")
        ordered = found[order]
        rows = oids[order]
        fresh = np.ones(len(ordered), np.bool_)
        fresh[1:] = ordered[1:] != ordered[:-1]
        if len(rows) and not (fresh[1:] | (rows[1:] == rows[:-1]).all(axis=1)).all():
            raise OddError("two ids that agree in half of their bytes")
        self._keys = ordered[fresh]
        self.oids = rows[fresh]

    def __len__(self) -> int:
        return len(self._keys)

    def of(self, wanted: Keys) -> Ints:
        """Return the number of each, or -1."""
        if not len(self._keys):
            return np.full(len(wanted), -1, np.int64)
        at = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
        return np.where(self._keys[at] == wanted, at, -1)

    def have(self, oids: Bytes) -> bool:
        """Whether all of these have a number."""
        numbers = self.of(cores(oids))
        return bool((numbers >= 0).all() and (self.oids[numbers] == oids).all())

    def sieve(self) -> Flags:
        """(2^24,): whether any id may have a number whose core ends so; 16 MB."""
        sieve = np.zeros(1 << 24, np.bool_)
        sieve[(self._keys & _LOW_BITS).astype(np.int64)] = True
        return sieve

    def among(self, candidates: Keys, sieve: Flags) -> tuple[Ints, Ints]:
        """Return which of the candidates have a number, and these numbers."""
        likely = np.flatnonzero(sieve[(candidates & _LOW_BITS).astype(np.int64)])
        numbers = self.of(candidates[likely])
        good = numbers >= 0
        return likely[good], numbers[good]


_LOW_BITS = np.uint64(0xFFFFFF)


class Holders:
    """Finds the holders of some objects, their holders, and so on up to the roots."""

    def __init__(self, names: Names, width: int) -> None:
        self._names = names
        self._sieve = names.sieve()
        self._width = width
        self._places: list[tuple[Small, Small, Small]] = []
        """(held, holding tree, where in it), as deltas insert them and whole trees have them."""
        self._copies: list[tuple[Small, Small, Small, Small]] = []
        """(tree, from, to, length)."""
        self._bases: list[Small] = []
        self._numbers: list[Small] = []
        self._count = 0

    def add(self, packed: Part, data: memoryview) -> None:
        """Look through trees. Raises `OddError` when one cannot be read, or is not made as git makes them."""
        if len(packed.sizes) and int(packed.sizes.max()) > _LARGEST:
            raise OddError("a tree of a size that git does not write")
        bases = np.where(packed.parents < 0, -1, packed.parents + self._count)
        self._bases.append(bases.astype(np.int32))
        self._numbers.append(self._names.of(cores(packed.oids)).astype(np.int32))
        ahead = np.concatenate(([0], np.cumsum(packed.sizes)))
        cuts = np.searchsorted(ahead, np.arange(0, int(ahead[-1]) + _CHUNK_BYTES, _CHUNK_BYTES))
        cuts = np.unique(np.append(cuts, len(packed.starts)))
        for first, stop in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
            if stop > first:
                self._chunk(packed, data, first, min(stop, len(packed.starts)))
        self._count += len(packed.starts)

    def _chunk(self, packed: Part, pack: memoryview, first: int, stop: int) -> None:
        sizes = packed.sizes[first:stop]
        begins = np.cumsum(sizes) - sizes
        ends = begins + sizes
        data = _inflated(packed, pack, first, stop)
        whole = packed.parents[first:stop] < 0
        trees = np.flatnonzero(whole)
        deltas = np.flatnonzero(~whole)
        made = read_instructions(data, begins[deltas], ends[deltas])
        if (made.lengths[made.copies] < _SHORTEST_COPY).any() or (made.sources > _LARGEST).any():
            raise OddError("deltas that git did not make")
        copies = np.flatnonzero(made.copies)
        owners = deltas[made.owners]
        here = self._count + first
        self._copies.append(
            tuple(  # type: ignore[arg-type]  # four of them
                each.astype(np.int32)
                for each in (
                    owners[copies] + here, made.sources[copies], made.targets[copies], made.lengths[copies],
                )
            )
        )  # fmt: skip
        wide = np.ndarray((len(data) - 7,), "<u8", data, 0, (1,))
        nuls = np.flatnonzero(data[: ends[-1] if len(ends) else 0] == 0) + 1
        # An id stands behind the zero byte that ends its name: in a whole tree, in inserted bytes;
        # or at the beginning of what is inserted, and its first bytes may have been copied.
        places = np.flatnonzero(~made.copies)
        inserts = _Pieces(
            made.sources[places], made.lengths[places], made.targets[places], owners[places] + here
        )
        wholes = _Pieces(begins[trees], sizes[trees], np.zeros(len(trees), np.int64), trees + here)
        for pieces, (at, which) in chain(
            [(wholes, wholes.inside(nuls)), (inserts, inserts.inside(nuls))],
            ((inserts, each) for each in inserts.at_beginnings()),
        ):
            good, numbers = self._names.among(wide[at + _CORE_AT], self._sieve)
            at, which = at[good], which[good]
            self._keep(numbers, pieces.owners[which], pieces.targets[which] + at - pieces.begins[which])
        found, owners, where = _over_seams(data, made, owners, here)
        good, numbers = self._names.among(found, self._sieve)
        self._keep(numbers, owners[good], where[good])

    def _keep(self, numbers: Ints, owners: Ints, where: Ints) -> None:
        if len(numbers):
            self._places.append((numbers.astype(np.int32), owners.astype(np.int32), where.astype(np.int32)))

    def holdings(self, wanted: Ints) -> tuple[Ints, Ints]:
        """Return all (held, holding), as numbers of names, that lead up from the wanted ones; some twice.

        Asked once. Raises `OddError` when there are too many.
        """
        del self._sieve  # what is not needed any more is a third of all that is held here
        held, tree, where = _joined(self._places, 3)
        order, firsts = _grouped(held, len(self._names))
        tree, where = tree[order], where[order]
        del held, order
        descent = _Descent(self._bases, self._copies, self._width)
        numbers = np.concatenate(self._numbers) if self._numbers else np.zeros(0, np.int32)
        known = np.zeros(len(self._names), np.bool_)
        known[wanted] = True
        pairs: list[Ints] = []
        total = 0
        waiting = wanted
        while len(waiting):
            which, at = spread(firsts[waiting], firsts[waiting + 1])
            holders = np.zeros(len(self._names), np.bool_)
            now = (waiting[which].astype(np.int64), tree[at].astype(np.int64), where[at].astype(np.int64))
            while len(now[0]):
                total += len(now[0])
                if total > MAX_HOLDINGS:
                    raise OddError("too many trees hold it")
                holding = numbers[now[1]]
                pairs.append(now[0] << 32 | holding)
                holders[holding] = True
                now = descent.step(*now)
            waiting = np.flatnonzero(holders & ~known)
            known[waiting] = True
        both = np.concatenate(pairs) if pairs else np.zeros(0, np.int64)
        return both >> 32, both & 0xFFFFFFFF


def _grouped(numbers: Small, count: int) -> tuple[Ints, Ints]:
    """Return the positions in the order of their numbers, and where in that each begins: (count + 1,)."""
    order = np.argsort(numbers, kind="stable")
    return order, np.searchsorted(numbers[order], np.arange(count + 1, dtype=np.int32))


def spread(firsts: Ints, stops: Ints) -> tuple[Ints, Ints]:
    """Return for every number in each of the ranges: which range, and the number.

    Raises `OddError` when there are too many.
    """
    counts = stops - firsts
    if int(counts.sum()) > MAX_SPREAD:
        raise OddError("too much to follow at once")
    which = np.repeat(np.arange(len(firsts)), counts)
    ahead = np.cumsum(counts) - counts
    return which, np.arange(int(counts.sum())) - ahead[which] + firsts[which]


class _Descent:
    """Follows what stands in a base into the deltas made from it."""

    def __init__(
        self, bases: list[Small], copies: list[tuple[Small, Small, Small, Small]], width: int
    ) -> None:
        own = np.concatenate(bases) if bases else np.zeros(0, np.int32)
        deltas = np.flatnonzero(own >= 0)
        self._width = width
        order, self._first_deltas = _grouped(own[deltas], len(own))
        self._deltas = deltas[order]
        owner, self._source, self._target, self._length = _joined(copies, 4)
        # Chunk after chunk, delta after delta: they are in order already.
        self._firsts = np.searchsorted(owner, np.arange(len(own) + 1, dtype=np.int32))

    def step(self, held: Ints, tree: Ints, where: Ints) -> tuple[Ints, Ints, Ints]:
        which, at = spread(self._first_deltas[tree], self._first_deltas[tree + 1])
        child = self._deltas[at]
        one, copy = spread(self._firsts[child], self._firsts[child + 1])
        where = where[which[one]]
        source = self._source[copy]
        good = np.flatnonzero(
            (source <= where) & (where + self._width <= source.astype(np.int64) + self._length[copy])
        )
        one, copy = one[good], copy[good]
        return held[which[one]], child[one], where[good] - source[good] + self._target[copy]


def _joined(
    pieces: list[tuple[Small, Small, Small]] | list[tuple[Small, Small, Small, Small]], count: int
) -> list[Small]:
    """Return each column in one piece; `pieces` is empty afterwards: there is no memory for both."""
    columns = list(zip(*pieces, strict=True))
    pieces.clear()
    return [np.concatenate(columns.pop(0)) if columns else np.zeros(0, np.int32) for _ in range(count)]


def _inflated(packed: Part, data: memoryview, first: int, stop: int) -> Bytes:
    pieces: list[bytes] = []
    put = pieces.append
    try:
        for start, end, own in zip(
            packed.starts[first:stop].tolist(),
            packed.ends[first:stop].tolist(),
            packed.sizes[first:stop].tolist(),
            strict=True,
        ):
            put(inflate(data[start:end], own))
    except BrokenError as error:
        raise OddError("a tree that cannot be inflated") from error
    put(bytes(SLACK))
    return np.frombuffer(b"".join(pieces), np.uint8)


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Stretches of a buffer in which ids stand as they are; every array is (n,), in ascending order."""

    begins: Ints
    lengths: Ints
    targets: Ints
    """Where in the tree each comes to lie."""
    owners: Ints
    """In which tree."""

    def inside(self, at: Ints) -> tuple[Ints, Ints]:
        """Return the positions whose core lies inside of a piece, and of which."""
        if not len(self.begins):
            none = np.zeros(0, np.int64)
            return none, none
        piece = np.searchsorted(self.begins, at, side="right") - 1
        ends = (self.begins + self.lengths)[piece]
        good = np.flatnonzero((piece >= 0) & (at + (_CORE_AT + _CORE) <= ends))
        return at[good], piece[good]

    def at_beginnings(self) -> Iterable[tuple[Ints, Ints]]:
        """Return positions of ids that begin with the piece, or of which the first bytes were copied."""
        for copied in range(_CORE_AT + 1):
            which = np.flatnonzero((self.lengths >= _CORE_AT + _CORE - copied) & (self.targets >= copied))
            yield self.begins[which] - copied, which


def _over_seams(data: Bytes, made: Instructions, owners: Ints, here: int) -> tuple[Keys, Ints, Ints]:
    """Return what lies over the seam of two insertions: each holds at most 127 bytes."""
    first = np.flatnonzero(~made.copies[:-1] & ~made.copies[1:] & (made.owners[:-1] == made.owners[1:]))
    seams = made.sources[first] + made.lengths[first]
    places = np.arange(1 - _CORE, 0)
    """Where a core that lies over the seam begins, from there."""
    columns = places[:, None] + np.arange(_CORE)
    columns = columns + (columns >= 0)  # the byte at the seam is the next instruction
    at = seams[:, None, None] + columns
    found = data[np.maximum(at, 0)].reshape(-1, _CORE)
    targets = (made.targets[first] + made.lengths[first])[:, None] + places - _CORE_AT
    own = np.repeat(owners[first] + here, len(places))
    return np.ascontiguousarray(found).view("<u8").ravel(), own, targets.ravel()


def holding_bits(count: int, wanted: Ints, held: Ints, holding: Ints) -> Bits:
    """(count, words): a bit for each of `wanted`, at every name that holds it, at any depth, or is it."""
    bits = np.zeros((count, len(wanted) // 64 + 1), np.uint64)
    for number, each in enumerate(wanted.tolist()):
        bits[each, number // 64] |= np.uint64(1 << (number % 64))
    order = np.argsort(holding, kind="stable")
    held, holding = held[order], holding[order]
    changed = np.zeros(count, np.bool_)
    changed[wanted] = True
    while True:
        now = np.flatnonzero(changed[held])
        if not len(now):
            return bits
        firsts = np.flatnonzero(np.diff(holding[now], prepend=-1))
        into = holding[now][firsts]
        more = np.bitwise_or.reduceat(bits[held[now]], firsts, axis=0)
        fresh = (more & ~bits[into]).any(axis=1)
        bits[into] |= more
        changed[:] = False
        changed[into[fresh]] = True
