"""HDF5's newest way to keep many names or attributes: a fractal heap, and a tree that says where in it.

netCDF-4 writes it, and h5py with `libver="latest"`, for more than eight. Written for hostile bytes.
Source: support.hdfgroup.org, "HDF5 File Format Specification Version 3.0", III.A.2 and III.G; widths of
numbers that it leaves open are those of HDF5's own H5B2hdr.c and H5HFhdr.c.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tidegate.inspectors.models._notes import IncompleteError, MalformedError

_MOST_RECORDS = 100_000
_MOST_NODES = 20_000
_MOST_KEPT_BYTES = 16 << 20
"""Of a heap's blocks."""
_LARGEST_BLOCK = 1 << 24
_NODE_BYTES = 10
"""Of a node of a tree: signature, version, type, and the checksum behind its records."""

Read = Callable[[int, int], bytes]
LINKS, ATTRIBUTES = (5, 6), (8, 9)
"""Types of trees, by name and by order of creation."""
_HUGE = (1,)


def _number(raw: bytes, at: int, width: int) -> int:
    if at + width > len(raw):
        raise MalformedError("a number is cut off", None)
    return int.from_bytes(raw[at : at + width], "little")


def _width(most: int) -> int:
    """Bytes that HDF5 takes for numbers up to this one."""
    return (max(most, 1).bit_length() - 1) // 8 + 1


