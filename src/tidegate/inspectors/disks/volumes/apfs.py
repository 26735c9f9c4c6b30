"""APFS, of Macs and iPhones: a container with several volumes. What is encrypted is not read.

Source: Apple, Apple File System Reference, 2020-06-22; chapters Container, Object Maps, B-Trees, File-System
Objects.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterator
from typing import Final, NamedTuple

from tidegate.inspectors.disks import decmpfs
from tidegate.inspectors.disks.damage import DamageError, exact, little, power
from tidegate.inspectors.disks.volumes.volume import MOST_ENTRIES, Listed, Node, Runs
from tidegate.inspectors.readable import Memory, Readable
from tidegate.records import dataclass

_ROOT: Final = 2
_INODE, _ATTRIBUTE, _EXTENT, _ENTRY = 3, 4, 8, 9
_HEADER: Final = 56
"""Of a node; behind it its table of contents."""
_DEPTH: Final = 16
_KEPT: Final = 512
_MOST_VOLUMES: Final = 100
_CHECKPOINTS_READ: Final = 64
"""Blocks of superblocks that are looked at for the latest; of more, the copy in block 0 is taken."""
_UNENCRYPTED: Final = 1
_HASHED: Final = 0b1001
"""Names are stored with a hash where case or Unicode's forms do not count."""
_COMPRESSED: Final = 0x20
_STREAM: Final = 8
_ID: Final = (1 << 60) - 1


class Record(NamedTuple):
    """A key and its value."""

    key: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Opened:
    """What is in a container."""

    volumes: list[Apfs]
    locked: list[str]
    """Names of volumes that are encrypted."""


def open_container(data: Readable) -> Opened:
    """Open all volumes. Raises `DamageError`."""
    first = exact(data, 0, 4096)
    size = power(little(first, 36, 4), 4096, 65536, "blocks")
    blocks = _Blocks(data, size)
    head = _latest(first, blocks)
    omap = _Map(blocks, little(head, 160, 8))
    opened = Opened([], [])
    for number in range(min(little(head, 180, 4), _MOST_VOLUMES)):
        oid = little(head, 184 + 8 * number, 8)
        if not oid:
            continue
        block = blocks.read(omap.find(oid))
        if block[32:36] != b"APSB":
            raise DamageError("a volume of APFS without its superblock")
        name = block[704:960].split(b"\0", 1)[0].decode("utf-8", "replace")
        if not little(block, 264, 8) & _UNENCRYPTED:
            opened.locked.append(name)
        else:
            opened.volumes.append(Apfs(data, blocks, block, name))
    return opened


class _Blocks:
    """Blocks of the container, the last ones kept."""

    def __init__(self, data: Readable, size: int) -> None:
        self.data, self.size = data, size
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def read(self, number: int) -> bytes:
        if number in self._kept:
            self._kept.move_to_end(number)
            return self._kept[number]
        block = self._kept[number] = exact(self.data, number * self.size, self.size)
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return block


def _latest(first: bytes, blocks: _Blocks) -> bytes:
    """Return the newest superblock: that of block 0 may be older than the last checkpoint."""
    count, base = little(first, 104, 4), little(first, 112, 8)
    best = first
    if count <= _CHECKPOINTS_READ:
        for number in range(base, base + count):
            block = blocks.read(number)
            if block[32:36] == b"NXSB" and little(block, 16, 8) > little(best, 16, 8):
                best = block
    return best


