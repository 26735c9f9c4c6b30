"""HFS+ and HFSX, of Macs until 2017 and of Time Machine's disks.

Source: Apple, Technical Note TN1150, HFS Plus Volume Format, 2004; for links of folders hfs_format.h of xnu.
"""

from __future__ import annotations

import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from tidegate.inspectors.disks import decmpfs
from tidegate.inspectors.disks.damage import DamageError, big, exact, power
from tidegate.inspectors.disks.volumes.volume import Listed, Node, Runs
from tidegate.inspectors.readable import Part, Readable

_ROOT: Final = 2
_FOLDER, _FILE = 1, 2
_DEPTH: Final = 16
_KEPT: Final = 1024
"""Nodes, of 4 or 8 KiB mostly."""
_AT_ONCE: Final = 64
_MOST_PIECES: Final = 100_000
_FIRST_PIECES: Final = 8
"""In a fork itself; further ones are in the tree of extents."""
_CATALOG, _EXTENTS = 4, 3
_COMPRESSED: Final = 0x20
_INLINE: Final = 0x10
"""An attribute whose value stands in its record."""
_OF_DATA, _OF_RESOURCES = 0, 0xFF
_ALIAS_OF_FILE, _ALIAS_OF_FOLDER = b"hlnkhfs+", b"fdrpMACS"
_LINKED_FILES: Final = "\0\0\0\0HFS+ Private Data"
_LINKED_FOLDERS: Final = ".HFS+ Private Directory Data\r"


def open_volume(data: Readable) -> HfsPlus:
    """Open one, be it wrapped in a volume of the old HFS or not. Raises `DamageError`."""
    head = exact(data, 1024, 512)
    if head[:2] == b"BD":
        if head[124:126] not in (b"H+", b"HX"):
            raise DamageError("HFS of before 1998 is not read")
        block = power(big(head, 20, 4), 512, 1 << 30, "blocks")
        start = big(head, 28, 2) * 512 + big(head, 126, 2) * block
        data = Part(data, start, big(head, 128, 2) * block)
        head = exact(data, 1024, 512)
    return HfsPlus(data, head)


class _Fork(NamedTuple):
    """Where the bytes of a file stand."""

    size_bytes: int
    blocks: int
    pieces: list[tuple[int, int]]
    """First block and number of blocks."""


