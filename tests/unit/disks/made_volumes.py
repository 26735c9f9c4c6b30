"""Writers of FAT32 and exFAT, as sparse as may be: only what was written has bytes, all else is zero."""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator

Tree = dict[str, "bytes | Tree"]
CLUSTER = 4096
FIRST = 2


class Sparse:
    """Bytes at a few places of a large file."""

    def __init__(self, size_bytes: int, pieces: dict[int, bytes]) -> None:
        self.size_bytes = size_bytes
        self._starts = sorted(pieces)
        self._pieces = pieces

    def read(self, offset: int, count: int) -> bytes:
        count = max(0, min(count, self.size_bytes - offset))
        made = bytearray(count)
        for start in self._starts[max(0, bisect_right(self._starts, offset) - 1) :]:
            if start >= offset + count:
                break
            piece = self._pieces[start]
            begin, end = max(start, offset), min(start + len(piece), offset + count)
            if end > begin:
                made[begin - offset : end - offset] = piece[begin - start : end - start]
        return bytes(made)


def _tree(names: dict[str, bytes]) -> Tree:
    root: Tree = {}
    for path, data in names.items():
        *folders, last = path.split("/")
        here = root
        for folder in folders:
            here = here.setdefault(folder, {})  # type: ignore[assignment]
        here[last] = data
    return root


class _Volume:
    def __init__(self) -> None:
        self.clusters: dict[int, bytes] = {}
        self.chain: dict[int, int] = {}
        self.next = FIRST + 1

    def put(self, data: bytes, at: int = 0) -> int:
        """Lay data into clusters and return the first; none for nothing."""
        if not data:
            return 0
        parts = [data[start : start + CLUSTER] for start in range(0, len(data), CLUSTER)]
        numbers = list(range(self.next, self.next + len(parts)))
        self.next += len(parts)
        if at:
            numbers = [at, *numbers[:-1]]
            self.next -= 1
        for number, part in zip(numbers, parts, strict=True):
            self.clusters[number] = part
        for number, after in zip(numbers, [*numbers[1:], 0x0FFFFFFF], strict=True):
            self.chain[number] = after
        return numbers[0]


