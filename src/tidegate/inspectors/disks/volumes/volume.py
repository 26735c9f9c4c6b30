"""What every file system offers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import Any, NamedTuple, Protocol

from tidegate.inspectors.disks.damage import DamageError
from tidegate.inspectors.readable import Readable


class Node(NamedTuple):
    """One entry of a folder."""

    name: str
    folder: bool
    size_bytes: int
    """0 of a folder; where the folder does not tell, -1 until `open`."""
    where: Any
    """What the file system needs to find it."""


class Listed(NamedTuple):
    """One entry of the whole listing."""

    path: str
    folder: bool
    size_bytes: int


class Volume(Protocol):
    """A file system, read only. Everything may raise `DamageError` and what reading raises."""

    form: str
    """`NTFS`, `ext4`, `FAT32`, …"""
    damaged: int
    """Folders and records that could not be read while listing."""

    @property
    def root(self) -> Node: ...

    def entries(self, folder: Node) -> Iterator[Node]:
        """Yield what is in a folder, without `.` and `..`."""
        ...

    def find(self, folder: Node, name: str) -> Node | None:
        """Return the entry of that name, by few reads; case as the file system has it."""
        ...

    def open(self, node: Node) -> Readable:
        """Return the bytes of a file."""
        ...

    def listing(self) -> Iterator[Listed]:
        """Yield every file and folder, in the order that costs least. Cycles are walked once."""
        ...


class Runs:
    """A file made of pieces of the volume."""

    def __init__(self, volume: Readable, runs: list[tuple[int, int]], size_bytes: int) -> None:
        """Lay them together. runs: (byte in the volume or -1 for a hole, length in bytes), in order."""
        self._volume, self._runs, self.size_bytes = volume, runs, size_bytes
        self._starts = [0, *accumulate(length for _, length in runs)]

    def read(self, offset: int, count: int) -> bytes:
        """Return bytes of the file; holes are zeros."""
        offset, left = max(offset, 0), max(0, min(count, self.size_bytes - offset))
        pieces = []
        index = bisect_right(self._starts, offset) - 1
        while left and index < len(self._runs):
            start, length = self._runs[index]
            begin = offset - self._starts[index]
            part = min(left, length - begin)
            got = self._volume.read(start + begin, part) if start >= 0 and part else b""
            pieces.append(got + bytes(part - len(got)))
            offset, left, index = offset + part, left - part, index + 1
        return b"".join(pieces) + bytes(left)


def walk(volume: Volume) -> Iterator[tuple[str, Node]]:
    """Yield all by going down every folder, each folder once. A damaged folder is counted and passed over."""
    seen = {volume.root.where}
    stack = [("", volume.root, 0)]
    while stack:
        path, folder, depth = stack.pop()
        try:
            for node in volume.entries(folder):
                name = node.name.replace("/", "_")  # a name is never a path
                full = f"{path}/{name}" if path else name
                yield full, node
                if node.folder and node.where not in seen and depth < 256 and len(full) < 32768:
                    seen.add(node.where)
                    stack.append((full, node, depth + 1))
        except DamageError:
            volume.damaged += 1


MOST_ENTRIES = 500_000
"""Of a listing, which is held in memory in part."""
