"""Reading one shard: each object is inflated once, each delta applied once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np

from tidegate.model.document import Tally
from tidegate.sources.delta import BrokenError, apply_delta, delta_sizes
from tidegate.sources.git.inflate import inflate, inflate_prefix, read_loose
from tidegate.sources.git.pack import NAMES, OFS_DELTA
from tidegate.sources.git.regular import read_regular
from tidegate.sources.git.shards import BASE, EMIT, LAST, LooseShard, PackShard, open_pack
from tidegate.sources.gitcommand import CatFile

MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much one repository may cost, counted on what is really read."""

    object_bytes: int = 256 * MIB
    """A larger object is a gap."""
    held_bytes: int = 128 * MIB
    """Bases kept for deltas that come later. Beyond it they are given up, and git is asked instead."""
    growth: int = 4096
    """Bytes that a delta tree may yield for each of its packed bytes; git/git's largest yields 700."""
    growth_floor: int = 4096 * MIB
    """A tree may always yield this much."""
    rescues: int = 2000
    """Objects of a shard that git is asked for because we could not read them."""
    gaps: int = 50
    """Told one by one, a shard; more are counted."""


class _LargeError(BrokenError):
    """It could be read, but is more than we read."""


def _too_large(reason: str) -> NoReturn:
    raise _LargeError(reason)


def _broken(reason: str) -> NoReturn:
    raise BrokenError(reason)


Change = tuple[bytes, bytes]
"""Id of a blob that was yielded before, and the delta that makes this one of it."""
Object = tuple[str, bytes, bytes, Change | None]
"""One object, whole: kind (`blob`, `commit`, `tag`), id, content; how a blob differs from an earlier one."""


class Faults:
    """Turns objects that cannot be read into gaps, the first ones one by one."""

    def __init__(self, tally: Tally, most: int) -> None:
        self._tally = tally
        self._most = most
        self._count = 0

    def add(self, oid: bytes, reason: str) -> None:
        """Note one object."""
        self._count += 1
        if self._count <= self._most:
            self._tally.gap("source", f"object {oid.hex()}", reason)

    def close(self) -> None:
        """Tell the number of those that were only counted."""
        if self._count > self._most:
            self._tally.gap("source", "objects", f"{self._count - self._most:,} more cannot be read")


class _Rescue:
    """Asks git for what we cannot read, a bounded number of times."""

    def __init__(self, view: Path, bounds: Bounds) -> None:
        self._git = CatFile(view, bounds.object_bytes)
        self._left = bounds.rescues

    def read(self, oid: bytes) -> tuple[str, bytes] | None:
        if self._left <= 0:
            return None
        self._left -= 1
        return self._git.read(oid)

    def close(self) -> None:
        self._git.close()


def read_shard(
    shard: PackShard | LooseShard, view: Path, tally: Tally, bounds: Bounds | None = None
) -> Iterator[Object]:
    """Yield the blobs, commits and tags of a shard; what cannot be read is a gap in `tally`."""
    bounds = bounds or Bounds()
    with closing(Faults(tally, bounds.gaps)) as faults, closing(_Rescue(view, bounds)) as rescue:
        if isinstance(shard, LooseShard):
            yield from _read_loose(shard, rescue, faults, bounds)
        else:
            yield from _PackReader(shard, rescue, faults, bounds).objects()


def _read_loose(shard: LooseShard, rescue: _Rescue, faults: Faults, bounds: Bounds) -> Iterator[Object]:
    folder = Path(shard.folder)
    for name in shard.names:
        oid = bytes.fromhex(folder.name + name)
        file = folder / name
        data = b""
        try:
            data = read_regular(file, bounds.object_bytes)
            kind, content = read_loose(data, bounds.object_bytes)
        except (BrokenError, OSError) as error:
            found = rescue.read(oid) if data else None
            if found is None:
                reason = error.strerror if isinstance(error, OSError) else str(error)
                faults.add(oid, f"loose object cannot be read: {reason}")
                found = ("blob", inflate_prefix(data, bounds.object_bytes))
            kind, content = found
        if kind != "tree":
            yield kind, oid, content, None