def _records(block: bytes) -> Iterator[Record]:
    """Yield what is in a node, in its order; a record that leaves the block ends it."""
    flags, count = little(block, 32, 2), little(block, 36, 4)
    toc = _HEADER + little(block, 40, 2)
    keys = toc + little(block, 42, 2)
    end = len(block) - (40 if flags & 1 else 0)
    fixed = flags & 4
    width = 4 if fixed else 8
    if toc + count * width > len(block):
        raise DamageError(f"a node of APFS with {count:,} records")
    for at in range(toc, toc + count * width, width):
        if fixed:
            key_at, value_at = little(block, at, 2), little(block, at + 2, 2)
            key_bytes, value_bytes = 16, 16 if flags & 2 else 8
        else:
            key_at, key_bytes = little(block, at, 2), little(block, at + 2, 2)
            value_at, value_bytes = little(block, at + 4, 2), little(block, at + 6, 2)
        start, value = keys + key_at, end - value_at
        if start + key_bytes > len(block) or not 0 <= value <= end:
            raise DamageError("a record of APFS outside of its node")
        yield Record(block[start : start + key_bytes], block[value : value + value_bytes])


class _Map:
    """From the number of an object to its block: the newest."""

    def __init__(self, blocks: _Blocks, number: int) -> None:
        self._blocks = blocks
        self._tree = little(blocks.read(number), 48, 8)

    def find(self, oid: int) -> int:
        """Return the block. Raises `DamageError`."""
        number = self._tree
        for _ in range(_DEPTH):
            block = self._blocks.read(number)
            best: Record | None = None
            for record in _records(block):
                if little(record.key, 0, 8) > oid:
                    break
                best = record
            if best is None:
                break
            if little(block, 32, 2) & 2:
                if little(best.key, 0, 8) != oid:
                    break
                return little(best.value, 8, 8)
            number = little(best.value, 0, 8)
        raise DamageError(f"the object {oid:,} of APFS is not in its map")


