"""btrfs, of Fedora, openSUSE and many a server: the volume as it is mounted, its subvolumes in their places.

The default subvolume is the root; where that is the top, the system's (`@`, `root`). `@home` is `home`.
A snapshot that cannot be written, of a subvolume that is here, is left out: it repeats what is there.
Source: btrfs.readthedocs.io, "On-disk Format".
"""

from __future__ import annotations

import zlib
from collections import OrderedDict, defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

from tidegate.inspectors.disks.damage import DamageError, exact, little, power
from tidegate.inspectors.disks.volumes.volume import MOST_ENTRIES, Listed, Node
from tidegate.inspectors.readable import Readable
from tidegate.packing.decompressors import Zstd
from tidegate.packing.lzo import unpack_segments
from tidegate.records import dataclass

_SUPER: Final = 65536
_HEADER: Final = 101
_KEY: Final = 17
_ITEM: Final = 25
_POINTER: Final = 33
_INODE, _ENTRY, _INDEX, _EXTENT, _ROOT, _BACK, _CHUNK = 1, 84, 96, 108, 132, 144, 228
_TOP: Final = 5
_OF_ROOTS: Final = 6
"""The folder in the tree of trees that names the default subvolume."""
_FIRST: Final = 256
"""The number of a subvolume's root folder."""
_FOLDER, _FILE = 2, 1
_STRIPED: Final = 8 | 64 | 128 | 256
"""RAID 0, 10, 5 and 6: a piece of a file lies on several disks."""
_READ_ONLY: Final = 1
_DEPTH: Final = 8
_KEPT: Final = 256
_MOST_CHUNKS: Final = 100_000
_MOST_PIECES: Final = 200_000
_MOST_SUBVOLUMES: Final = 10_000
_LARGEST_PIECE: Final = 1 << 20
"""Of what is compressed: btrfs makes none above 128 KiB."""
_SYSTEMS: Final = ("@", "root", "@rootfs")

Key = tuple[int, int, int]
"""Object, type, offset."""


class Item(NamedTuple):
    """One row of a tree."""

    key: Key
    data: bytes


class _Where(NamedTuple):
    """A file or folder: which subvolume, and its number there."""

    tree: int
    number: int


class _Piece(NamedTuple):
    """A stretch of a file."""

    start: int
    length: int
    data: bytes
    """Of what stands in the tree itself; else empty."""
    at: int
    """Byte of the volume, by its own addresses; 0: a hole."""
    stored: int
    skipped: int
    """Of what is stored and unpacked, before the stretch begins."""
    unpacked: int
    packed: int


@dataclass(frozen=True, slots=True)
class _Chunk:
    start: int
    length: int
    at: int
    """Byte of this disk; -1: of another, or of several."""


