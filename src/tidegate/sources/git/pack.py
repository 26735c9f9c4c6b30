"""Where each object of a pack lies, and in which order to read them: all of it in arrays.

A pack holds whole objects and deltas against others. Read in *preorder*, with a depth for each object,
a delta's base is the last object seen one level up: that is all a reader has to keep. The heaviest child
comes last and its base is dropped before it is descended into, so that at most log2(n) bases are held.
Source: git-scm.com/docs/gitformat-pack.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

COMMIT, TREE, BLOB, TAG, OFS_DELTA, REF_DELTA = 1, 2, 3, 4, 6, 7
NAMES = {COMMIT: "commit", TREE: "tree", BLOB: "blob", TAG: "tag"}

MAX_DEPTH = 10_000
"""Longest chain of deltas we follow; git itself writes at most 4,095."""

Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]

NO_BASE, LOST_BASE, BASE_ELSEWHERE = -1, -2, -3


class DamagedError(ValueError):
    """A pack or index that cannot be understood; becomes a gap."""


@dataclass(frozen=True, slots=True)
class Index:
    """The objects of one pack, by id."""

    oids: Bytes
    """(n, width), sorted."""
    offsets: Ints
    """(n,), bytes from the start of the pack."""


@dataclass(frozen=True, slots=True)
class Entries:
    """The objects of one pack, by offset. Every array is (n,), but `oids` and `base_oids` (n, width)."""

    oids: Bytes
    kinds: Bytes
    sizes: Ints
    """As the header has them: of the object, or of the delta. Not to be believed."""
    starts: Ints
    """Where the compressed bytes begin."""
    ends: Ints
    parents: Ints
    """Position of the delta's base, or `NO_BASE`, `LOST_BASE`, `BASE_ELSEWHERE`."""
    base_oids: dict[int, bytes]
    """For `BASE_ELSEWHERE`."""


def read_index(path: Path, width: int) -> Index:
    """Read a `.idx` of version 1 or 2. Raises `DamagedError`, `OSError`."""
    data = path.read_bytes()
    v2 = data[:4] == b"\377tOc"
    head = 8 if v2 else 0
    if v2 and data[4:8] != b"\0\0\0\2":
        raise DamagedError("index of an unknown version")
    if len(data) < head + 1024 + 2 * width:
        raise DamagedError("index cut short")
    fanout = np.frombuffer(data, ">u4", 256, head)
    n = int(fanout[-1])
    row = width + (8 if v2 else 4)
    if len(data) < head + 1024 + n * row + 2 * width:
        raise DamagedError("index cut short")
    at = head + 1024
    if not v2:
        rows = np.frombuffer(data, np.uint8, n * row, at).reshape(n, row)
        offsets = np.ascontiguousarray(rows[:, :4]).view(">u4").ravel().astype(np.int64)
        return Index(np.ascontiguousarray(rows[:, 4:]), offsets)
    oids = np.frombuffer(data, np.uint8, n * width, at).reshape(n, width)
    at += n * (width + 4)
    small = np.frombuffer(data, ">u4", n, at).astype(np.int64)
    far = np.flatnonzero(small & 0x80000000)
    if len(far):
        at += n * 4
        count = (len(data) - at - 2 * width) // 8
        large = np.frombuffer(data, ">u8", max(count, 0), at)
        which = small[far] & 0x7FFFFFFF
        if count <= int(which.max()):
            raise DamagedError("index cut short")
        small[far] = large[which].astype(np.int64)
    return Index(oids, small)


def keys(oids: Bytes) -> NDArray[np.bytes_]:
    """Return ids as strings of fixed width: numpy orders and finds those (a trailing NUL is no loss)."""
    width = oids.shape[1]
    return np.ascontiguousarray(oids).view(f"S{width}").ravel()


def in_order(oids: Bytes) -> NDArray[np.bytes_]:
    """Return the same, sorted; an index has them so, unless it is damaged."""
    begins = np.ascontiguousarray(oids[:, :8]).view(">u8").ravel().astype(np.uint64)
    names = keys(oids)
    return names if (begins[1:] > begins[:-1]).all() else np.sort(names)