class HfsPlus:
    """One volume."""

    def __init__(self, data: Readable, head: bytes) -> None:
        """head: its header, which stands 1,024 bytes behind its start."""
        if head[:2] not in (b"H+", b"HX"):
            raise DamageError("HFS+ without its header")
        self.form = "HFSX" if head[:2] == b"HX" else "HFS+"
        self.damaged = 0
        self._data = data
        self._block = power(big(head, 40, 4), 512, 1 << 26, "blocks")
        extents = _fork(head[192:272])
        self._extents = _Tree(self._runs(extents, []))
        catalog = _fork(head[272:352])
        self._catalog = _Tree(self._runs(catalog, self._further(_CATALOG, catalog)))
        self._attributes = self._runs(_fork(head[352:432]), [])
        self._exact_case = self._catalog.binary
        self._links: dict[str, Node | None] = {}
        self.root = Node("", folder=True, size_bytes=0, where=_ROOT)

    def entries(self, folder: Node) -> Iterator[Node]:
        """Yield what is in a folder. What Time Machine linked from an older copy is where it links to."""
        number = self._number(folder)
        for key, value in self._catalog.records(_key(number)):
            if big(key, 2, 4) != number:
                return
            node = self._node(_name(key), value)
            if node is not None:
                yield node

    def find(self, folder: Node, name: str) -> Node | None:
        """Read the folder until the name is there."""
        wanted = self._same(name)
        return next((each for each in self.entries(folder) if self._same(each.name) == wanted), None)

    def open(self, node: Node) -> Readable:
        """Return the bytes of a file."""
        value = node.where
        if isinstance(value, int):
            linked = self._linked(_LINKED_FILES, f"iNode{-value}")
            if linked is None:
                raise DamageError("a link to a file that is not there")
            value = linked.where
        if not isinstance(value, bytes):
            raise DamageError("no ordinary file")
        if value[41] & _COMPRESSED:
            number = big(value, 8, 4)
            return decmpfs.open_packed(
                self._attribute(number), lambda: self._of_fork(number, _fork(value[168:248]), _OF_RESOURCES)
            )
        fork = _fork(value[88:168])
        return self._of_fork(big(value, 8, 4), fork, _OF_DATA)

    def _of_fork(self, number: int, fork: _Fork, which: int) -> Runs:
        return self._runs(fork, self._further(number, fork, which))

    def _attribute(self, number: int) -> bytes:
        """Return the attribute of a file that says how it is compressed."""
        text = decmpfs.ATTRIBUTE.encode("utf-16-be")
        body = bytes(2) + number.to_bytes(4, "big") + bytes(4) + (len(text) // 2).to_bytes(2, "big") + text
        key = len(body).to_bytes(2, "big") + body
        for found, value in _Tree(self._attributes, _order_of_attributes).records(key):
            if found[4:8] + found[12:] == key[4:8] + key[12:] and big(value, 0, 4) == _INLINE:
                return value[16 : 16 + min(big(value, 12, 4), decmpfs.MOST_BYTES)]
            break
        raise DamageError("a compressed file without the attribute that says how")

    def listing(self) -> Iterator[Listed]:
        """Go through the leaves of the catalog from first to last, then lay the paths together."""
        children: dict[int, list[tuple[str, int, int]]] = {}
        self._catalog.wide = True
        for key, value in self._catalog.records(b""):
            kind = big(value, 0, 2)
            if kind == _FOLDER:
                row = (_name(key), big(value, 8, 4), 0)
            elif kind == _FILE and value[48:56] == _ALIAS_OF_FOLDER:
                continue  # the folder it leads to is listed where it stands
            elif kind == _FILE:
                row = (_name(key), 0, big(value, 88, 8))
            else:
                continue
            children.setdefault(big(key, 2, 4), []).append(row)
        self.damaged += self._catalog.damaged
        seen = {_ROOT}
        stack = [("", _ROOT)]
        while stack:
            path, folder = stack.pop()
            for name, number, size in children.get(folder, ()):
                if folder == _ROOT and name in (_LINKED_FILES, "HFS+ Private Data"):
                    continue
                full = f"{path}/{name}" if path else name
                yield Listed(full, bool(number), size)
                if number and number not in seen and len(full) < 32768:
                    seen.add(number)
                    stack.append((full, number))

    def _number(self, folder: Node) -> int:
        """Return the number of a folder; of a link that of the folder it leads to."""
        if isinstance(folder.where, int) and folder.where >= 0:
            return folder.where
        linked = self._linked(_LINKED_FOLDERS, f"dir_{-folder.where}") if folder.folder else None
        if linked is None or not isinstance(linked.where, int) or linked.where < 0:
            raise DamageError("a folder that is none")
        return linked.where

    def _linked(self, within: str, name: str) -> Node | None:
        if within not in self._links:
            self._links[within] = self.find(self.root, within)
        folder = self._links[within]
        return None if folder is None or not folder.folder else self._by_key(folder.where, name)

    def _by_key(self, folder: int, name: str) -> Node | None:
        """Return an entry by its key alone; only of names whose order is that of their letters."""
        key = _key(folder, name)
        for found, value in self._catalog.records(key):
            return self._node(name, value) if found[2 : len(key)] == key[2:] else None
        return None

    def _node(self, name: str, value: bytes) -> Node | None:
        kind = big(value, 0, 2)
        if kind == _FOLDER:
            return Node(name, folder=True, size_bytes=0, where=big(value, 8, 4))
        if kind != _FILE or len(value) < 248:
            return None
        if value[48:56] == _ALIAS_OF_FOLDER:
            return Node(name, folder=True, size_bytes=0, where=-big(value, 44, 4))
        if value[48:56] == _ALIAS_OF_FILE:
            return Node(name, folder=False, size_bytes=-1, where=-big(value, 44, 4))
        return Node(name, folder=False, size_bytes=big(value, 88, 8), where=value[:248])

    def _same(self, name: str) -> str:
        return name if self._exact_case else name.casefold()

    def _further(self, number: int, fork: _Fork, which: int = 0) -> list[tuple[int, int]]:
        """Return the pieces of a file that have no place in its fork."""
        found: list[tuple[int, int]] = []
        have = sum(count for _, count in fork.pieces)
        if have >= fork.blocks or number == _EXTENTS:
            return found
        for key, value in self._extents.records(_extent_key(number, have, which)):
            if big(key, 2, 1) != which or big(key, 4, 4) != number or big(key, 8, 4) != have:
                break
            pieces = _pieces(value)
            have += sum(count for _, count in pieces)
            found += pieces
            if have >= fork.blocks or not pieces or len(found) > _MOST_PIECES:
                break
        return found

    def _runs(self, fork: _Fork, further: list[tuple[int, int]]) -> Runs:
        runs = [
            (start * self._block, count * self._block) for start, count in [*fork.pieces, *further] if count
        ]
        return Runs(self._data, runs, min(fork.size_bytes, sum(length for _, length in runs)))


class _Tree:
    """A tree of records in the order of their keys: the catalog, or the extents."""

    def __init__(self, data: Readable, order: Callable[[bytes], tuple[int, bytes]] | None = None) -> None:
        """Open it. order: what its keys are told apart by. Raises `DamageError`."""
        head = data.read(0, 120)
        self._data = data
        self._order = order or _order
        self._size = 0
        self.damaged = 0
        self.wide = False
        """Neighbours are read along: for a listing."""
        self.binary = True
        self._root = 0
        if len(head) == 120:  # an empty tree has no node at all
            self._size = power(big(head, 32, 2), 512, 32768, "nodes of HFS+")
            self._root = big(head, 16, 4)
            self.binary = head[51] == 0xBC
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def records(self, first: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield keys and values from a key on; an empty one: from the first on."""
        number, order = self._root, self._order(first)
        for _ in range(_DEPTH):
            if not number:
                return
            node = self._node(number)
            if node[8] == 0xFF:
                break
            if node[8]:
                raise DamageError("a node of HFS+ that is neither leaf nor index")
            below = [(key, big(value, 0, 4)) for key, value in _split(node)]
            number = next(
                (each for key, each in reversed(below) if self._order(key) <= order),
                below[0][1] if below else 0,
            )
        else:
            raise DamageError("a tree of HFS+ that leads back to itself")
        yield from self._leaves(number, order)

    def _leaves(self, number: int, order: tuple[int, bytes]) -> Iterator[tuple[bytes, bytes]]:
        seen: set[int] = set()
        while number and number not in seen:
            seen.add(number)
            node = self._node(number)
            if node[8] != 0xFF:
                self.damaged += 1
                return
            for key, value in _split(node):
                if self._order(key) >= order:
                    yield key, value
            number = big(node, 0, 4)

    def _node(self, number: int) -> bytes:
        if number in self._kept:
            self._kept.move_to_end(number)
            return self._kept[number]
        first, count = (number // _AT_ONCE * _AT_ONCE, _AT_ONCE) if self.wide else (number, 1)
        read = self._data.read(first * self._size, count * self._size)
        for at in range(0, len(read) - self._size + 1, self._size):
            self._kept[first + at // self._size] = read[at : at + self._size]
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        if number not in self._kept:
            raise DamageError(f"node {number:,} of a tree of HFS+ lies beyond its end")
        return self._kept[number]


def _split(node: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the records of a node; one that leaves the node ends it."""
    count = big(node, 10, 2)
    if 14 + 2 * (count + 1) > len(node):
        raise DamageError(f"a node of HFS+ with {count:,} records")
    offsets = [big(node, len(node) - 2 * (each + 1), 2) for each in range(count + 1)]
    for start, stop in pairwise(offsets):
        length = 2 + big(node, start, 2)
        if not 14 <= start < stop <= len(node) or length > stop - start:
            raise DamageError("a record of HFS+ outside of its node")
        yield node[start : start + length], node[start + length + length % 2 : stop]


def _key(folder: int, name: str = "") -> bytes:
    text = name.encode("utf-16-be", "surrogatepass")
    body = folder.to_bytes(4, "big") + (len(text) // 2).to_bytes(2, "big") + text
    return len(body).to_bytes(2, "big") + body


def _extent_key(number: int, first: int, which: int) -> bytes:
    return bytes((0, 10, which, 0)) + number.to_bytes(4, "big") + first.to_bytes(4, "big")


def _order(key: bytes) -> tuple[int, bytes]:
    """Return what keys are told apart by, as far as our look-ups need it.

    A folder's own record (its name empty) comes first, so that one look-up reaches all of the folder. Names
    beyond letters of ASCII are in an order of Apple's own: they are looked for by reading the folder.
    """
    if len(key) == 12 and key[:2] == b"\0\x0a":  # of the tree of extents
        return big(key, 4, 4), key[2:3] + key[8:12]
    return big(key, 2, 4), key[8:].lower()


def _order_of_attributes(key: bytes) -> tuple[int, bytes]:
    """Return file and name of an attribute; pieces of one stand beside each other."""
    return big(key, 4, 4), key[14:]


def _name(key: bytes) -> str:
    text = key[8 : 8 + 2 * big(key, 6, 2)].decode("utf-16-be", "replace")
    # Letters stand apart from their accents; a slash is no part of a path.
    return unicodedata.normalize("NFC", text).replace("/", "_")


def _fork(raw: bytes) -> _Fork:
    return _Fork(big(raw, 0, 8), big(raw, 12, 4), _pieces(raw[16:]))


def _pieces(raw: bytes) -> list[tuple[int, int]]:
    rows = [(big(raw, at, 4), big(raw, at + 4, 4)) for at in range(0, 8 * _FIRST_PIECES, 8)]
    return [row for row in rows if row[1]]
