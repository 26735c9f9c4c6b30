"""What lies between a disk's readers and the link: pages that are kept, reads that are widened, a limit."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from tidegate.inspectors.meter import Meter
from tidegate.inspectors.readable import OverBudgetError, Readable

_PAGE: Final = 4096
_WIDE: Final = 64 << 10
"""A ranged request costs about as much as 100 kB of transfer: what stands beside is taken along."""
_WIDE_UNTIL_BYTES: Final = 384 << 10
"""Of a stretch of work. An aged disk is scattered: from here on only pages are read, and 1 MB is enough."""
_WIDE_PART: Final = 256
"""Of an image less than this part is read widely: of one of 32 MiB 384 KiB would be a hundredth."""
_KEPT: Final = 8192
"""Pages, 32 MiB."""
_LONG: Final = 256 << 10
"""Reads of this length are a listing or a file: they are not kept."""


class Pages:
    """The image, read in pages. `allow` says how much the next stretch of work may read."""

    def __init__(self, whole: Readable, meter: Meter) -> None:
        self._whole = whole
        self._meter = meter
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self.size_bytes = whole.size_bytes
        self.bytes_read = 0
        self.reads = 0
        self._wide_bytes = min(_WIDE_UNTIL_BYTES, whole.size_bytes // _WIDE_PART)
        self._start = 0
        self._most = 1 << 62

    def allow(self, most_bytes: int) -> None:
        """Begin a stretch of work that may read so much; beyond it `read` raises `OverBudgetError`."""
        self._start, self._most = self.bytes_read, most_bytes

    @property
    def left_bytes(self) -> int:
        """What this stretch of work may still read."""
        return self._start + self._most - self.bytes_read

    def read(self, offset: int, count: int) -> bytes:
        """Return bytes, from what is kept where that is enough."""
        self._meter.check()
        offset, count = max(offset, 0), max(0, min(count, self.size_bytes - offset))
        if not count:
            return b""
        if count >= _LONG:
            return self._get(offset, count)
        first, last = offset // _PAGE, (offset + count - 1) // _PAGE
        pages = {}
        number = first
        while number <= last:
            if number in self._kept:
                self._kept.move_to_end(number)
                pages[number] = self._kept[number]
                number += 1
                continue
            stop = number + 1
            while stop <= last and stop not in self._kept:
                stop += 1
            pages.update(self._fill(number, stop))
            number = stop
        joined = b"".join(pages[each] for each in range(first, last + 1))
        begin = offset - first * _PAGE
        return joined[begin : begin + count]

    def _fill(self, first: int, stop: int) -> dict[int, bytes]:
        start, end = first * _PAGE, stop * _PAGE
        if self.bytes_read - self._start < self._wide_bytes and self.left_bytes > 2 * _WIDE:
            end = max(end, -(-end // _WIDE) * _WIDE if end % _WIDE else end)
            end = max(end, start + _WIDE // 2)
        data = self._get(start, min(end, self.size_bytes) - start)
        pages = {first + at // _PAGE: data[at : at + _PAGE] for at in range(0, len(data), _PAGE)}
        for number, page in pages.items():
            self._kept[number] = page
            self._kept.move_to_end(number)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        for number in range(first, stop):
            pages.setdefault(number, b"")
        return pages

    def _get(self, offset: int, count: int) -> bytes:
        if count > self.left_bytes:
            raise OverBudgetError(f"more than {self._most:,} bytes would have to be read")
        data = self._whole.read(offset, count)
        self.bytes_read += len(data)
        self.reads += 1
        return data