class Dense:
    """A heap and its tree."""

    def __init__(self, read: Read, wide: int, long: int) -> None:
        """read: (address, count) -> so many bytes. wide, long: bytes of an address, of a length."""
        self._read = read
        self._wide = wide
        self._long = long
        self._blocks: dict[int, bytes] = {}
        self._kept = 0
        self._huge: dict[int, tuple[int, int]] | None = None

    def objects(self, heap: int, tree: int, kinds: tuple[int, ...]) -> Iterator[tuple[int, bytes]]:
        """Yield address and bytes of each object that the tree names."""
        self._open(heap)
        size = self._id_bytes
        for kind, record in self._records(tree, kinds):
            at = {5: 4, 6: 8}.get(kind, 0)
            found = record[at : at + size] if kind in LINKS else record[:size]
            if kind in ATTRIBUTES and len(record) > size and record[size] & 2:
                raise IncompleteError("an attribute is shared with others in a form that is not followed")
            yield self._object(found)

    # The heap.

    def _open(self, address: int) -> None:
        wide, long = self._wide, self._long
        head = self._read(address, 22 + 3 * wide + 12 * long)
        if head[:5] != b"FRHP\0":
            raise MalformedError("no heap where names or attributes should be", address)
        self._id_bytes = _number(head, 5, 2)
        if _number(head, 7, 2):
            raise IncompleteError("names or attributes are packed in a form that is not followed")
        most_managed = _number(head, 10, 4)
        self._huge_tree = _number(head, 14 + long, wide)
        at = 14 + 10 * long + 2 * wide
        self._across = _number(head, at, 2)
        self._first = _number(head, at + 2, long)
        most_direct = _number(head, at + 2 + long, long)
        bits = _number(head, at + 2 + 2 * long, 2)
        self._root = _number(head, at + 6 + 2 * long, wide)
        self._rows = _number(head, at + 6 + 2 * long + wide, 2)
        powers = (self._across, self._first, most_direct)
        if any(each <= 0 or each & (each - 1) for each in powers) or not 0 < bits <= 64:
            raise MalformedError("a heap whose sizes make no sense", address)
        if not self._first <= most_direct <= _LARGEST_BLOCK:
            raise MalformedError("a heap whose sizes make no sense", address)
        self._offset_bytes = (bits + 7) // 8
        self._length_bytes = min(_width(most_direct), _width(most_managed))
        self._direct_rows = most_direct.bit_length() - self._first.bit_length() + 2

    def _object(self, name: bytes) -> tuple[int, bytes]:
        """Return address and bytes of what a name in the heap stands for."""
        if not name or name[0] & 0xC0:
            raise MalformedError("a name in a heap of an unknown form", None)
        kind = name[0] >> 4 & 3
        if kind == 2:
            long = len(name) > 18
            count = ((name[0] & 15) << 8 | _number(name, 1, 1)) + 1 if long else (name[0] & 15) + 1
            return 0, name[2 if long else 1 :][:count]
        if kind == 1:
            return self._of_huge(name)
        offset = _number(name, 1, self._offset_bytes)
        length = _number(name, 1 + self._offset_bytes, self._length_bytes)
        address, start, size = self._block(offset)
        block = self._bytes(address, size)
        inside = offset - start
        if inside + length > len(block):
            raise MalformedError("an object goes beyond its block of a heap", address)
        return address + inside, block[inside : inside + length]

    def _block(self, offset: int) -> tuple[int, int, int]:
        """Return address, first offset and size of the block that holds an offset of the heap."""
        address, rows, start = self._root, self._rows, 0
        if not rows:
            return address, 0, self._first
        for _ in range(64):
            size, at = self._first, start
            for row in range(rows):
                size = self._first << max(0, row - 1)
                if offset < at + size * self._across:
                    break
                at += size * self._across
            else:
                raise MalformedError("an object lies beyond its heap", address)
            column = (offset - at) // size
            entry = row * self._across + column
            head = 5 + self._wide + self._offset_bytes
            raw = self._read(address, head + (entry + 1) * self._wide)
            if raw[:4] != b"FHIB":
                raise MalformedError("no block of blocks in a heap", address)
            address, start = _number(raw, head + entry * self._wide, self._wide), at + column * size
            if row < self._direct_rows:
                return address, start, size
            rows = size.bit_length() - self._first.bit_length() - self._across.bit_length() + 2
            if rows <= 0:
                break
        raise MalformedError("blocks of a heap that lead nowhere", address)

    def _bytes(self, address: int, size: int) -> bytes:
        known = self._blocks.get(address)
        if known is None:
            self._kept += size
            if self._kept > _MOST_KEPT_BYTES:
                raise IncompleteError(f"names or attributes of more than {_MOST_KEPT_BYTES:,} bytes")
            known = self._read(address, size)
            if known[:4] != b"FHDB":
                raise MalformedError("no block where a heap should have one", address)
            self._blocks[address] = known
        return known

    def _of_huge(self, name: bytes) -> tuple[int, bytes]:
        """Return an object that stands outside of the heap, because it is large."""
        if len(name) > self._wide + self._long:
            address, size = _number(name, 1, self._wide), _number(name, 1 + self._wide, self._long)
        else:
            if self._huge is None:
                self._huge = {}
                for _, record in self._records(self._huge_tree, _HUGE):
                    key = _number(record, self._wide + self._long, self._long)
                    self._huge[key] = _number(record, 0, self._wide), _number(record, self._wide, self._long)
            known = self._huge.get(int.from_bytes(name[1:], "little"))
            if known is None:
                raise MalformedError("a large attribute is not where its name says", None)
            address, size = known
        if size > _MOST_KEPT_BYTES:
            raise IncompleteError(f"an attribute of {size:,} bytes")
        return address, self._read(address, size)

    # The tree.

    def _records(self, address: int, kinds: tuple[int, ...]) -> Iterator[tuple[int, bytes]]:
        """Yield type and bytes of each record of a tree."""
        wide = self._wide
        head = self._read(address, 18 + wide)
        kind, node, record, depth = head[5], _number(head, 6, 4), _number(head, 10, 2), _number(head, 12, 2)
        if (
            head[:5] != b"BTHD\0"
            or kind not in kinds
            or not record
            or not 32 <= node <= 1 << 20
            or depth > 32
        ):
            raise MalformedError("no tree where names or attributes should be", address)
        most = (node - _NODE_BYTES) // record
        of_child, below, behind = _width(most), most, [0]
        for _ in range(depth):
            pointer = wide + of_child + behind[-1]
            here = (node - _NODE_BYTES - pointer) // (record + pointer)
            below = (here + 1) * below + here
            behind.append(_width(below))
        left = [(_number(head, 16, wide), _number(head, 16 + wide, 2), depth)]
        seen: set[int] = set()
        found = 0
        while left:
            address, count, level = left.pop()
            if address in seen or len(seen) > _MOST_NODES:
                raise MalformedError("a tree of names leads back to itself, or is larger than any", address)
            if not count:
                continue
            seen.add(address)
            raw = self._read(address, node)
            if raw[:4] != (b"BTIN" if level else b"BTLF"):
                raise MalformedError("no node of a tree of names", address)
            if 6 + count * record > node:
                raise MalformedError("a node of a tree with more records than fit", address)
            for number in range(count):
                found += 1
                if found > _MOST_RECORDS:
                    raise IncompleteError(f"a group or object with more than {_MOST_RECORDS:,} names")
                yield kind, raw[6 + number * record : 6 + (number + 1) * record]
            if level:
                at, pointer = 6 + count * record, wide + of_child + behind[level - 1]
                for number in range(count + 1):
                    to = _number(raw, at + number * pointer, wide)
                    left.append((to, _number(raw, at + number * pointer + wide, of_child), level - 1))