class Apfs:
    """One volume."""

    form = "APFS"

    def __init__(self, data: Readable, blocks: _Blocks, block: bytes, name: str) -> None:
        """block: its superblock."""
        self.damaged = 0
        self.name = name
        self._data, self._blocks = data, blocks
        self._hashed = bool(little(block, 56, 8) & _HASHED)
        self._map = _Map(blocks, little(block, 128, 8))
        self._tree = little(block, 136, 8)
        self._physical = bool(little(block, 116, 4) & 0x40000000)
        self.root = Node("", folder=True, size_bytes=0, where=_ROOT)

    def entries(self, folder: Node) -> Iterator[Node]:
        """Yield what is in a folder; sizes are told on opening."""
        for record in self._scan((folder.where, _ENTRY), (folder.where, _ENTRY)):
            name, number, is_folder = self._entry(record)
            yield Node(name, is_folder, 0 if is_folder else -1, number)

    def find(self, folder: Node, name: str) -> Node | None:
        """Read the folder until the name is there."""
        wanted = name.casefold() if self._hashed else name
        return next(
            (
                each
                for each in self.entries(folder)
                if (each.name.casefold() if self._hashed else each.name) == wanted
            ),
            None,
        )

    def open(self, node: Node) -> Readable:
        """Return the bytes of a file."""
        inode = next(self._scan((node.where, _INODE), (node.where, _INODE)), None)
        if inode is None:
            raise DamageError("a file without its inode")
        if little(inode.value, 68, 4) & _COMPRESSED:
            attribute = self._attribute(node.where, decmpfs.ATTRIBUTE)
            raw = attribute.read(0, min(attribute.size_bytes, decmpfs.MOST_BYTES))
            return decmpfs.open_packed(raw, lambda: self._attribute(node.where, decmpfs.FORK))
        return self._stream(little(inode.value, 8, 8), _size(inode.value))

    def _attribute(self, number: int, name: str) -> Readable:
        """Return the bytes of an extended attribute, which may be a stream of its own."""
        for record in self._scan((number, _ATTRIBUTE), (number, _ATTRIBUTE)):
            if record.key[10 : 10 + little(record.key, 8, 2)].rstrip(b"\0") != name.encode():
                continue
            flags, length = little(record.value, 0, 2), little(record.value, 2, 2)
            raw = record.value[4 : 4 + length]
            return self._stream(little(raw, 0, 8), little(raw, 8, 8)) if flags & 1 else Memory(raw)
        raise DamageError(f"a file without its attribute {name}")

    def _stream(self, number: int, size: int) -> Readable:
        runs: list[tuple[int, int]] = []
        at = 0
        for record in self._scan((number, _EXTENT), (number, _EXTENT)):
            start = little(record.key, 8, 8)
            length = little(record.value, 0, 8) & ((1 << 56) - 1)
            block = little(record.value, 8, 8)
            if start < at or len(runs) > 100_000:
                raise DamageError("a file whose pieces lie over each other")
            if start > at:
                runs.append((-1, start - at))
            runs.append((block * self._blocks.size if block else -1, length))
            at = start + length
        return Runs(self._data, runs, size)

    def listing(self) -> Iterator[Listed]:
        """Go through the tree from its first leaf to its last, then lay the paths together."""
        children: defaultdict[int, list[tuple[str, int, bool]]] = defaultdict(list)
        sizes: dict[int, int] = {}
        for count, record in enumerate(self._scan((0, 0), (_ID, 15))):
            kind = record.key[7] >> 4
            number = little(record.key, 0, 8) & _ID
            if kind == _ENTRY:
                children[number].append(self._entry(record))
            elif kind == _INODE and not little(record.value, 80, 2) >> 12 == 4:  # noqa: SIM201
                sizes[number] = _size(record.value)
            if count > 8 * MOST_ENTRIES:
                break
        seen = {_ROOT}
        stack = [("", _ROOT)]
        while stack:
            path, folder = stack.pop()
            for name, number, is_folder in children[folder]:
                full = f"{path}/{name.replace('/', '_')}" if path else name.replace("/", "_")
                yield Listed(full, is_folder, 0 if is_folder else sizes.get(number, 0))
                if is_folder and number not in seen and len(full) < 32768:
                    seen.add(number)
                    stack.append((full, number))

    def _entry(self, record: Record) -> tuple[str, int, bool]:
        start = 12 if self._hashed else 10
        length = little(record.key, 8, 4) & 1023 if self._hashed else little(record.key, 8, 2)
        name = record.key[start : start + length].rstrip(b"\0").decode("utf-8", "replace")
        return name, little(record.value, 0, 8), little(record.value, 16, 2) & 15 == 4

    def _scan(self, low: tuple[int, int], high: tuple[int, int]) -> Iterator[Record]:
        """Yield the records from one object and kind to another."""
        yield from self._node(self._tree, low, high, set())

    def _node(
        self, oid: int, low: tuple[int, int], high: tuple[int, int], seen: set[int], depth: int = 0
    ) -> Iterator[Record]:
        if depth > _DEPTH or oid in seen:
            raise DamageError("a tree of APFS that leads back to itself")
        seen.add(oid)
        block = self._blocks.read(oid if self._physical else self._map.find(oid))
        records = list(_records(block))
        if little(block, 32, 2) & 2:
            for record in records:
                if len(record.key) < 8:
                    self.damaged += 1
                elif low <= _order(record.key) <= high:
                    yield record
            return
        for index, record in enumerate(records):
            if _order(record.key) > high:
                return
            if index + 1 == len(records) or _order(records[index + 1].key) >= low:
                yield from self._node(little(record.value, 0, 8), low, high, seen, depth + 1)


def _order(key: bytes) -> tuple[int, int]:
    return little(key, 0, 8) & _ID, key[7] >> 4 if len(key) > 7 else 0


def _size(inode: bytes) -> int:
    """Return the length of a file: that of its stream, which stands among the extended fields."""
    count = little(inode, 92, 2)
    at = 96 + 4 * count
    for number in range(min(count, 32)):
        kind, size = inode[96 + 4 * number : 97 + 4 * number], little(inode, 98 + 4 * number, 2)
        if kind == bytes((_STREAM,)):
            return little(inode, at, 8)
        at += -(-size // 8) * 8
    return little(inode, 84, 8) if little(inode, 68, 4) & _COMPRESSED else 0