class Btrfs:
    """One file system, or the part of it that is on this disk."""

    form = "btrfs"

    def __init__(self, data: Readable) -> None:
        """Open it. Raises `DamageError`."""
        head = exact(data, _SUPER, 4096)
        if head[64:72] != b"_BHRfS_M":
            raise DamageError("a btrfs without its superblock")
        self.damaged = 0
        self._data = data
        self._node_bytes = power(little(head, 148, 4), 4096, 65536, "nodes")
        self._device = little(head, 201, 8)
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._chunks: list[_Chunk] = []
        self._first_chunks(head[811 : 811 + min(little(head, 160, 4), 2048)])
        self._chunks = [
            self._chunk(item.key[2], item.data)
            for item in self._scan(little(head, 88, 8), (_FIRST, _CHUNK, 0), (_FIRST, _CHUNK, 1 << 64))
        ]
        self._roots = little(head, 80, 8)
        self._trees: dict[int, int] = {}
        """Subvolume -> where its tree begins."""
        self._above: dict[int, tuple[int, str]] = {}
        """Subvolume -> the one it lies in, and its name there."""
        self._repeated = self._subvolumes()
        self._names: dict[str, int] = {}
        self._system = _TOP
        self._system = self._default()
        self._names = self._mounted()
        self.root = Node("", folder=True, size_bytes=0, where=_Where(self._system, _FIRST))

    def entries(self, folder: Node) -> Iterator[Node]:
        """Yield what is in a folder; sizes are told on opening. In the root is what is mounted there, too."""
        where: _Where = folder.where
        mounted = self._names if where == (self._system, _FIRST) else {}
        for item in self._items(where.tree, (where.number, _INDEX, 0), (where.number, _INDEX, 1 << 64)):
            for node in self._nodes(item.data, where.tree):
                if node.name not in mounted and not self._repeats(node):
                    yield node
        for name, tree in mounted.items():
            yield Node(name, folder=True, size_bytes=0, where=_Where(tree, _FIRST))

    def find(self, folder: Node, name: str) -> Node | None:
        """Look it up by the checksum of its name."""
        where: _Where = folder.where
        if where == (self._system, _FIRST) and name in self._names:
            return Node(name, folder=True, size_bytes=0, where=_Where(self._names[name], _FIRST))
        key = (where.number, _ENTRY, _crc32c(name.encode("utf-8", "surrogateescape")))
        for item in self._items(where.tree, key, key):
            for node in self._nodes(item.data, where.tree):
                if node.name == name and not self._repeats(node):
                    return node
        return None

    def open(self, node: Node) -> Readable:
        """Return the bytes of a file."""
        where: _Where = node.where
        key = (where.number, _INODE, 0)
        inode = next(self._items(where.tree, key, key), None)
        if inode is None or little(inode.data, 52, 4) >> 12 != 8:
            raise DamageError("no ordinary file")
        pieces = []
        for item in self._items(where.tree, (where.number, _EXTENT, 0), (where.number, _EXTENT, 1 << 64)):
            pieces.append(_piece(item))
            if len(pieces) > _MOST_PIECES:
                raise DamageError("a file of too many pieces")
        return _File(self, pieces, little(inode.data, 16, 8))

    def listing(self) -> Iterator[Listed]:
        """Go through the leaves of each subvolume's tree from first to last, then lay the paths together."""
        stack = [("", _Where(self._system, _FIRST))]
        seen = {stack[0][1]}
        trees: dict[int, tuple[dict[int, list[Node]], dict[int, int]]] = {}
        while stack:
            path, folder = stack.pop()
            if folder.tree not in trees:
                trees[folder.tree] = self._whole(folder.tree)
            children, sizes = trees[folder.tree]
            nodes = children.get(folder.number, [])
            if not path:
                nodes = [each for each in nodes if each.name not in self._names]
                nodes += [Node(name, True, 0, _Where(tree, _FIRST)) for name, tree in self._names.items()]
            for node in nodes:
                name = node.name.replace("/", "_")  # a name is never a path
                full = f"{path}/{name}" if path else name
                yield Listed(full, node.folder, 0 if node.folder else sizes.get(node.where.number, 0))
                again = node.where in seen or self._repeats(node)
                if node.folder and not again and len(full) < 32768:
                    seen.add(node.where)
                    stack.append((full, node.where))

    def read_at(self, at: int, count: int) -> bytes:
        """Return bytes by the file system's own addresses."""
        for chunk in self._chunks:
            if chunk.start <= at < chunk.start + chunk.length:
                if chunk.at < 0:
                    raise DamageError("what is asked for lies on another disk, or is spread over several")
                if at + count > chunk.start + chunk.length:
                    raise DamageError("a piece that goes beyond its chunk")
                return exact(self._data, chunk.at + at - chunk.start, count)
        raise DamageError(f"address {at:,} lies in no chunk")

    # --- Subvolumes ---------------------------------------------------------------------------------------

    def _subvolumes(self) -> frozenset[int]:
        """Read the tree of trees once. Returns the snapshots, not to be written, of others that are here."""
        own: dict[bytes, int] = {}
        copies: dict[int, bytes] = {}
        for item in self._scan(self._roots, (0, 0, 0), (1 << 64, 255, 1 << 64)):
            number, kind, parent = item.key
            raw = item.data
            if kind == _ROOT and (number == _TOP or number >= _FIRST) and len(raw) >= 239:
                self._trees[number] = little(raw, 176, 8)
                own[raw[247:263]] = number
                if little(raw, 208, 8) & _READ_ONLY and any(raw[263:279]):
                    copies[number] = raw[263:279]
            elif kind == _BACK:
                name = raw[18 : 18 + little(raw, 16, 2)].decode("utf-8", "replace")
                self._above[number] = parent, name
            if len(self._trees) + len(self._above) > _MOST_SUBVOLUMES:
                break
        return frozenset(number for number, of in copies.items() if of in own)

    def _default(self) -> int:
        """Return the subvolume that is mounted where none is named; where that is the top, the system's."""
        key = (_OF_ROOTS, _ENTRY, _crc32c(b"default"))
        for item in self._scan(self._roots, key, key):
            tree = little(item.data, 0, 8)
            if item.data[30:37] == b"default" and tree != _TOP:
                return tree
        top = Node("", folder=True, size_bytes=0, where=_Where(_TOP, _FIRST))
        for name in _SYSTEMS:
            node = self.find(top, name)
            if node is not None and node.where.number == _FIRST and self.find(node, "etc") is not None:
                return int(node.where.tree)
        return _TOP

    def _mounted(self) -> dict[str, int]:
        """Return what stands in the root, though it is a subvolume beside it: name -> subvolume."""
        if self._system == _TOP:
            return {}
        beside = {_TOP, *(tree for tree, place in self._above.items() if place == (_TOP, "@"))}
        return {
            name.lstrip("@"): tree
            for tree, (parent, name) in self._above.items()
            if parent in beside and tree not in (self._system, *beside, *self._repeated) and name.strip("@")
        }

    def _repeats(self, node: Node) -> bool:
        where: _Where = node.where
        return where.number == _FIRST and where.tree in self._repeated

    def _whole(self, tree: int) -> tuple[dict[int, list[Node]], dict[int, int]]:
        """Return folder -> what is in it, and file -> bytes, of a subvolume; what is damaged is left out."""
        children: defaultdict[int, list[Node]] = defaultdict(list)
        sizes: dict[int, int] = {}
        try:
            for count, item in enumerate(self._items(tree, (0, 0, 0), (1 << 64, 255, 1 << 64))):
                if item.key[1] == _INDEX:
                    children[item.key[0]] += self._nodes(item.data, tree)
                elif item.key[1] == _INODE:
                    sizes[item.key[0]] = little(item.data, 16, 8)
                if count > 8 * MOST_ENTRIES:
                    break
        except DamageError:
            self.damaged += 1
        return children, sizes

    def _nodes(self, raw: bytes, tree: int) -> Iterator[Node]:
        """Yield the entries of one row: names of the same checksum share it."""
        at = 0
        while at + 30 <= len(raw):
            number, kind = little(raw, at, 8), raw[at + 8]
            extra, length = little(raw, at + 25, 2), little(raw, at + 27, 2)
            name = raw[at + 30 : at + 30 + length]
            folder = raw[at + 29] == _FOLDER
            where = _Where(number, _FIRST) if kind == _ROOT else _Where(tree, number)
            if name and kind in (_INODE, _ROOT):
                yield Node(name.decode("utf-8", "surrogateescape"), folder, 0 if folder else -1, where)
            at += 30 + length + extra

    # --- Trees --------------------------------------------------------------------------------------------

    def _items(self, tree: int, low: Key, high: Key) -> Iterator[Item]:
        if tree not in self._trees:
            raise DamageError(f"the subvolume {tree:,} has no tree")
        yield from self._scan(self._trees[tree], low, high)

    def _scan(self, at: int, low: Key, high: Key) -> Iterator[Item]:
        """Yield the rows of a tree from one key to another, both of them included."""
        yield from self._down(at, low, high, _DEPTH + 1)

    def _down(self, at: int, low: Key, high: Key, above: int) -> Iterator[Item]:
        node = self._node(at)
        count, level = little(node, 96, 4), node[100]
        if level >= above or count > len(node) // _ITEM:
            raise DamageError("a tree of btrfs that leads back to itself")
        if level:
            keys = [
                _key(node, _HEADER + each * _POINTER) for each in range(min(count, len(node) // _POINTER))
            ]
            for each, key in enumerate(keys):
                if key > high:
                    return
                if each + 1 == len(keys) or keys[each + 1] >= low:
                    child = little(node, _HEADER + each * _POINTER + _KEY, 8)
                    yield from self._down(child, low, high, level)
            return
        for each in range(count):
            place = _HEADER + each * _ITEM
            key = _key(node, place)
            if key > high:
                return
            if key >= low:
                start, size = little(node, place + _KEY, 4), little(node, place + _KEY + 4, 4)
                yield Item(key, node[_HEADER + start : _HEADER + start + size])

    def _node(self, at: int) -> bytes:
        if at in self._kept:
            self._kept.move_to_end(at)
            return self._kept[at]
        node = self.read_at(at, self._node_bytes)
        if little(node, 48, 8) != at:
            raise DamageError(f"no node of a tree stands at address {at:,}")
        self._kept[at] = node
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return node

    def _first_chunks(self, raw: bytes) -> None:
        """Take the chunks that the superblock names: those of the tree of chunks."""
        at = 0
        while at + _KEY + 48 <= len(raw):
            stripes = little(raw, at + _KEY + 44, 2)
            end = at + _KEY + 48 + 32 * stripes
            self._chunks.append(self._chunk(little(raw, at + 9, 8), raw[at + _KEY : end]))
            at = end

    def _chunk(self, start: int, raw: bytes) -> _Chunk:
        stripes, kind = little(raw, 44, 2), little(raw, 24, 8)
        if len(self._chunks) > _MOST_CHUNKS or len(raw) < 48 + 32 * stripes:
            raise DamageError("a tree of chunks that is damaged")
        places = [
            little(raw, 48 + 32 * each + 8, 8)
            for each in range(stripes)
            if little(raw, 48 + 32 * each, 8) == self._device
        ]
        spread = kind & _STRIPED and stripes > 1
        return _Chunk(start, little(raw, 0, 8), -1 if spread or not places else places[0])


class _File:
    """A file made of pieces, some of them packed: the last that was unpacked is kept."""

    def __init__(self, volume: Btrfs, pieces: list[_Piece], size_bytes: int) -> None:
        self._volume, self._pieces, self.size_bytes = volume, pieces, size_bytes
        self._last: tuple[_Piece | None, bytes] = (None, b"")

    def read(self, offset: int, count: int) -> bytes:
        """Return bytes of the file; holes are zeros."""
        offset = max(offset, 0)
        stop = min(offset + max(count, 0), self.size_bytes)
        made, at = [], offset
        for piece in self._pieces:
            begin, end = max(at, piece.start), min(stop, piece.start + piece.length)
            if begin >= end:
                continue
            made += [bytes(begin - at), self._part(piece, begin - piece.start, end - begin)]
            at = end
        return b"".join(made) + bytes(max(0, stop - at))

    def _part(self, piece: _Piece, start: int, count: int) -> bytes:
        if not piece.packed:
            if piece.data:
                return piece.data[start : start + count].ljust(count, b"\0")
            place = piece.at + piece.skipped + start
            return self._volume.read_at(place, count) if piece.at else bytes(count)
        if self._last[0] is not piece:
            raw = piece.data or self._volume.read_at(piece.at, piece.stored)
            self._last = piece, _unpacked(raw, piece.packed, piece.unpacked)
        begin = piece.skipped + start
        return self._last[1][begin : begin + count].ljust(count, b"\0")


def _piece(item: Item) -> _Piece:
    raw, start = item.data, item.key[2]
    packed, kind, unpacked = (
        raw[16] if len(raw) > 20 else 0,
        raw[20] if len(raw) > 20 else 9,
        little(raw, 8, 8),
    )
    if kind > 2 or little(raw, 17, 1) or (packed and unpacked > _LARGEST_PIECE):
        raise DamageError("a file whose list of pieces is damaged")
    if not kind:
        return _Piece(start, unpacked if packed else len(raw) - 21, raw[21:], 0, 0, 0, unpacked, packed)
    at, stored, skipped, length = (little(raw, place, 8) for place in (21, 29, 37, 45))
    if packed and stored > _LARGEST_PIECE:
        raise DamageError("a file whose list of pieces is damaged")
    if kind == 2 or not at:  # set aside and not written yet, or a hole
        return _Piece(start, length, b"", 0, 0, 0, 0, 0)
    return _Piece(start, length, b"", at, stored, skipped, unpacked, packed)


def _unpacked(raw: bytes, packed: int, size: int) -> bytes:
    """Unpack a piece, of zlib, LZO or zstd. Raises `DamageError`."""
    try:
        if packed == 1:
            return zlib.decompressobj().decompress(raw, size)
        if packed == 2:
            return unpack_segments(raw, size)
        if packed == 3:
            return Zstd().decompress(raw, size)
    except (zlib.error, ValueError, EOFError) as error:
        raise DamageError(f"a piece of a file that cannot be unpacked: {error}") from None
    raise DamageError("a file that is compressed in a way that is not known")


def _key(node: bytes, at: int) -> Key:
    return little(node, at, 8), node[at + 8] if at + 8 < len(node) else 0, little(node, at + 9, 8)


@cache
def _table() -> tuple[int, ...]:
    rows = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        rows.append(value)
    return tuple(rows)


def _crc32c(name: bytes) -> int:
    """Return what a folder's rows are found by: CRC-32C, begun at ~1 and not turned over at the end."""
    table, value = _table(), 0xFFFFFFFE
    for byte in name:
        value = table[(value ^ byte) & 255] ^ value >> 8
    return value
