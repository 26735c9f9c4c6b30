"""Cutting an object store into pieces for workers. A piece has all that reading it takes."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tidegate.model.document import Tally
from tidegate.sources.git.order import Flags, Order, preorder, roots
from tidegate.sources.git.pack import (
    COMMIT,
    LOST_BASE,
    MAX_DEPTH,
    NO_BASE,
    TREE,
    Bytes,
    DamagedError,
    Entries,
    Index,
    Ints,
    find,
    in_order,
    keys,
    read_entries,
    read_index,
)
from tidegate.sources.git.view import Store

SHARDS_A_WORKER = 6
LOOSE_A_SHARD = 2000
MIN_COST = 8 << 20
MAX_TREES = 1_500_000
"""So many are remembered for finding first commits, at 60 bytes each."""
_OBJECT_COST = 512
"""What an object costs beside its bytes, in bytes: about a microsecond."""

EMIT, LAST, BASE = 1, 2, 4
"""Flags of an object: hand it out; its base's last child; others are made from it."""


@dataclass(frozen=True, slots=True)
class PackShard:
    """Some delta trees of a pack, in preorder. Every array is (n,), but `oids` (n, width)."""

    pack: str
    kinds: Bytes
    starts: Ints
    ends: Ints
    sizes: Ints
    depths: Ints
    flags: Bytes
    oids: Bytes
    base_oids: dict[int, bytes]
    """Position in this shard -> a base that is not in this pack."""

    def __str__(self) -> str:
        handed_out = np.flatnonzero(self.flags & EMIT)
        if len(handed_out) == 1:
            return f"object {self.oids[handed_out[0]].tobytes().hex()} of {self.pack}"
        return f"{len(handed_out):,} objects of {self.pack}"

    def halves(self) -> tuple[PackShard, PackShard] | None:
        """Cut it at the beginning of a tree, or one tree by what is handed out of it; `None` for one object.

        Objects that both halves of a tree are made of are read in both, and handed out by one.
        """
        begins = np.flatnonzero(self.depths == 0)
        if len(begins) > 1:
            middle = int(begins[len(begins) // 2])
            return self._part(0, middle), self._part(middle, len(self.starts))
        handed_out = np.flatnonzero(self.flags & EMIT)
        if len(handed_out) < 2:
            return None
        middle = len(handed_out) // 2
        return self._only(handed_out[:middle]), self._only(handed_out[middle:])

    def _only(self, handed_out: Ints) -> PackShard:
        """Return the same with these objects handed out, and without what they are not made of."""
        wanted = np.full(len(self.starts), False)
        wanted[handed_out] = True
        order = preorder(_parents(self.depths), self.depths, wanted)
        at, deeper = order.entries, order.depths[1:] > order.depths[:-1]
        flags = (wanted[at] * EMIT + order.last * LAST).astype(np.uint8)
        flags[:-1] += (deeper * BASE).astype(np.uint8)
        places = {int(old): new for new, old in enumerate(at)}
        arrays = ("kinds", "starts", "ends", "sizes", "oids")
        return PackShard(
            pack=self.pack,
            depths=order.depths,
            flags=flags,
            base_oids={places[old]: oid for old, oid in self.base_oids.items() if old in places},
            **{name: getattr(self, name)[at] for name in arrays},
        )

    def _part(self, first: int, stop: int) -> PackShard:
        arrays = ("kinds", "starts", "ends", "sizes", "depths", "flags", "oids")
        return PackShard(
            pack=self.pack,
            base_oids={at - first: oid for at, oid in self.base_oids.items() if first <= at < stop},
            **{name: getattr(self, name)[first:stop] for name in arrays},
        )


def _parents(depths: Ints) -> Ints:
    """Return each object's base in preorder: the last one before it that is one less deep; -1 for a root."""
    parents = np.full(len(depths), -1, np.int64)
    last = [0] * (int(depths.max(initial=0)) + 1)
    for at, depth in enumerate(depths.tolist()):
        if depth:
            parents[at] = last[depth - 1]
        last[depth] = at
    return parents


@dataclass(frozen=True, slots=True)
class LooseShard:
    """Loose objects of one folder."""

    folder: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"{len(self.names):,} objects of {self.folder}"

    def halves(self) -> tuple[LooseShard, LooseShard] | None:
        """Cut it in two; `None` when it is one object."""
        middle = len(self.names) // 2
        if not middle:
            return None
        return LooseShard(self.folder, self.names[:middle]), LooseShard(self.folder, self.names[middle:])


@dataclass(frozen=True, slots=True)
class Part:
    """Objects of one kind in one pack, whole delta trees. Every array is (n,), but `oids` (n, width)."""

    pack: str
    starts: Ints
    ends: Ints
    sizes: Ints
    parents: Ints
    """Position of the base in these arrays; negative when it is no delta."""
    oids: Bytes


@dataclass(slots=True)
class Catalogue:
    """Which objects there are."""

    packed: list[NDArray[np.bytes_]] = field(default_factory=list)
    """Sorted ids, one array a pack."""
    loose: set[bytes] = field(default_factory=set)
    commits: list[Part] = field(default_factory=list)
    trees: list[Part] = field(default_factory=list)
    whole: bool = True
    """Every pack could be read, every base is in its own pack, and `trees` has all there are."""

    def __len__(self) -> int:
        return sum(map(len, self.packed)) + len(self.loose)

    def packed_commits(self, oids: Sequence[bytes]) -> set[bytes]:
        """Return those that are commits in a pack."""
        if not oids:
            return set()
        wanted = np.array(oids, dtype=f"S{len(oids[0])}")
        found = np.full(len(oids), False)
        for part in self.commits:
            found |= find(np.sort(keys(part.oids)), wanted) >= 0
        return {oids[i] for i in np.flatnonzero(found).tolist()}

    def lacks(self, oids: Sequence[bytes]) -> list[bytes]:
        """Return those that are not there."""
        if not oids:
            return []
        wanted = np.array(oids, dtype=f"S{len(oids[0])}")
        absent = np.full(len(oids), True)
        for pack in self.packed:
            absent &= find(pack, wanted) < 0
        return [oids[i] for i in np.flatnonzero(absent).tolist() if oids[i] not in self.loose]


def plan(
    stores: Sequence[Store], width: int, jobs: int, tally: Tally, catalogue: Catalogue
) -> Iterator[PackShard | LooseShard]:
    """Yield pieces of about equal work, every object in one of them, large pieces first within a pack."""
    indexes: list[tuple[Path, Index]] = []
    for pack in (each for store in stores for each in store.packs):
        try:
            indexes.append((pack, read_index(pack.with_suffix(".idx"), width)))
        except (DamagedError, OSError) as error:
            tally.gap("source", str(pack), f"its index cannot be read: {error}")
            catalogue.whole = False
    indexes.sort(key=lambda each: len(each[1].offsets), reverse=True)
    for pack, index in indexes:
        if not len(index.offsets):
            continue
        names = keys(index.oids)
        ordered = in_order(index.oids)
        try:
            yield from _pack_shards(pack, index, _fresh(names, catalogue.packed), jobs, catalogue)
        except (DamagedError, OSError, ValueError) as error:
            tally.gap("source", str(pack), f"{len(names):,} objects cannot be read: {error}")
            catalogue.whole = False
            continue  # another pack may have the same objects
        catalogue.packed.append(ordered)
    for folder in (each for store in stores for each in store.loose):
        yield from _loose_shards(folder, width, tally, catalogue)


def _fresh(names: NDArray[np.bytes_], before: Iterable[NDArray[np.bytes_]]) -> Flags:
    """Which ids no earlier pack has."""
    fresh = np.full(len(names), True)
    for other in before:
        fresh &= find(other, names) < 0
    return fresh


def _pack_shards(
    pack: Path, index: Index, fresh: Flags, jobs: int, catalogue: Catalogue
) -> Iterator[PackShard]:
    entries, at = read_entries(open_pack(pack), index, index.oids.shape[1])
    tops, depths = _whole_trees(entries)
    kinds = entries.kinds[tops]
    catalogue.commits.append(_part(pack, entries, kinds == COMMIT))
    if sum(len(part.starts) for part in catalogue.trees) + np.count_nonzero(kinds == TREE) <= MAX_TREES:
        catalogue.trees.append(_part(pack, entries, kinds == TREE))
    else:
        catalogue.whole = False
    catalogue.whole &= not (entries.parents < NO_BASE).any()
    chosen = np.flatnonzero(kinds != TREE)
    if not len(chosen):
        return
    renamed = np.full(len(kinds) + 1, -1, np.int64)
    renamed[chosen] = np.arange(len(chosen))
    parents = renamed[np.maximum(entries.parents[chosen], -1)]
    order = preorder(parents, depths[chosen], fresh[at[chosen]])
    yield from _cut(str(pack), entries, order, chosen[order.entries], fresh[at], jobs)


def open_pack(path: Path) -> mmap.mmap:
    """Map a pack; unmapped when the last reference goes. Raises `OSError`, `ValueError` (empty file)."""
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _whole_trees(entries: Entries) -> tuple[Ints, Ints]:
    """Return root and depth of each object, once circles are opened and endless chains are cut."""
    tops, depths = roots(entries.parents)
    cut = (tops < 0) | ((depths > 0) & (depths % MAX_DEPTH == 0))
    if cut.any():
        entries.parents[cut] = LOST_BASE
        tops, depths = roots(entries.parents)
    return tops, depths


def _part(pack: Path, entries: Entries, chosen: Flags) -> Part:
    at = np.flatnonzero(chosen)
    renamed = np.full(len(chosen) + 1, -1, np.int64)
    renamed[at] = np.arange(len(at))
    return Part(
        pack=str(pack),
        starts=entries.starts[at],
        ends=entries.ends[at],
        sizes=entries.sizes[at],
        parents=renamed[np.maximum(entries.parents[at], -1)],
        oids=entries.oids[at],
    )


def _cut(pack: str, entries: Entries, order: Order, at: Ints, fresh: Flags, jobs: int) -> list[PackShard]:
    """Cut at the beginnings of trees."""
    begins = np.flatnonzero(order.depths == 0)
    tree = np.cumsum(order.depths == 0) - 1
    flags = fresh[at] * EMIT + order.last * LAST
    flags[:-1] += (order.depths[1:] > order.depths[:-1]) * BASE
    sizes = entries.sizes[at]
    # A delta's size is that of its instructions; its result is about as large as the root.
    costs = np.minimum(sizes[begins][tree], 1 << 28) // 4 + (entries.ends - entries.starts)[at] + _OBJECT_COST
    ahead = np.concatenate(([0], np.cumsum(costs)))
    goal = max(int(ahead[-1]) // (max(jobs, 1) * SHARDS_A_WORKER), MIN_COST)
    shard_of_tree = ahead[begins] // goal
    firsts = begins[np.flatnonzero(np.diff(shard_of_tree, prepend=-1))]
    stops = np.append(firsts[1:], len(at))
    largest_first = np.argsort(ahead[firsts] - ahead[stops], kind="stable")
    lost = {int(i): int(at[i]) for i in np.flatnonzero(np.isin(at, list(entries.base_oids)))}
    return [
        PackShard(
            pack=pack,
            kinds=entries.kinds[at[first:stop]],
            starts=entries.starts[at[first:stop]],
            ends=entries.ends[at[first:stop]],
            sizes=sizes[first:stop],
            depths=order.depths[first:stop],
            flags=flags[first:stop].astype(np.uint8),
            oids=entries.oids[at[first:stop]],
            base_oids={i - int(first): entries.base_oids[e] for i, e in lost.items() if first <= i < stop},
        )
        for first, stop in zip(firsts[largest_first], stops[largest_first], strict=True)
    ]


def _loose_shards(folder: Path, width: int, tally: Tally, catalogue: Catalogue) -> Iterator[LooseShard]:
    rest = re.compile(f"[0-9a-f]{{{width * 2 - 2}}}")
    try:
        names = sorted(each.name for each in folder.iterdir() if rest.fullmatch(each.name))
    except OSError as error:
        tally.gap("source", str(folder), f"loose objects cannot be listed: {error.strerror}")
        return
    oids = [bytes.fromhex(folder.name + name) for name in names]
    new = [oid for oid in catalogue.lacks(oids) if oid not in catalogue.loose]
    catalogue.loose.update(new)
    for start in range(0, len(new), LOOSE_A_SHARD):
        yield LooseShard(str(folder), tuple(oid.hex()[2:] for oid in new[start : start + LOOSE_A_SHARD]))
