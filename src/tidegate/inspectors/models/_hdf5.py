"""HDF5, as far as models need it: attributes, groups, and links that lead to other files.

Written for hostile bytes: nothing recurses, every address is checked, every object is visited once.
Source: support.hdfgroup.org, "HDF5 File Format Specification Version 3.0".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tidegate.inspectors.models._hdf5_dense import ATTRIBUTES, LINKS, Dense
from tidegate.inspectors.models._notes import IncompleteError, MalformedError, exact
from tidegate.inspectors.readable import Readable

MAGIC = b"\x89HDF\r\n\x1a\n"
_FEWEST_BYTES = 15
"""Of a superblock: up to where the first versions say how wide addresses and lengths are."""
_MOST_MESSAGES = 20_000
"""Of one object; a group in the newest form has one for each of its few links."""
_LONGEST_MESSAGES_BYTES = 1 << 20
_MOST_HEAP_OBJECTS = 100_000
_SOFT, _EXTERNAL = 1, 64
ATTRIBUTE, ATTRIBUTES_ELSEWHERE = 0x0C, 0x15
_LINKS_ELSEWHERE, _LINK, _FILES, _CONTINUED, _TABLE = 0x02, 0x06, 0x07, 0x10, 0x11


class Message(NamedTuple):
    """One message of an object's header."""

    kind: int
    offset: int
    """Its first byte in the file."""
    body: bytes


class Link(NamedTuple):
    """One name in a group."""

    name: str
    address: int
    """Of the object, 0 for a link that is only a name."""
    file: str
    """Another file that it leads to; empty for none."""
    offset: int


