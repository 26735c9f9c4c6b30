"""What an inspector reads from: bytes by offset, counted. Where they come from it does not know."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, Self


class Readable(Protocol):
    """Bytes of known number that can be read from anywhere."""

    @property
    def size_bytes(self) -> int:
        """How many bytes there are."""
        ...

    def read(self, offset: int, count: int) -> bytes:
        """Return `count` bytes from `offset` on, fewer only at the end.

        Raises `OSError` or `RequestError` when they cannot be had, `BudgetError` beyond what may be read.
        """
        ...


class FileBytes:
    """A file on disk, opened once: what is judged is that, whatever its name leads to later."""

    def __init__(self, path: Path | str) -> None:
        """Open it; no link at its end is followed. Raises `OSError`."""
        self._file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        self.size_bytes = os.fstat(self._file).st_size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    def read(self, offset: int, count: int) -> bytes:
        """Return bytes of the file."""
        return os.pread(self._file, count, offset)


class Memory:
    """Bytes in memory: a member that was unpacked, a test."""

    def __init__(self, data: bytes | memoryview) -> None:
        self._data = memoryview(data)
        self.size_bytes = len(self._data)

    def read(self, offset: int, count: int) -> bytes:
        """Return bytes of the memory."""
        return bytes(self._data[max(offset, 0) : max(offset, 0) + max(count, 0)])


class Part:
    """A stretch of another readable: a stored member of an archive."""

    def __init__(self, whole: Readable, start: int, size_bytes: int) -> None:
        self._whole = whole
        self._start = start
        self.size_bytes = max(0, min(size_bytes, whole.size_bytes - start))

    def read(self, offset: int, count: int) -> bytes:
        """Return bytes of the stretch."""
        count = min(count, self.size_bytes - offset)
        return self._whole.read(self._start + offset, count) if count > 0 and offset >= 0 else b""


class Ends:
    """A readable whose first and last bytes were read before, and are not asked for again."""

    def __init__(self, whole: Readable, head: bytes, tail: bytes) -> None:
        self._whole = whole
        self._head = head
        self._tail = tail
        self._tail_at = whole.size_bytes - len(tail)
        self.size_bytes = whole.size_bytes
        self.forward: bool = getattr(whole, "forward", False)

    def read(self, offset: int, count: int) -> bytes:
        """Return bytes of the whole."""
        count = min(count, self.size_bytes - offset)
        if offset < 0 or count <= 0:
            return b""
        if offset + count <= len(self._head):
            return self._head[offset : offset + count]
        if self._tail and offset >= self._tail_at:
            return self._tail[offset - self._tail_at : offset - self._tail_at + count]
        return self._whole.read(offset, count)


class Counted:
    """Counts what is read, keeps what was read last in blocks, and stops at a budget."""

    KEPT_BYTES = 8 << 20
    """More is forgotten, the oldest first, and would be read again."""

    def __init__(self, whole: Readable, *, block_bytes: int = 0, most_bytes: int | None = None) -> None:
        """block_bytes: reads are widened to blocks of this size (0: as asked, which suits files on disk).

        most_bytes: beyond it `read` raises `OverBudgetError`.
        """
        self._whole = whole
        self._block = block_bytes
        self._most = most_bytes
        self._kept: dict[int, bytes] = {}
        self.size_bytes = whole.size_bytes
        self.bytes_read = 0
        self.reads = 0

    def read(self, offset: int, count: int) -> bytes:
        """Return bytes, from what is kept where that is enough."""
        offset, count = max(offset, 0), max(0, min(count, self.size_bytes - offset))
        if not count:
            return b""
        if not self._block:
            return self._get(offset, count)
        first, last = offset // self._block, (offset + count - 1) // self._block
        self._fill(first, last)
        joined = b"".join(self._kept[number] for number in range(first, last + 1))
        begin = offset - first * self._block
        return joined[begin : begin + count]

    def _fill(self, first: int, last: int) -> None:
        """Get the blocks that are not kept yet, neighbours in one read."""
        number = first
        while number <= last:
            if number in self._kept:
                number += 1
                continue
            stop = number
            while stop <= last and stop not in self._kept:
                stop += 1
            data = self._stretch(number * self._block, (stop - number) * self._block)
            while self._kept and (len(self._kept) + stop - number) * self._block > self.KEPT_BYTES:
                del self._kept[next(iter(self._kept))]
            for each in range(number, stop):
                at = (each - number) * self._block
                self._kept[each] = data[at : at + self._block]
            number = stop

    def _stretch(self, offset: int, count: int) -> bytes:
        """Return a stretch of whole blocks."""
        return self._get(offset, count)

    def _get(self, offset: int, count: int) -> bytes:
        count = min(count, self.size_bytes - offset)
        if self._most is not None and self.bytes_read + count > self._most:
            raise OverBudgetError(f"more than {self._most:,} bytes would have to be read")
        data = self._whole.read(offset, count)
        self.bytes_read += len(data)
        self.reads += 1
        return data


class OverBudgetError(Exception):
    """No more may be read of this item; what was seen so far is judged, as not complete.

    The message says which limit: "it unpacks to more than 5 bytes".
    """


class Remote:
    """An object behind a link: reads become ranged requests."""

    def __init__(self, size_bytes: int, fetch: Callable[[int, int], bytes]) -> None:
        """fetch: returns bytes [start, stop) and raises what the network raises."""
        self.size_bytes = size_bytes
        self._fetch = fetch

    def read(self, offset: int, count: int) -> bytes:
        """Return bytes of the object."""
        stop = min(offset + count, self.size_bytes)
        return self._fetch(offset, stop) if stop > offset else b""
