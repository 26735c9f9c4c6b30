"""How many bytes may still be read, for many threads; and a readable that pays for what it takes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from tidegate.errors import NoAnswerError
from tidegate.inspectors.readable import Counted, OverBudgetError, Readable, Remote

END_BYTES: Final = 4096
"""Of either end: enough to tell what it is, and all that is fetched of most items."""
BLOCK_BYTES: Final = 64 << 10
"""A directory at the end of a file and the headers at its start come in one request each."""


class Purse:
    """Bytes that may be read. What is taken and not used is given back."""

    def __init__(self, total: int) -> None:
        self._lock = threading.Lock()
        self._left = total
        self.total = total

    @property
    def left(self) -> int:
        """How many bytes are left."""
        return self._left

    def take(self, count: int) -> bool:
        """Take so many, or nothing when there are not enough."""
        with self._lock:
            if count > self._left:
                return False
            self._left -= count
            return True

    def give(self, count: int) -> None:
        """Give back what was not used."""
        with self._lock:
            self._left += count


class SharedPurse:
    """A purse for worker processes: those that are forked after it was made take from the same."""

    def __init__(self, total: int) -> None:
        import multiprocessing  # noqa: PLC0415 - 20 ms that most runs do without

        self._left = multiprocessing.get_context("fork").Value("q", total)
        self.total = total

    @property
    def left(self) -> int:
        """How many bytes are left."""
        return int(self._left.value)

    def take(self, count: int) -> bool:
        """Take so many, or nothing when there are not enough."""
        with self._left.get_lock():
            if count > self._left.value:
                return False
            self._left.value -= count
            return True

    def give(self, count: int) -> None:
        """Give back what was not used."""
        with self._left.get_lock():
            self._left.value += count


class Sparing(Counted):
    """Reads blocks, but the two ends of a large item as they are: of most items nothing else is read."""

    def __init__(self, whole: Readable) -> None:
        super().__init__(whole, block_bytes=BLOCK_BYTES)
        self._ends: dict[int, bytes] = {}
        self._spares = whole.size_bytes > BLOCK_BYTES

    def read(self, offset: int, count: int) -> bytes:
        """Return bytes. The ends of a large item are fetched without the block around them."""
        if self._spares and offset >= 0 and count > 0:
            for start in (0, self.size_bytes - END_BYTES):
                if start <= offset and offset + count <= start + END_BYTES:
                    if start not in self._ends:
                        self._ends[start] = self._get(start, END_BYTES)
                    return self._ends[start][offset - start : offset - start + count]
        return super().read(offset, count)

    def _stretch(self, offset: int, count: int) -> bytes:
        """Return a stretch, without asking again for an end that is there already."""
        stop, tail_at = min(offset + count, self.size_bytes), self.size_bytes - END_BYTES
        head = self._ends.get(0, b"") if offset == 0 and stop >= END_BYTES else b""
        tail = (
            self._ends.get(tail_at, b"") if stop == self.size_bytes and offset + len(head) <= tail_at else b""
        )
        return head + self._get(offset + len(head), stop - offset - len(head) - len(tail)) + tail


class Charged(Sparing):
    """A file on this machine that pays for what is read of it."""

    def __init__(self, whole: Readable, purse: Purse | SharedPurse | None) -> None:
        """purse: without one as much is read as it takes."""
        super().__init__(whole)
        self._purse = purse

    def _get(self, offset: int, count: int) -> bytes:
        count = min(count, self.size_bytes - offset)
        if self._purse is not None and not self._purse.take(count):
            raise OverBudgetError("the bytes that may be read in all (--max-read) are used up")
        return super()._get(offset, count)


class Paid(Sparing):
    """An object that is not here. First what was set aside for it is used up, then the purse for more."""

    def __init__(
        self,
        size_bytes: int,
        fetch: Callable[[int, int], bytes],
        *,
        aside: int,
        more: Purse | SharedPurse,
        most: int,
    ) -> None:
        """aside: bytes taken for it already. most: of this item, whatever the purse holds."""
        super().__init__(Remote(size_bytes, fetch))
        self.aside = aside
        self._more = more
        self._limit = most

    def _get(self, offset: int, count: int) -> bytes:
        count = min(count, self.size_bytes - offset)
        if self.bytes_read + count > self._limit:
            raise OverBudgetError(f"more than {self._limit:,} bytes would have to be read")
        beyond = max(0, count - self.aside)
        if beyond and not self._more.take(beyond):
            raise OverBudgetError("the bytes that may be read in all (--max-read) are used up")
        self.aside -= count - beyond
        data = super()._get(offset, count)
        if len(data) < count:
            raise NoAnswerError("it is shorter than listed: it was changed since")
        return data