class File:
    """An HDF5 file."""

    def __init__(self, data: Readable, start: int = 0) -> None:
        """start: where its signature stands. Raises `MalformedError`."""
        self._data = data
        head = data.read(start, 128)
        if not head.startswith(MAGIC):
            raise MalformedError("no HDF5 signature", start)
        if len(head) < _FEWEST_BYTES:
            raise MalformedError("the superblock is cut off", start)
        version = head[8]
        if version in (0, 1):
            self._widths(head[13], head[14])
            at = 24 + 4 * version
            self.root = self._number(head, at + 5 * self.wide, self.wide)
            self.end = self._number(head, at + 2 * self.wide, self.wide)
        elif version in (2, 3):
            self._widths(head[9], head[10])
            self.end = self._number(head, 12 + 2 * self.wide, self.wide)
            self.root = self._number(head, 12 + 3 * self.wide, self.wide)
        else:
            raise MalformedError(f"version {version} of the superblock does not exist", start + 8)
        # Readers count from where the superblock was found, whatever base it states (H5F__super_read).
        self._base = start

    def _widths(self, address: int, length: int) -> None:
        if address not in (4, 8) or length not in (4, 8):
            raise MalformedError(f"addresses of {address} and lengths of {length} bytes", 13)
        self.wide, self.long = address, length
        self.undefined = (1 << 8 * address) - 1

    def _number(self, raw: bytes, at: int, width: int) -> int:
        if at + width > len(raw):
            raise MalformedError("a number is cut off", None)
        return int.from_bytes(raw[at : at + width], "little")

    def read(self, address: int, count: int) -> bytes:
        """Return bytes at an address of the file."""
        return exact(self._data, self._base + address, count)

    def messages(self, address: int) -> Iterator[Message]:
        """Yield the messages of an object, those in continuation blocks too."""
        first = self.read(address, 16)
        blocks: list[tuple[int, int]] = []
        ordered = False
        new = first.startswith(b"OHDR")
        if new:
            flags = first[5]
            at = 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
            width = 1 << (flags & 3)
            size = self._number(self.read(address + at, width), 0, width)
            ordered = bool(flags & 4)
            blocks.append((address + at + width, size))
        elif first[0] == 1:
            blocks.append((address + 16, self._number(first, 8, 4)))
        else:
            raise MalformedError("no header of an object", self._base + address)
        left = _MOST_MESSAGES
        seen: set[int] = set()
        while blocks:
            start, size = blocks.pop()
            if start in seen or size > _LONGEST_MESSAGES_BYTES:
                raise MalformedError("a header of an object that leads back, or is longer than any", start)
            seen.add(start)
            for message in self._block(start, self.read(start, size), new, ordered):
                left -= 1
                if not left:
                    raise IncompleteError(f"an object with more than {_MOST_MESSAGES:,} messages")
                if message.kind == _CONTINUED:
                    to = self._number(message.body, 0, self.wide)
                    length = self._number(message.body, self.wide, self.long)
                    blocks.append((to + 4, length - 8) if new and length > 8 else (to, length))
                else:
                    yield message

    def _block(self, start: int, raw: bytes, new: bool, ordered: bool) -> Iterator[Message]:
        """Yield the messages of one block. new: the second form of headers, with short fields."""
        at = 0
        head = (6 if ordered else 4) if new else 8
        while at + head <= len(raw):
            kind = raw[at] if new else int.from_bytes(raw[at : at + 2], "little")
            size = int.from_bytes(raw[at + 1 : at + 3] if new else raw[at + 2 : at + 4], "little")
            if at + head + size > len(raw):
                raise MalformedError("a message is longer than its block", self._base + start + at)
            yield Message(kind, self._base + start + at + head, raw[at + head : at + head + size])
            at += head + size

    def attribute(self, message: Message, most_bytes: int) -> tuple[str, bytes]:
        """Return name and first value of an attribute: text as it is, other kinds raw."""
        body = message.body
        if len(body) < 9 or body[0] not in (1, 2, 3):
            raise MalformedError("an attribute of an unknown form", message.offset)
        sizes = [int.from_bytes(body[at : at + 2], "little") for at in (2, 4, 6)]
        at = 9 if body[0] == 3 else 8
        parts: list[bytes] = []
        for size in sizes:
            parts.append(body[at : at + size])
            at += size + (-size % 8 if body[0] == 1 else 0)
        name = parts[0].partition(b"\0")[0].decode("utf-8", "replace")
        if len(parts[1]) < 8 or body[1] & 1:
            return name, b""
        if parts[1][0] & 0x0F == 9:
            return name, self._from_heap(body[at:], most_bytes)
        return name, body[at:]

    def _from_heap(self, reference: bytes, most_bytes: int) -> bytes:
        """Return a text of variable length: its reference names a collection and an index in it."""
        if len(reference) < 8 + self.wide:
            return b""
        length = self._number(reference, 0, 4)
        address = self._number(reference, 4, self.wide)
        index = self._number(reference, 4 + self.wide, 4)
        if not length:
            return b""
        if length > most_bytes:
            raise IncompleteError(f"an attribute of {length:,} bytes")
        head = self.read(address, 8 + self.long)
        if head[:4] != b"GCOL":
            raise MalformedError("no heap where an attribute's text should be", self._base + address)
        stop = address + self._number(head, 8, self.long)
        at = address + 8 + self.long
        for _ in range(_MOST_HEAP_OBJECTS):
            if at + 8 + self.long > stop:
                break
            entry = self.read(at, 8 + self.long)
            size = self._number(entry, 8, self.long)
            if int.from_bytes(entry[:2], "little") == index:
                return self.read(at + 8 + self.long, min(length, size))
            at += 8 + self.long + size + (-size % 8)
        raise MalformedError("an attribute's text is not in its heap", self._base + address)

    def links(self, message: Message) -> Iterator[Link]:
        """Yield the names that a message of a group brings: one, a table, or a heap of them."""
        if message.kind == _TABLE:
            yield from self._table(message)
        elif message.kind == _LINK:
            yield self._link(message)
        elif message.kind == _LINKS_ELSEWHERE and len(message.body) >= 2 + self.wide:
            for offset, body in self._dense(message, 10 if message.body[1] & 1 else 2, LINKS):
                yield self._link(Message(_LINK, offset, body))

    def attributes(self, message: Message) -> Iterator[Message]:
        """Yield as messages of their own the attributes that an object keeps in a heap."""
        if message.kind == ATTRIBUTES_ELSEWHERE and len(message.body) > 1:
            for offset, body in self._dense(message, 4 if message.body[1] & 1 else 2, ATTRIBUTES):
                yield Message(ATTRIBUTE, offset, body)

    def _dense(self, message: Message, at: int, kinds: tuple[int, ...]) -> Iterator[tuple[int, bytes]]:
        """Yield offset and bytes of what stands in a heap: its address is at `at`, that of a tree behind."""
        heap = self._number(message.body, at, self.wide)
        if heap != self.undefined:
            tree = self._number(message.body, at + self.wide, self.wide)
            for address, body in Dense(self.read, self.wide, self.long).objects(heap, tree, kinds):
                yield self._base + address, body

    def files(self, message: Message) -> Iterator[Link]:
        """Yield the files that hold the bytes of a data set, if they are not in this one."""
        if message.kind != _FILES or len(message.body) < 8 + self.wide:
            return
        used = int.from_bytes(message.body[6:8], "little")
        heap = self._heap(self._number(message.body, 8, self.wide))
        for number in range(used):
            at = 8 + self.wide + number * 3 * self.long
            name = self._name(heap, self._number(message.body, at, self.long))
            yield Link("", 0, name, message.offset)

    def _link(self, message: Message) -> Link:
        """Read one link in the newer form."""
        body = message.body
        flags = body[1] if len(body) > 1 else 0
        at = 2
        kind = 0
        if flags & 8:
            kind, at = body[at] if at < len(body) else 0, at + 1
        at += (8 if flags & 4 else 0) + (1 if flags & 16 else 0)
        width = 1 << (flags & 3)
        length = self._number(body, at, width)
        at += width
        name = body[at : at + length].decode("utf-8", "replace")
        at += length
        if kind == 0:
            return Link(name, self._number(body, at, self.wide), "", message.offset)
        file = ""
        if kind == _EXTERNAL:
            file = body[at + 3 :].partition(b"\0")[0].decode("utf-8", "replace") or "?"
        elif kind != _SOFT:
            file = "?"
        return Link(name, 0, file, message.offset)

    def _table(self, message: Message) -> Iterator[Link]:
        """Yield the names of a group in the older form: a tree of tables, the names in a heap."""
        trees = [self._number(message.body, 0, self.wide)]
        heap = self._heap(self._number(message.body, self.wide, self.wide))
        seen: set[int] = set()
        while trees:
            address = trees.pop()
            if address in seen:
                raise MalformedError("a tree of names leads back to itself", self._base + address)
            seen.add(address)
            head = self.read(address, 8)
            if head[:4] == b"SNOD":
                yield from self._names(address, int.from_bytes(head[6:8], "little"), heap)
            elif head[:4] == b"TREE":
                used = int.from_bytes(head[6:8], "little")
                step = self.long + self.wide
                raw = self.read(address + 8 + 2 * self.wide, used * step)
                trees.extend(
                    self._number(raw, number * step + self.long, self.wide)
                    for number in reversed(range(used))
                )
            else:
                raise MalformedError("no tree where the names of a group should be", self._base + address)

    def _names(self, address: int, count: int, heap: bytes) -> Iterator[Link]:
        step = 2 * self.wide + 24
        raw = self.read(address + 8, count * step)
        for number in range(count):
            at = number * step
            name = self._name(heap, self._number(raw, at, self.wide))
            soft = self._number(raw, at + 2 * self.wide, 4) == 2
            to = 0 if soft else self._number(raw, at + self.wide, self.wide)
            yield Link(name, to, "", self._base + address + 8 + at)

    def _heap(self, address: int) -> bytes:
        """Return a heap of names."""
        head = self.read(address, 8 + 2 * self.long + self.wide)
        size = self._number(head, 8, self.long)
        if head[:4] != b"HEAP" or size > 16 * _LONGEST_MESSAGES_BYTES:
            raise MalformedError("no heap of names", self._base + address)
        return self.read(self._number(head, 8 + 2 * self.long, self.wide), size)

    def _name(self, heap: bytes, at: int) -> str:
        return heap[at : heap.find(b"\0", at)].decode("utf-8", "replace") if at < len(heap) else ""
