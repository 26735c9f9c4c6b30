"""A moving window over what is read: opcodes are seen through it, in memory that does not grow."""

from __future__ import annotations

from tidegate.inspectors.readable import Readable

_FIRST_BYTES = 1 << 16
"""Nearly all pickles with imports fit in it (1.05 GB of weights: 71,816 bytes of opcodes)."""
_AFTER_JUMP_BYTES = 1 << 12
"""Between large literals stand a few hundred bytes: 524 MB in 200 arrays cost 819 KB this way."""
_MOST_BYTES = 1 << 20


class Window:
    """Part of the bytes, from `base` on, in `buffer`. Grows while reading on, shrinks after a jump."""

    def __init__(self, data: Readable, stop: int, *, first_bytes: int = _FIRST_BYTES) -> None:
        """stop: offset of the first byte that does not belong to the stream."""
        self.data = data
        self.stop = max(0, min(stop, data.size_bytes))
        self.base = 0
        self.buffer = b""
        self._next_bytes = first_bytes

    def fill(self, at: int, count: int) -> None:
        """Make `buffer` hold `count` bytes from `at` on, or all there are. Raises what `data.read` raises."""
        end = self.base + len(self.buffer)
        want = min(at + count, self.stop)
        if self.base <= at and want <= end:
            return
        if self.base <= at <= end:
            kept = self.buffer[at - self.base :]
            size = max(self._next_bytes, want - end)
            self._next_bytes = min(self._next_bytes * 2, _MOST_BYTES)
            self.buffer = kept + self.data.read(end, min(size, self.stop - end))
        else:
            size = max(_AFTER_JUMP_BYTES if self.buffer else self._next_bytes, want - at)
            self._next_bytes = _AFTER_JUMP_BYTES if self.buffer else self._next_bytes
            self.buffer = self.data.read(at, max(0, min(size, self.stop - at)))
        self.base = at

    def bytes(self, at: int, count: int) -> bytes:
        """Return `count` bytes from `at` on, fewer only at the end."""
        self.fill(at, count)
        begin = at - self.base
        return self.buffer[begin : min(begin + count, self.stop - self.base)]

    def find(self, needle: int, at: int, limit: int) -> int:
        """Return the offset of the first byte `needle` in [at, limit), or -1. Reads on as far as needed."""
        limit = min(limit, self.stop)
        while at < limit:
            self.fill(at, min(limit - at, 64))
            begin = at - self.base
            found = self.buffer.find(needle, begin, limit - self.base)
            if found >= 0:
                return self.base + found
            if len(self.buffer) <= begin:
                return -1
            at = self.base + len(self.buffer)
        return -1