class _PackReader:
    """Walks a shard's delta trees, keeping only the bases that are still needed."""

    def __init__(self, shard: PackShard, rescue: _Rescue, faults: Faults, bounds: Bounds) -> None:
        self._shard = shard
        self._rescue = rescue
        self._faults = faults
        self._bounds = bounds
        self._data = memoryview(open_pack(Path(shard.pack)))
        deepest = int(shard.depths.max(initial=0))
        self._bases: list[bytes | None] = [None] * (deepest + 1)

    def objects(self) -> Iterator[Object]:
        shard, bases, data = self._shard, self._bases, self._data
        name: str | None = None
        allowances = iter(self._allowances())
        yielded: list[bytes | None] = [None] * len(bases)
        rows = zip(
            shard.kinds.tolist(),
            shard.starts.tolist(),
            shard.ends.tolist(),
            shard.sizes.tolist(),
            shard.depths.tolist(),
            shard.flags.tolist(),
            shard.oids.view(f"V{shard.oids.shape[1]}").ravel().tolist(),
            strict=True,
        )
        largest, left, delta = self._bounds.object_bytes, 0, b""
        for at, (kind, start, end, size, depth, flags, oid) in enumerate(rows):
            base = earlier = None
            if depth:
                base = bases[depth - 1]
                earlier = yielded[depth - 1]
                if flags & LAST:
                    bases[depth - 1] = None
            else:
                name = NAMES.get(kind)
                left = next(allowances)  # bytes that this tree may yield
            content: bytes | None
            try:
                # Written out, as it is done for every object: calls would cost a tenth of all reading.
                if size > largest:
                    _too_large(f"larger than {largest // MIB} MiB")
                if not kind:
                    _broken("it has no object header")
                content = inflate(data[start:end], size)
                if kind < OFS_DELTA:
                    left -= size
                else:
                    delta = content
                    _, size = delta_sizes(delta)
                    if size > largest:
                        _too_large(f"larger than {largest // MIB} MiB")
                    if base is None:
                        _broken("the object that it is a delta of cannot be read")
                    left -= size
                    if left < 0:
                        _too_large(f"its delta tree grows more than {self._bounds.growth:,} times")
                    content = apply_delta(base, delta)
            except BrokenError as error:
                name, content = self._repair(at, name, error)
                earlier = None
            if flags & BASE:
                bases[depth] = content
                yielded[depth] = None
                if content is not None and len(content) > self._bounds.held_bytes >> 5:
                    self._relieve(depth)
            if flags & EMIT and content is not None and name is not None and name != "tree":
                if name == "blob":
                    yielded[depth] = oid
                    yield name, oid, content, None if earlier is None else (earlier, delta)
                else:
                    yield name, oid, content, None

    def _allowances(self) -> list[int]:
        """Return for each tree how many bytes it may come to."""
        shard = self._shard
        begins = np.flatnonzero(shard.depths == 0)
        if not len(begins):
            return []
        packed = np.add.reduceat(shard.ends - shard.starts, begins)
        most = np.minimum(packed, (1 << 62) // self._bounds.growth) * self._bounds.growth
        return [int(each) for each in np.maximum(most, self._bounds.growth_floor).tolist()]

    def _repair(self, at: int, name: str | None, error: BrokenError) -> tuple[str | None, bytes | None]:
        """Return kind and content of what we could not read, from git or from what is left of it."""
        shard = self._shard
        oid = shard.oids[at].tobytes()
        reason = str(error)
        too_large = isinstance(error, _LargeError)
        found = None if too_large else self._rescue.read(oid)
        if found is not None:
            return found
        raw = self._data[int(shard.starts[at]) : int(shard.ends[at])]
        base_oid = shard.base_oids.get(at)
        if base_oid is not None:
            base = self._rescue.read(base_oid)
            try:
                if base is not None:
                    delta = inflate(raw, min(int(shard.sizes[at]), self._bounds.object_bytes))
                    if delta_sizes(delta)[1] <= self._bounds.object_bytes:
                        return base[0], apply_delta(base[1], delta)
            except BrokenError as why:
                reason = str(why)
        if shard.flags[at] & EMIT:  # else it is told where it is handed out
            self._faults.add(oid, reason)
        if shard.depths[at] == 0 and name is not None and not too_large:
            return name, None if shard.flags[at] & BASE else inflate_prefix(raw, self._bounds.object_bytes)
        return name, None

    def _relieve(self, depth: int) -> None:
        """Give up the largest bases when those that are kept come to too much."""
        bases = self._bases
        while True:
            sizes = [len(base) if base is not None else 0 for base in bases[:depth]]
            if sum(sizes) <= self._bounds.held_bytes:
                return
            bases[sizes.index(max(sizes))] = None
