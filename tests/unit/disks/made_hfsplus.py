"""A writer of HFS+: a catalog of two levels, files in one or several pieces, nothing but what a reader needs."""

from __future__ import annotations

import struct

BLOCK = NODE = 4096
ROOT = 2


def _node(kind: int, records: list[bytes], *, after: int = 0) -> bytes:
    body, offsets = b"", []
    for record in records:
        offsets.append(14 + len(body))
        body += record + b"\0" * (len(record) % 2)
    offsets.append(14 + len(body))
    head = struct.pack(">IIbBHH", after, 0, kind, 1, len(records), 0)
    table = b"".join(struct.pack(">H", each) for each in reversed(offsets))
    assert len(head + body + table) <= NODE
    return head + body + bytes(NODE - len(head + body + table)) + table


def _tree(leaves: list[list[tuple[bytes, bytes]]]) -> bytes:
    """Return the file of a tree: its header, its root, its leaves."""
    nodes = [
        _node(-1, [key + value for key, value in leaf], after=number + 3 if number + 1 < len(leaves) else 0)
        for number, leaf in enumerate(leaves)
    ]
    below = [(leaf[0][0], number + 2) for number, leaf in enumerate(leaves)]
    while len(below) > 1 or len(nodes) == 1:
        parts = [below[at : at + 60] for at in range(0, len(below), 60)]
        below = []
        for part in parts:
            nodes.append(_node(0, [key + struct.pack(">I", number) for key, number in part]))
            below.append((part[0][0], len(nodes) + 1))
    # Numbers begin behind the header, at 1; node 1 stands for nothing.
    info = struct.pack(">HIIIIHHII", 2, below[0][1], 0, 2, 0, NODE, 516, len(nodes) + 2, 0)
    info += struct.pack(">HIBBI", 0, 0, 0, 0xCF, 6) + bytes(64)
    return b"".join([_node(1, [info, bytes(128), bytes(256)]), bytes(NODE), *nodes])


def _key(parent: int, name: str) -> bytes:
    text = name.encode("utf-16-be")
    return struct.pack(">HIH", 6 + len(text), parent, len(text) // 2) + text


class HfsPlus:
    """Blocks are given out one after the other."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = [bytes(BLOCK)]
        self._records: list[tuple[bytes, bytes]] = []
        self._extents: list[tuple[bytes, bytes]] = []
        self._attributes: list[tuple[bytes, bytes]] = []
        self._folders = {"": ROOT}
        self._number = 100
        self._row(1, "Volume", struct.pack(">HHII", 1, 0, 0, ROOT).ljust(88, b"\0"))

    def _row(self, parent: int, name: str, value: bytes) -> None:
        self._records.append((_key(parent, name), value))

    def _put(self, data: bytes) -> tuple[int, int]:
        first = len(self._blocks)
        self._blocks += [data[at : at + BLOCK].ljust(BLOCK, b"\0") for at in range(0, len(data), BLOCK)]
        return first, len(self._blocks) - first

    def folder(self, path: str) -> int:
        """Make a folder and those above it; return its number."""
        if path not in self._folders:
            above, _, name = path.rpartition("/")
            parent = self.folder(above)
            self._number += 1
            self._folders[path] = self._number
            self._row(parent, name, struct.pack(">HHII", 1, 0, 0, self._number).ljust(88, b"\0"))
        return self._folders[path]

    def file(
        self,
        path: str,
        data: bytes = b"",
        *,
        pieces: int = 1,
        link: bytes = b"",
        to: int = 0,
        packed: bytes = b"",
        fork: bytes = b"",
    ) -> None:
        """Write a file, in pieces that lie apart, or a link to another; or what is packed, with its fork."""
        above, _, name = path.rpartition("/")
        parent = self.folder(above)
        self._number += 1
        step = -(-len(data) // (pieces * BLOCK)) * BLOCK or BLOCK
        rows = []
        for at in range(0, len(data), step):
            rows.append(self._put(data[at : at + step]))
            self._put(b"between")
        first, further = rows[:8], rows[8:]
        total = sum(count for _, count in rows)
        data_fork = struct.pack(">QII", len(data), 0, total) + b"".join(
            struct.pack(">II", *each) for each in first
        )
        value = struct.pack(">HHII", 2, 0, 0, self._number).ljust(44, b"\0") + struct.pack(">I", to)
        value = (value + link).ljust(88, b"\0") + data_fork.ljust(80, b"\0")
        first_block, blocks = self._put(fork)
        value += struct.pack(">QIIII", len(fork), 0, blocks, first_block, blocks).ljust(80, b"\0")
        if packed:
            value = value[:41] + b"\x20" + value[42:]
            text = "com.apple.decmpfs".encode("utf-16-be")
            key = struct.pack(">HHIIH", 12 + len(text), 0, self._number, 0, len(text) // 2) + text
            self._attributes.append((key, struct.pack(">IQI", 0x10, 0, len(packed)) + packed))
        self._row(parent, name, value)
        start = sum(count for _, count in first)
        for at in range(0, len(further), 8):
            part = further[at : at + 8]
            extents = b"".join(struct.pack(">II", *each) for each in part).ljust(64, b"\0")
            self._extents.append((struct.pack(">HBBII", 10, 0, 0, self._number, start), extents))
            start += sum(count for _, count in part)

    def written(self) -> bytes:
        """Return the volume."""
        records = sorted(self._records, key=lambda each: (each[0][2:6], each[0][8:].lower()))
        leaves: list[list[tuple[bytes, bytes]]] = [[]]
        for key, value in records:
            if sum(len(a) + len(b) + 2 for a, b in leaves[-1]) + len(key) + len(value) > NODE - 40:
                leaves.append([])
            leaves[-1].append((key, value))
        catalog, extents = _tree(leaves), _tree([self._extents]) if self._extents else b""
        named = _tree([[each] for each in self._attributes]) if self._attributes else b""
        forks = {
            352: (len(named), *self._put(named)),
            192: (len(extents), *self._put(extents)),
            272: (len(catalog), *self._put(catalog)),
        }
        self._put(bytes(BLOCK))
        head = bytearray(512)
        head[0:4] = b"H+\x00\x04"
        struct.pack_into(">II", head, 40, BLOCK, len(self._blocks))
        for at, (size, first, count) in forks.items():
            struct.pack_into(">QIIII", head, at, size, 0, count, first, count)
        self._blocks[0] = (bytes(1024) + bytes(head)).ljust(BLOCK, b"\0")
        return b"".join(self._blocks)