def find(haystack: NDArray[np.bytes_], wanted: NDArray[np.bytes_]) -> Ints:
    """Return the position of each wanted id in the sorted `haystack`, or -1."""
    if not len(haystack):
        return np.full(len(wanted), -1, np.int64)
    at = np.minimum(np.searchsorted(haystack, wanted), len(haystack) - 1)
    return np.where(haystack[at] == wanted, at, -1)


def read_entries(pack: mmap.mmap, index: Index, width: int) -> tuple[Entries, Ints]:
    """Read the header of every object in `index`; the second result is each entry's position there.

    Raises `DamagedError` if this is no pack.
    """
    data = np.frombuffer(pack, np.uint8)
    if len(data) < 12 + width or pack[:4] != b"PACK" or pack[4:8] not in (b"\0\0\0\2", b"\0\0\0\3"):
        raise DamagedError("no pack, or of an unknown version")
    stop = len(data) - width
    good = (index.offsets >= 12) & (index.offsets < stop)
    order = np.argsort(np.where(good, index.offsets, stop))
    offsets = np.minimum(np.where(good, index.offsets, stop), stop)[order]
    kinds, sizes, at = _headers(data, offsets)
    kinds[offsets >= stop] = 0
    ends = np.append(offsets[1:], stop)
    if (ends <= offsets).any():  # an offset that is there twice
        ends = np.append(offsets, stop)[np.searchsorted(offsets, offsets, side="right")]
    parents = np.full(len(offsets), NO_BASE, np.int64)
    parents[kinds == 0] = LOST_BASE
    ofs = np.flatnonzero(kinds == OFS_DELTA)
    if len(ofs):
        distance, at[ofs] = _distances(data, at[ofs])
        base = offsets[ofs] - distance
        where = np.minimum(np.searchsorted(offsets, base), len(offsets) - 1)
        parents[ofs] = np.where((offsets[where] == base) & (distance > 0), where, LOST_BASE)
    oids = index.oids[order]
    base_oids: dict[int, bytes] = {}
    ref = np.flatnonzero(kinds == REF_DELTA)
    if len(ref):
        from_pack = np.minimum(at[ref][:, None] + np.arange(width), len(data) - 1)
        named = data[from_pack]
        at[ref] += width
        names = keys(oids)
        by_name = np.argsort(names, kind="stable")
        hit = find(names[by_name], keys(named))
        parents[ref] = np.where(hit >= 0, by_name[hit], BASE_ELSEWHERE)
        base_oids = {int(ref[i]): named[i].tobytes() for i in np.flatnonzero(hit < 0)}
    return Entries(oids, kinds, sizes, np.minimum(at, ends), ends, parents, base_oids), order


def _headers(data: Bytes, offsets: Ints) -> tuple[Bytes, Ints, Ints]:
    """Return kinds, sizes and the first byte after each header. A size beyond 2^60 is cut there."""
    last = len(data) - 1
    first = data[np.minimum(offsets, last)]
    kinds = ((first >> 4) & 7).astype(np.uint8)
    sizes = (first & 15).astype(np.int64)
    at = offsets + 1
    going = np.flatnonzero(first & 0x80)
    shift = 4
    while len(going) and shift < 60:
        byte = data[np.minimum(at[going], last)]
        sizes[going] |= (byte & 0x7F).astype(np.int64) << shift
        at[going] += 1
        going = going[(byte & 0x80) != 0]
        shift += 7
    kinds[going] = 0
    kinds[kinds == 5] = 0
    return kinds, sizes, at


def _distances(data: Bytes, at: Ints) -> tuple[Ints, Ints]:
    """Return how far before each delta its base is (0 when malformed), and where the header ends."""
    last = len(data) - 1
    at = at.copy()
    byte = data[np.minimum(at, last)]
    distance = (byte & 0x7F).astype(np.int64)
    at += 1
    going = np.flatnonzero(byte & 0x80)
    for _ in range(8):
        if not len(going):
            break
        byte = data[np.minimum(at[going], last)]
        distance[going] = ((distance[going] + 1) << 7) | (byte & 0x7F)
        at[going] += 1
        going = going[(byte & 0x80) != 0]
    distance[going] = 0
    return distance, at
