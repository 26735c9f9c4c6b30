"""ext2, ext3 and ext4. Source: docs.kernel.org/filesystems/ext4, "Data Structures and Algorithms"."""

from __future__ import annotations

import struct
from collections import OrderedDict
from collections.abc import Iterator
from typing import Final

from tidegate.inspectors.disks.damage import MIB, DamageError, exact, little
from tidegate.inspectors.disks.volumes.volume import Listed, Node, Runs, walk
from tidegate.inspectors.readable import Memory, Readable

_MOST_FOLDER_BYTES: Final = 64 * MIB
_MOST_PIECES: Final = 100_000
_INODES_AT_ONCE: Final = 256 << 10


class Ext:
    """One volume."""

    def __init__(self, data: Readable) -> None:
        """Open it. Raises `DamageError`."""
        block = exact(data, 1024, 1024)
        if little(block, 24, 4) > 6:
            raise DamageError("an ext file system with impossible blocks")
        self.damaged = 0
        self._data = data
        self._block = 1024 << little(block, 24, 4)
        self._inodes_per_group = little(block, 40, 4)
        self._inodes = little(block, 0, 4)
        self._inode = little(block, 88, 2) if little(block, 76, 4) else 128
        features = little(block, 96, 4)
        if not 128 <= self._inode <= 65536 or not 0 < self._inodes_per_group <= 1 << 20:
            raise DamageError("an ext file system with impossible inodes")
        self.form = "ext4" if features & 0x40 else "ext2"
        self._descriptor = max(little(block, 254, 2), 32) if features & 0x80 else 32
        self._first = little(block, 20, 4)
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._wide = False
        """Whole stretches of the table of inodes are read: for a listing."""
        self.root = Node("", folder=True, size_bytes=0, where=2)

    def entries(self, folder: Node) -> Iterator[Node]:
        """Yield what is in a folder."""
        inode = self._read(folder.where)
        if little(inode, 0, 2) >> 12 != 4:
            raise DamageError("a folder that is none")
        data = self._content(inode)
        for start in range(0, min(data.size_bytes, _MOST_FOLDER_BYTES), 16 * self._block):
            chunk = data.read(start, 16 * self._block)
            if not any(chunk):  # a hole: no folder has one
                return
            for at in range(0, len(chunk), self._block):
                yield from self._split(chunk[at : at + self._block])

    def find(self, folder: Node, name: str) -> Node | None:
        """Read the folder until the name is there."""
        return next((each for each in self.entries(folder) if each.name == name), None)

    def open(self, node: Node) -> Readable:
        """Return the bytes of a file."""
        inode = self._read(node.where)
        if little(inode, 0, 2) >> 12 != 8:
            raise DamageError("no ordinary file")
        if little(inode, 32, 4) & 0x800:
            raise DamageError("an encrypted file")
        return self._content(inode)

    def listing(self) -> Iterator[Listed]:
        """Go down all folders; the inodes, for the sizes, are read by the stretch."""
        self._wide = True
        for path, node in walk(self):
            yield Listed(path, node.folder, 0 if node.folder else self._size(node.where))

    def _size(self, number: int) -> int:
        try:
            inode = self._read(number)
        except DamageError:
            self.damaged += 1
            return 0
        return little(inode, 4, 4) | little(inode, 108, 4) << 32

    def _split(self, block: bytes) -> Iterator[Node]:
        at = 0
        while at + 8 <= len(block):
            number, length, size, kind = struct.unpack_from("<IHBB", block, at)
            if length < 8 or at + length > len(block):
                return
            name = block[at + 8 : at + 8 + size]
            if number and size and name not in (b".", b"..") and kind != 0xDE:
                text = name.decode("utf-8", "replace")
                yield Node(text, folder=kind == 2, size_bytes=-1 if kind != 2 else 0, where=number)
            at += length

    def _read(self, number: int) -> bytes:
        if not 0 < number <= self._inodes:
            raise DamageError(f"inode {number:,} of {self._inodes:,}")
        group, index = divmod(number - 1, self._inodes_per_group)
        at = (self._first + 1) * self._block + group * self._descriptor
        descriptor = exact(self._data, at, self._descriptor)
        table = little(descriptor, 8, 4)
        if self._descriptor >= 64:
            table |= little(descriptor, 40, 4) << 32
        start = table * self._block
        if not self._wide:
            return exact(self._data, start + index * self._inode, self._inode)
        piece = index * self._inode // _INODES_AT_ONCE
        key = start + piece * _INODES_AT_ONCE
        if key not in self._kept:
            length = min(_INODES_AT_ONCE, self._inodes_per_group * self._inode - piece * _INODES_AT_ONCE)
            self._kept[key] = self._data.read(key, length)
            if len(self._kept) > 128:
                self._kept.popitem(last=False)
        begin = index * self._inode - piece * _INODES_AT_ONCE
        inode = self._kept[key][begin : begin + self._inode]
        if len(inode) < 128:
            raise DamageError("an inode beyond the end")
        return inode

    def _content(self, inode: bytes) -> Readable:
        size = little(inode, 4, 4) | little(inode, 108, 4) << 32
        flags = little(inode, 32, 4)
        if flags & 0x10000000:  # in the inode itself
            return Memory(inode[40 : 40 + min(size, 60)])
        if flags & 0x80000:
            runs = sorted(self._extents(inode[40:100], 0, [0]))
            return Runs(self._data, self._laid(runs, size), size)
        return Runs(self._data, self._laid(self._pointers(inode, size), size), size)

    def _extents(self, node: bytes, depth: int, count: list[int]) -> Iterator[tuple[int, int, int]]:
        """Yield (first block in the file, block in the volume, blocks)."""
        magic, entries, _, level = struct.unpack_from("<HHHH", node)
        if magic != 0xF30A or depth > 5:
            raise DamageError("a file whose list of pieces is damaged")
        for at in range(12, 12 + 12 * min(entries, (len(node) - 12) // 12), 12):
            count[0] += 1
            if count[0] > _MOST_PIECES:
                raise DamageError("a file of too many pieces")
            if level:
                below = (little(node, at + 4, 4) | little(node, at + 8, 2) << 32) * self._block
                yield from self._extents(exact(self._data, below, self._block), depth + 1, count)
            else:
                length = little(node, at + 4, 2)
                start = little(node, at + 8, 4) | little(node, at + 6, 2) << 32
                unwritten = length > 32768
                yield little(node, at, 4), -1 if unwritten else start, length - 32768 * unwritten

    def _laid(self, pieces: list[tuple[int, int, int]], size: int) -> list[tuple[int, int]]:
        runs: list[tuple[int, int]] = []
        at = 0
        for first, start, length in pieces:
            if first < at or at * self._block > size:
                continue
            if first > at:
                runs.append((-1, (first - at) * self._block))
            runs.append((start * self._block if start >= 0 else -1, length * self._block))
            at = first + length
        return runs

    def _pointers(self, inode: bytes, size: int) -> list[tuple[int, int, int]]:
        """Return the pieces of a file of ext2: twelve blocks, then one, two, three tables deep."""
        left = min(-(-size // self._block), _MOST_PIECES)
        found: list[tuple[int, int, int]] = []

        def add(block: int, depth: int) -> None:
            if len(found) >= left:
                return
            if not depth:
                found.append((len(found), block or -1, 1))
                return
            width = (self._block // 4) ** depth
            if not block:
                found.extend((len(found) + each, -1, 1) for each in range(min(width, left - len(found))))
                return
            table = exact(self._data, block * self._block, self._block)
            for each in range(0, self._block, 4):
                add(little(table, each, 4), depth - 1)

        for each in range(12):
            add(little(inode, 40 + 4 * each, 4), 0)
        for depth in (1, 2, 3):
            add(little(inode, 84 + 4 * depth, 4), depth)
        return found
