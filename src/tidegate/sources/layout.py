"""Laying documents into a reused buffer: small ones many a batch, large ones in windows."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from functools import partial
from typing import Final

from tidegate.model.document import Batch, Tally

BUFFER_BYTES: Final = 1 << 20
"""What was just read is still in the processor's cache when it is matched."""
OVERLAP_BYTES: Final = 16 << 10
"""What is not longer than this is whole in one of two windows."""
_BREAKS: Final = b" \t\"'`,;<>{}()|\x00"
"""No credential goes on over one of these: where a line is longer than a window, it is cut behind one."""

Fill = Callable[[memoryview], int]
"""Reads the document's next bytes into the view's front and says how many; 0 at its end. Like `readinto`."""
Count = Callable[[int, int], int]
"""Counts the line ends between two offsets of a document that can be read again."""
Label = tuple[str, str | None, int, int]
"""`(path, inner path, window's first line, columns before it)`: a window that starts inside of a line."""


class Layout:
    """The buffer and what lies in it. A batch is valid until the next is asked for: it is the same object."""

    __slots__ = ("_overlap", "batch", "buffer", "tally", "used", "view")

    def __init__(self, tally: Tally, buffer: bytearray) -> None:
        self.tally = tally
        self.buffer = buffer
        self.view = memoryview(buffer)
        self.used = 0
        self.batch = Batch(self.view)
        self._overlap = min(OVERLAP_BYTES, len(buffer) // 4)

    def flush(self) -> Iterator[Batch]:
        """Yield what lies there, if anything; the buffer is empty afterwards."""
        batch = self.batch
        if batch.starts:
            batch.data = self.view[: self.used]
            yield batch
            for each in (batch.starts, batch.ends, batch.labels):
                each.clear()
        self.used = 0

    def put(self, path: str, inner: str | None, fill: Fill, count: Count | None = None) -> Iterator[Batch]:
        """Lay one document down, with the batches that fall due by it. What `fill` raises goes through.

        count: for a document that can be read again, so that lines are counted only where one is asked for.
        """
        start = self.used
        stop = self._fill(fill, start)
        if stop == len(self.buffer) and start:
            # It may be longer than what was free: it goes to the front of an empty buffer.
            yield from self.flush()
            self.buffer[: stop - start] = self.view[start:stop]
            start, stop = 0, self._fill(fill, stop - start)
        self.tally.coverage.documents += 1
        if stop == len(self.buffer):
            yield from self._windows(path, inner, fill, count)
        elif stop > start:
            self.tally.coverage.bytes += stop - start
            self.add(path if inner is None else (path, inner), start, stop)

    def add(self, label: Hashable, start: int, stop: int) -> None:
        """Note a document that lies in the buffer already."""
        self.batch.starts.append(start)
        self.batch.ends.append(stop)
        self.batch.labels.append(label)
        # Between two documents stands a line end, or the first of one would begin inside of a word.
        self.buffer[stop] = 0x0A
        self.used = stop + 1

    def _fill(self, fill: Fill, at: int) -> int:
        """Read until the document or the buffer ends; return where."""
        while at < len(self.buffer):
            count = fill(self.view[at:])
            if not count:
                break
            at += count
        return at

    def _windows(self, path: str, inner: str | None, fill: Fill, count: Count | None) -> Iterator[Batch]:
        """Yield windows of a document that fills the whole buffer, and may go on."""
        buffer = self.buffer
        passed = columns = 0
        lines = _Lines(count)
        filled = len(buffer)
        while True:
            stop = self._cut(filled) if filled == len(buffer) else filled
            label: Hashable = path if inner is None else (path, inner)
            if columns:
                label = (path, inner, lines.before(passed) + 1, columns)
            self.tally.coverage.bytes += stop
            batch = Batch(self.view[:stop], [0], [stop], [label])
            if passed:
                batch.line_base[0] = partial(lines.before, passed)
            yield batch
            if stop == filled and filled < len(buffer):
                return
            begin, line_start = self._resume(stop)
            columns = begin - line_start + (columns if not line_start else 0)
            if count is None:
                lines.add(passed + begin, buffer.count(b"\n", 0, begin))
            passed += begin
            self.tally.coverage.bytes -= stop - begin
            buffer[: filled - begin] = self.view[begin:filled]
            filled = self._fill(fill, filled - begin)

    def _cut(self, filled: int) -> int:
        """Where a full window ends: behind a line, or at least between two words."""
        newline = self.buffer.rfind(b"\n", filled // 2, filled)
        if newline >= 0:
            return newline + 1
        last = max(self.buffer.rfind(sign, filled - self._overlap // 2, filled) for sign in _BREAKS)
        return last + 1 if last >= 0 else filled

    def _resume(self, stop: int) -> tuple[int, int]:
        """Return where the next window starts, and where its first line does (0: before this window)."""
        begin = stop - self._overlap
        line_start = self.buffer.rfind(b"\n", 0, begin) + 1
        if line_start >= stop // 2:
            return line_start, line_start
        return begin, line_start


class _Lines:
    """Line ends before an offset that only grows: counted as the document goes by, or when asked for."""

    __slots__ = ("_at", "_count", "_lines")

    def __init__(self, count: Count | None) -> None:
        self._count = count
        self._at = self._lines = 0

    def add(self, at: int, lines: int) -> None:
        """Note the line ends from the offset before to this one."""
        self._at = at
        self._lines += lines

    def before(self, at: int) -> int:
        """Return how many there are before the offset."""
        if self._count is not None and at > self._at:
            self.add(at, self._count(self._at, at))
        return self._lines
