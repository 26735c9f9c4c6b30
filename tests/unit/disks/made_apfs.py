"""A writer of APFS: one container, a few volumes, trees of two levels, nothing but what a reader needs."""

from __future__ import annotations

import struct

BLOCK = 4096


def node(records: list[tuple[bytes, bytes]], *, leaf: bool, root: bool, fixed: bool, level: int = 0) -> bytes:
    toc, keys, values = b"", b"", b""
    for key, value in records:
        values = value + values
        if fixed:
            toc += struct.pack("<HH", len(keys), len(values))
        else:
            toc += struct.pack("<HHHH", len(keys), len(key), len(values), len(value))
        keys += key
    flags = (1 if root else 0) | (2 if leaf else 0) | (4 if fixed else 0)
    head = (
        bytes(32)
        + struct.pack("<HHI", flags, level, len(records))
        + struct.pack("<HH", 0, len(toc))
        + bytes(12)
    )
    info = bytes(40) if root else b""
    body = head + toc + keys
    assert len(body) + len(values) + len(info) <= BLOCK
    return body + bytes(BLOCK - len(body) - len(values) - len(info)) + values + info


class Container:
    """Blocks are given out one after the other; what is virtual goes through a map."""

    def __init__(self) -> None:
        self.blocks: dict[int, bytes] = {}
        self._next = 20

    def put(self, block: bytes) -> int:
        self._next += 1
        self.blocks[self._next] = block.ljust(BLOCK, b"\0")
        return self._next

    def map_of(self, places: dict[int, int]) -> int:
        records = [
            (struct.pack("<QQ", oid, 1), struct.pack("<IIQ", 0, BLOCK, at))
            for oid, at in sorted(places.items())
        ]
        tree = self.put(node(records, leaf=True, root=True, fixed=True))
        return self.put(bytes(48) + struct.pack("<Q", tree))

    def volume(
        self,
        name: str,
        files: dict[str, bytes],
        *,
        encrypted: bool = False,
        hashed: bool = True,
        packed: dict[str, tuple[bytes, bytes]] | None = None,
    ) -> bytes:
        """packed: what is compressed, its attribute and its fork; such files are empty else."""
        records: list[tuple[bytes, bytes]] = []
        folders = {"": 2}
        number = 100

        def entry(path: str, child: int, *, folder: bool) -> None:
            above, _, last = path.rpartition("/")
            text = last.encode() + b"\0"
            parent = folders[above]
            size = struct.pack("<I", len(text)) if hashed else struct.pack("<H", len(text))
            key = struct.pack("<Q", parent | 9 << 60) + size + text
            records.append((key, struct.pack("<QQH", child, 0, 4 if folder else 8)))

        for path, data in files.items():
            above = path.split("/")[:-1]
            for depth in range(1, len(above) + 1):
                folder = "/".join(above[:depth])
                if folder not in folders:
                    number += 1
                    folders[folder] = number
                    entry(folder, number, folder=True)
            number += 1
            entry(path, number, folder=False)
            first = self.put(data[:BLOCK])
            for start in range(BLOCK, len(data), BLOCK):
                self.put(data[start : start + BLOCK])
            inode = bytearray(92)
            inode[8:16], inode[80:82] = struct.pack("<Q", number), struct.pack("<H", 0o100644)
            inode += struct.pack("<HH", 2, 48) + struct.pack("<BBH", 4, 2, 5) + struct.pack("<BBH", 8, 32, 40)
            inode += b"name\0".ljust(8, b"\0") + struct.pack("<QQQQQ", len(data), 0, 0, 0, 0)
            if packed and path in packed:
                inode[68:72] = struct.pack("<I", 0x20)
                attribute, fork = packed[path]
                key = struct.pack("<Q", number | 4 << 60)
                text = b"com.apple.ResourceFork\0"
                stream = struct.pack("<QQQQQQ", number + 5000, len(fork), 0, 0, 0, 0)
                records.append(
                    (key + struct.pack("<H", len(text)) + text, struct.pack("<HH", 1, 48) + stream)
                )
                at = self.put(fork[:BLOCK])
                for start in range(BLOCK, len(fork), BLOCK):
                    self.put(fork[start : start + BLOCK])
                whole = -(-len(fork) // BLOCK) * BLOCK
                stream_key = struct.pack("<QQ", number + 5000 | 8 << 60, 0)
                records.append((stream_key, struct.pack("<QQQ", whole, at, 0)))
                text = b"com.apple.decmpfs\0"
                value = struct.pack("<HH", 2, len(attribute)) + attribute
                records.append((key + struct.pack("<H", len(text)) + text, value))
            records.append((struct.pack("<Q", number | 3 << 60), bytes(inode)))
            length = -(-len(data) // BLOCK) * BLOCK
            records.append((struct.pack("<QQ", number | 8 << 60, 0), struct.pack("<QQQ", length, first, 0)))
        records.sort(
            key=lambda each: (
                struct.unpack_from("<Q", each[0])[0] & ((1 << 60) - 1),
                each[0][7] >> 4,
                each[0][8:],
            )
        )
        places, inner = {}, []
        for oid, start in enumerate(range(0, max(1, len(records)), 15), 2000):
            part = records[start : start + 15]
            places[oid] = self.put(node(part, leaf=True, root=False, fixed=False))
            inner.append((part[0][0] if part else bytes(8), struct.pack("<Q", oid)))
        places[1999] = self.put(node(inner, leaf=False, root=True, fixed=False, level=1))
        block = bytearray(BLOCK)
        block[32:36], block[56:64] = b"APSB", struct.pack("<Q", 1 if hashed else 0)
        block[128:144] = struct.pack("<QQ", self.map_of(places), 1999)
        block[264:272] = struct.pack("<Q", 0 if encrypted else 1)
        block[704 : 704 + len(name)] = name.encode()
        return bytes(block)

    def written(self, volumes: list[bytes]) -> bytes:
        places = {1000 + index: self.put(block) for index, block in enumerate(volumes)}
        head = bytearray(BLOCK)
        head[16:24], head[32:40] = struct.pack("<Q", 1), b"NXSB" + struct.pack("<I", BLOCK)
        head[104:120] = struct.pack("<IIQ", 2, 0, 1)
        head[160:168] = struct.pack("<Q", self.map_of(places))
        head[180:184] = struct.pack("<I", len(volumes))
        head[184 : 184 + 8 * len(volumes)] = struct.pack(f"<{len(volumes)}Q", *places)
        old = bytearray(head)
        old[160:168] = struct.pack("<Q", 7)  # of an older state: the checkpoint has the newer one
        head[16:24] = struct.pack("<Q", 5)
        self.blocks |= {0: bytes(old), 1: bytes(head)}
        return b"".join(self.blocks.get(number, bytes(BLOCK)) for number in range(self._next + 1))