def fat32(names: dict[str, bytes], count: int = 70_000) -> Sparse:
    """Return a FAT32 with these files, all names long ones."""
    made = _Volume()

    def rows(name: str, first: int, size: int, *, folder: bool) -> bytes:
        text = name.encode("utf-16-le") + b"\0\0"
        text += b"\xff" * (-len(text) % 26)
        parts = [text[start : start + 26] for start in range(0, len(text), 26)]
        long = b""
        for number, part in reversed(list(enumerate(parts, 1))):
            last = 0x40 if number == len(parts) else 0
            long += bytes((number | last,)) + part[:10] + b"\x0f\0\0" + part[10:22] + b"\0\0" + part[22:]
        short = b"SHORT~1 TXT" + bytes((0x10 if folder else 0x20,)) + bytes(8)
        return long + short + struct.pack("<HIHI", first >> 16, 0, first & 0xFFFF, size)

    def folder(tree: Tree) -> bytes:
        out = b""
        for name, what in tree.items():
            if isinstance(what, bytes):
                out += rows(name, made.put(what), len(what), folder=False)
            else:
                out += rows(name, made.put(folder(what) + bytes(32)), 0, folder=True)
        return out

    made.put(folder(_tree(names)) + bytes(32), FIRST)
    per_fat = -(-(count + 2) * 4 // 512)
    boot = bytearray(512)
    boot[:11] = b"\xeb\x58\x90MADEBYUS"
    boot[11:17] = struct.pack("<HBHB", 512, CLUSTER // 512, 32, 1)
    boot[32:36] = struct.pack("<I", 32 + per_fat + count * (CLUSTER // 512))
    boot[36:40], boot[44:48] = struct.pack("<I", per_fat), struct.pack("<I", FIRST)
    boot[82:90], boot[510:512] = b"FAT32   ", b"\x55\xaa"
    heap = (32 + per_fat) * 512
    pieces = {0: bytes(boot)}
    for number, after in made.chain.items():
        pieces[32 * 512 + number * 4] = struct.pack("<I", after)
    for number, data in made.clusters.items():
        pieces[heap + (number - 2) * CLUSTER] = data
    return Sparse(heap + count * CLUSTER, pieces)


def exfat(names: dict[str, bytes], count: int = 70_000) -> Sparse:
    """Return an exFAT with these files; their clusters follow each other, so that they need no chain."""
    made = _Volume()

    def rows(name: str, first: int, size: int, *, folder: bool) -> bytes:
        text = name.encode("utf-16-le")
        parts = [text[start : start + 30].ljust(30, b"\0") for start in range(0, len(text), 30)]
        head = bytes((0x85, 1 + len(parts), 0, 0, 0x10 if folder else 0x20)).ljust(32, b"\0")
        stream = bytes((0xC0, 3, 0, len(name))) + bytes(4) + struct.pack("<Q4xIQ", size, first, size)
        return head + stream + b"".join(b"\xc1\0" + part for part in parts)

    def folder(tree: Tree) -> bytes:
        out = b""
        for name, what in tree.items():
            data = what if isinstance(what, bytes) else folder(what).ljust(CLUSTER, b"\0")
            out += rows(name, made.put(data), len(data), folder=not isinstance(what, bytes))
        return out

    made.put(folder(_tree(names)) + bytes(32), FIRST)
    boot = bytearray(512)
    boot[:11] = b"\xeb\x76\x90EXFAT   "
    heap = 32 + -(-(count + 2) * 4 // 512)
    boot[80:100] = struct.pack("<IIIII", 32, heap - 32, heap, count, FIRST)
    boot[108], boot[109], boot[510:512] = 9, 3, b"\x55\xaa"
    pieces = {0: bytes(boot)}
    for number, after in made.chain.items():
        pieces[32 * 512 + number * 4] = struct.pack("<I", 0xFFFFFFFF if after == 0x0FFFFFFF else after)
    for number, data in made.clusters.items():
        pieces[heap * 512 + (number - 2) * CLUSTER] = data
    return Sparse(heap * 512 + count * CLUSTER, pieces)


class Endless:
    """A FAT32 whose root folder has as many files as are wanted, made up while it is read."""

    _CLUSTER = 65536

    def __init__(self, files: int) -> None:
        self._folder = -(-files * 32 // self._CLUSTER)
        self._files = files
        count = 70_000
        per_fat = -(-(count + 2) * 4 // 512)
        boot = bytearray(512)
        boot[:11] = b"\xeb\x58\x90MADEBYUS"
        boot[11:17] = struct.pack("<HBHB", 512, 128, 32, 1)
        boot[32:36] = struct.pack("<I", 32 + per_fat + count * 128)
        boot[36:40], boot[44:48] = struct.pack("<I", per_fat), struct.pack("<I", FIRST)
        boot[82:90], boot[510:512] = b"FAT32   ", b"\x55\xaa"
        self._boot = bytes(boot)
        self._heap = (32 + per_fat) * 512
        self.size_bytes = self._heap + count * self._CLUSTER

    def read(self, offset: int, count: int) -> bytes:
        count = max(0, min(count, self.size_bytes - offset))
        begin = offset & ~(self._CLUSTER - 1)
        blocks = b"".join(self._block(at) for at in range(begin, offset + count, self._CLUSTER))
        return blocks[offset - begin : offset - begin + count]

    def _block(self, at: int) -> bytes:
        made = bytearray(self._CLUSTER)
        for start, piece in self._pieces(at):
            begin, end = max(start, at), min(start + len(piece), at + self._CLUSTER)
            if end > begin:
                made[begin - at : end - at] = piece[begin - start : end - start]
        return bytes(made)

    def _pieces(self, at: int) -> Iterator[tuple[int, bytes]]:
        if not at:
            yield 0, self._boot
        if at < 32 * 512 + 4 * (self._folder + 2):
            links = [0, 0, *range(3, self._folder + 2), 0x0FFFFFFF]
            yield 32 * 512, struct.pack(f"<{len(links)}I", *links)
        first = max(0, (at - self._heap) // 32)
        last = min(self._files, (at + self._CLUSTER - self._heap) // 32 + 1)
        if last > first and at + self._CLUSTER > self._heap:
            rows = b"".join(b"F%07X   " % number + b"\x20" + bytes(20) for number in range(first, last))
            yield self._heap + first * 32, rows
