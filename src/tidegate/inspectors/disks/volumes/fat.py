"""FAT12, FAT16, FAT32 and exFAT.

Source: Microsoft, FAT32 File System Specification 1.03, and learn.microsoft.com on exFAT.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from tidegate.inspectors.disks.damage import MIB, DamageError, exact, little, power
from tidegate.inspectors.disks.volumes.volume import Listed, Node, Runs, walk
from tidegate.inspectors.readable import Part, Readable

_MOST_FOLDER_BYTES: Final = 64 * MIB
_MOST_PIECES: Final = 1_000_000
_AT_ONCE: Final = 64 << 10


class Fat:
    """One volume."""

    def __init__(self, data: Readable) -> None:
        """Open it. Raises `DamageError`."""
        boot = exact(data, 0, 512)
        self.damaged = 0
        self._data = data
        self._exfat = boot[3:11] == b"EXFAT   "
        self._fixed: Readable | None = None
        """The root folder of FAT12 and FAT16, which stands outside of the clusters."""
        if self._exfat:
            if not 9 <= boot[108] <= 12 or boot[109] > 16:
                raise DamageError("an exFAT with impossible sectors")
            sector, self._cluster = 1 << boot[108], 1 << (boot[108] + boot[109])
            self._fat, self._heap = little(boot, 80, 4) * sector, little(boot, 88, 4) * sector
            self._count, first = little(boot, 92, 4), little(boot, 96, 4)
            self._bits, self.form = 32, "exFAT"
        else:
            sector = power(little(boot, 11, 2), 512, 4096, "sectors")
            self._cluster = sector * power(boot[13], 1, 128, "clusters")
            self._fat = little(boot, 14, 2) * sector
            per_fat = little(boot, 22, 2) or little(boot, 36, 4)
            root = -(-little(boot, 17, 2) * 32 // sector)
            start = little(boot, 14, 2) + boot[16] * per_fat
            self._heap = (start + root) * sector
            total = little(boot, 19, 2) or little(boot, 32, 4)
            self._count = max(0, total - start - root) // boot[13]
            self._bits = 12 if self._count < 4085 else 16 if self._count < 65525 else 32
            self.form = f"FAT{self._bits}"
            first = little(boot, 44, 4) if self._bits == 32 else 0
            if self._bits != 32:
                self._fixed = Part(data, start * sector, root * sector)
        self.root = Node("", folder=True, size_bytes=0, where=(first, -1))
        """where: first cluster, and of exFAT's files without a chain the length in bytes, else -1."""

    def entries(self, folder: Node) -> Iterator[Node]:
        """Yield what is in a folder."""
        table = self._exfat_entries if self._exfat else self._fat_entries
        yield from table(self._rows(folder))

    def find(self, folder: Node, name: str) -> Node | None:
        """Read the folder until the name is there; large and small letters are the same."""
        wanted = name.upper()
        return next((each for each in self.entries(folder) if each.name.upper() == wanted), None)

    def open(self, node: Node) -> Readable:
        """Return the bytes of a file."""
        if not node.size_bytes:
            return Runs(self._data, [], 0)
        return Runs(self._data, list(self._runs(node.where, node.size_bytes)), node.size_bytes)

    def listing(self) -> Iterator[Listed]:
        """Go down all folders."""
        return (Listed(path, node.folder, node.size_bytes) for path, node in walk(self))

    def _rows(self, folder: Node) -> Iterator[bytes]:
        """Yield the entries of 32 bytes."""
        pieces: Iterable[tuple[int, int]]
        if self._fixed is not None and not folder.where[0]:
            pieces = [(-2, self._fixed.size_bytes)]
        else:
            pieces = self._runs(folder.where, _MOST_FOLDER_BYTES)
        for start, length in pieces:
            for at in range(0, length, _AT_ONCE):
                part = min(_AT_ONCE, length - at)
                if start == -2 and self._fixed is not None:
                    chunk = self._fixed.read(at, part)
                else:
                    chunk = self._data.read(start + at, part)
                for row in range(0, len(chunk) - 31, 32):
                    if not chunk[row]:
                        return
                    yield chunk[row : row + 32]

    def _runs(self, where: tuple[int, int], most_bytes: int) -> Iterator[tuple[int, int]]:
        cluster, solid = where
        if solid >= 0:
            if not 2 <= cluster < self._count + 2:
                raise DamageError(f"cluster {cluster:,} of {self._count:,}")
            length = -(-min(solid, most_bytes) // self._cluster) * self._cluster
            yield self._heap + (cluster - 2) * self._cluster, length
            return
        start, length, total, seen = -1, 0, 0, 0
        while 2 <= cluster < self._count + 2 and total < most_bytes:
            seen += 1
            if seen > min(self._count, _MOST_PIECES):
                raise DamageError("a chain of clusters that runs in a circle")
            at = self._heap + (cluster - 2) * self._cluster
            if start >= 0 and start + length == at and length < MIB:
                length += self._cluster
            else:
                if start >= 0:
                    yield start, length
                start, length = at, self._cluster
            total += self._cluster
            cluster = self._next(cluster)
        if start >= 0:
            yield start, length

    def _next(self, cluster: int) -> int:
        if self._bits == 12:
            pair = little(self._data.read(self._fat + cluster * 3 // 2, 2), 0, 2)
            value = pair >> 4 if cluster & 1 else pair & 0xFFF
            return 0 if value >= 0xFF7 else value
        width = self._bits // 8
        value = little(self._data.read(self._fat + cluster * width, width), 0, width)
        if self._bits == 16:
            return 0 if value >= 0xFFF7 else value
        value &= 0xFFFFFFFF if self._exfat else 0x0FFFFFFF
        return 0 if value >= 0x0FFFFFF7 else value

    @staticmethod
    def _fat_entries(rows: Iterator[bytes]) -> Iterator[Node]:
        parts: list[bytes] = []
        for row in rows:
            if row[0] == 0xE5:
                parts.clear()
                continue
            if row[11] & 0x3F == 0x0F:
                if len(parts) < 20:
                    parts.append(row[1:11] + row[14:26] + row[28:32])
                continue
            long = b"".join(reversed(parts)).decode("utf-16-le", "replace").split("\0")[0].rstrip("\uffff")
            parts.clear()
            if row[11] & 8 or row[0] == 0x2E:
                continue
            stem, end = (each.decode("cp437").rstrip() for each in (row[:8], row[8:11]))
            stem = stem.lower() if row[12] & 8 else stem
            end = end.lower() if row[12] & 16 else end
            folder = bool(row[11] & 0x10)
            first = little(row, 20, 2) << 16 | little(row, 26, 2)
            size = 0 if folder else little(row, 28, 4)
            yield Node(long or (f"{stem}.{end}" if end else stem), folder, size, (first, -1))

    @staticmethod
    def _exfat_entries(rows: Iterator[bytes]) -> Iterator[Node]:
        for row in rows:
            if row[0] != 0x85:
                continue
            folder = bool(row[4] & 0x10)
            stream, name = b"", b""
            for _ in range(min(row[1], 18)):
                part = next(rows, b"")
                if part[:1] == b"\xc0":
                    stream = part
                elif part[:1] == b"\xc1":
                    name += part[2:32]
            if not stream:
                continue
            text = name[: 2 * stream[3]].decode("utf-16-le", "replace")
            size = little(stream, 24, 8)
            solid = size if stream[1] & 2 else -1
            yield Node(text, folder, 0 if folder else size, (little(stream, 20, 4), solid))
