"""XFS, of Linux servers. Source: SGI and others, XFS Algorithms & Data Structures, third edition."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Final

from tidegate.inspectors.disks.damage import DamageError, big, exact, power
from tidegate.inspectors.disks.volumes.volume import Listed, Node, Runs, walk
from tidegate.inspectors.readable import Readable

_LOCAL, _EXTENTS, _TREE = 1, 2, 3
_FOLDER, _FILE = 4, 8
_OF_NAMES: Final = 1 << 35
"""Bytes of a folder: names stand before, indexes of them behind."""
_MOST_PIECES: Final = 100_000
_MOST_FOLDER_BYTES: Final = 64 << 20
_DEPTH: Final = 8
_CHUNK: Final = 64
"""Inodes that stand together."""
_KEPT: Final = 256
_FOLDER_TYPE: Final = 2

Piece = tuple[int, int, int]
"""First block in the file, block in the volume or -1, blocks."""


class Xfs:
    """One volume, of version 4 or 5."""

    def __init__(self, data: Readable) -> None:
        """Open it. Raises `DamageError`."""
        head = exact(data, 0, 512)
        version = big(head, 100, 2) & 15
        if version not in (4, 5):
            raise DamageError(f"XFS of version {version}")
        self.form = "XFS"
        self.damaged = 0
        self._data = data
        self._block = power(big(head, 4, 4), 512, 65536, "blocks")
        self._inode = power(big(head, 104, 2), 256, 2048, "inodes")
        self._group_blocks, self._groups = big(head, 84, 4), big(head, 88, 4)
        self._in_block, self._in_group = head[123], head[124]
        self._folder_block = self._block << min(head[192], 8)
        if self._in_block > 8 or self._in_group > 31 or not self._group_blocks or head[192] > 7:
            raise DamageError("an XFS file system with impossible groups")
        self._new = version == 5
        incompatible = big(head, 216, 4) if self._new else 0
        self._typed = bool(incompatible & 1) if self._new else bool(big(head, 200, 4) & 0x200)
        self._wide_counts = bool(incompatible & 0x20)
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._wide = False
        """Inodes are read by the chunk: for a listing."""
        self.root = Node("", folder=True, size_bytes=0, where=big(head, 56, 8))

    def entries(self, folder: Node) -> Iterator[Node]:
        """Yield what is in a folder; sizes are told on opening."""
        inode = self._read(folder.where)
        if big(inode, 2, 2) >> 12 != _FOLDER:
            raise DamageError("a folder that is none")
        fork = self._fork(inode)
        if inode[5] == _LOCAL:
            yield from self._short(fork)
            return
        pieces = [each for each in self._pieces(inode, fork) if each[0] * self._block < _OF_NAMES]
        last = max((first + count for first, _, count in pieces), default=0) * self._block
        names = self._runs(pieces, min(last, _MOST_FOLDER_BYTES))
        for at in range(0, names.size_bytes, self._folder_block):
            yield from self._split(names.read(at, self._folder_block))

    def find(self, folder: Node, name: str) -> Node | None:
        """Read the folder until the name is there."""
        return next((each for each in self.entries(folder) if each.name == name), None)

    def open(self, node: Node) -> Readable:
        """Return the bytes of a file."""
        inode = self._read(node.where)
        if big(inode, 2, 2) >> 12 != _FILE or inode[5] not in (_EXTENTS, _TREE):
            raise DamageError("no ordinary file")
        if big(inode, 90, 2) & 1:
            raise DamageError("a file in the part for data in real time")
        return self._runs(self._pieces(inode, self._fork(inode)), big(inode, 56, 8))

    def listing(self) -> Iterator[Listed]:
        """Go down all folders; the inodes, for the sizes, are read by the chunk."""
        self._wide = True
        for path, node in walk(self):
            yield Listed(path, node.folder, 0 if node.folder else self._size(node.where))

    def _size(self, number: int) -> int:
        try:
            return big(self._read(number), 56, 8)
        except DamageError:
            self.damaged += 1
            return 0

    def _node(self, name: bytes, number: int, kind: int) -> Node | None:
        if name in (b".", b"..") or not name or not number:
            return None
        folder = kind == _FOLDER_TYPE
        if not kind:
            try:
                folder = big(self._read(number), 2, 2) >> 12 == _FOLDER
            except DamageError:
                self.damaged += 1
                return None
        return Node(name.decode("utf-8", "replace"), folder, 0 if folder else -1, number)

    def _short(self, fork: bytes) -> Iterator[Node]:
        """Yield the entries of a folder so small that it stands in its inode."""
        count, wide = fork[0] if fork else 0, 8 if fork[1:2] > b"\0" else 4
        at = 2 + wide
        for _ in range(count):
            length = fork[at] if at < len(fork) else 0
            after = at + 3 + length + self._typed
            if not length or after + wide > len(fork):
                raise DamageError("a folder whose list of names is damaged")
            kind = fork[after - 1] if self._typed else 0
            node = self._node(fork[at + 3 : at + 3 + length], big(fork, after, wide), kind)
            if node is not None:
                yield node
            at = after + wide

    def _split(self, block: bytes) -> Iterator[Node]:
        mark = block[:4]
        if mark not in (b"XD2B", b"XDB3", b"XD2D", b"XDD3"):
            if any(mark):
                raise DamageError("a folder whose list of names is damaged")
            return  # a hole
        at, end = 64 if mark in (b"XDB3", b"XDD3") else 16, len(block)
        if mark in (b"XD2B", b"XDB3"):
            end -= 8 + 8 * min(big(block, end - 8, 4), end // 8)
        while at + 12 <= end:
            if block[at : at + 2] == b"\xff\xff":
                length = big(block, at + 2, 2)
            else:
                size = block[at + 8]
                length = -(-(8 + 1 + size + self._typed + 2) // 8) * 8
                kind = block[at + 9 + size] if self._typed and at + 9 + size < end else 0
                node = self._node(block[at + 9 : at + 9 + size], big(block, at, 8), kind)
                if node is not None:
                    yield node
            if length < 8 or length % 8:
                raise DamageError("a folder whose list of names is damaged")
            at += length

    def _place(self, block: int) -> int:
        """Return the byte of a block of the file system, whose number names its group too."""
        group, within = block >> self._in_group, block & ((1 << self._in_group) - 1)
        if group >= self._groups or within >= self._group_blocks:
            raise DamageError(f"block {block:,} lies in no group")
        return (group * self._group_blocks + within) * self._block

    def _read(self, number: int) -> bytes:
        """Return an inode."""
        index = number & ((1 << self._in_block) - 1)
        at = self._place(number >> self._in_block) + index * self._inode
        if not self._wide:
            inode = exact(self._data, at, self._inode)
        else:
            size = _CHUNK * self._inode
            start = at // size * size
            if start not in self._kept:
                self._kept[start] = self._data.read(start, size)
                if len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            inode = self._kept[start][at - start : at - start + self._inode]
        if inode[:2] != b"IN" or len(inode) < self._inode:
            raise DamageError(f"inode {number:,} is none")
        return inode

    def _fork(self, inode: bytes) -> bytes:
        start = 176 if inode[4] >= 3 else 100
        return inode[start : start + 8 * inode[82]] if inode[82] else inode[start:]

    def _pieces(self, inode: bytes, fork: bytes) -> list[Piece]:
        if inode[5] == _EXTENTS:
            count = big(inode, 24, 8) if self._wide_counts else big(inode, 76, 4)
            return list(_extents(fork[: 16 * min(count, len(fork) // 16)]))
        if inode[5] != _TREE:
            raise DamageError("a file without pieces")
        found: list[Piece] = []
        level, count, room = big(fork, 0, 2), big(fork, 2, 2), (len(fork) - 4) // 16
        for each in range(min(count, room)):
            self._branch(big(fork, 4 + 8 * room + 8 * each, 8), level - 1, found)
        return found

    def _branch(self, block: int, level: int, found: list[Piece]) -> None:
        raw = exact(self._data, self._place(block), self._block)
        head = 72 if raw[:4] == b"BMA3" else 24
        if raw[:4] not in (b"BMAP", b"BMA3") or big(raw, 4, 2) != level or not 0 <= level < _DEPTH:
            raise DamageError("a file whose list of pieces is damaged")
        room = (self._block - head) // 16
        count = min(big(raw, 6, 2), room)
        if not level:
            found += _extents(raw[head : head + 16 * count])
            if len(found) > _MOST_PIECES:
                raise DamageError("a file of too many pieces")
            return
        for each in range(count):
            self._branch(big(raw, head + 8 * room + 8 * each, 8), level - 1, found)

    def _runs(self, pieces: list[Piece], size: int) -> Runs:
        runs: list[tuple[int, int]] = []
        at = 0
        for first, block, count in sorted(pieces):
            if first < at or first * self._block > size:
                continue
            if first > at:
                runs.append((-1, (first - at) * self._block))
            runs.append((self._place(block) if block >= 0 else -1, count * self._block))
            at = first + count
        return Runs(self._data, runs, size)


def _extents(raw: bytes) -> Iterator[Piece]:
    """Yield pieces; what is set aside and was not written yet is zeros."""
    for at in range(0, len(raw) - 15, 16):
        bits = big(raw, at, 16)
        block = bits >> 21 & ((1 << 52) - 1)
        yield bits >> 73 & ((1 << 54) - 1), -1 if bits >> 127 else block, bits & ((1 << 21) - 1)
