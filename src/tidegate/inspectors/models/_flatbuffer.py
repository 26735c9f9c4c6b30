"""Reading FlatBuffers without their schema: tables by field number, every place checked.

Source: flatbuffers.dev/internals.
"""

from __future__ import annotations

from tidegate.inspectors.models._notes import MalformedError, exact
from tidegate.inspectors.readable import Readable

_WINDOW_BYTES = 4_096
_LONGEST_TEXT_BYTES = 65_536


class Buffer:
    """A FlatBuffer, read through one window."""

    def __init__(self, data: Readable) -> None:
        self._data = data
        self._window = b""
        self._base = 0
        self.size_bytes = data.size_bytes

    def root(self) -> Table:
        """Return the outermost table."""
        return Table(self, self.number(0, 4))

    def bytes(self, at: int, count: int) -> bytes:
        """Return bytes of the file, or raise `MalformedError`."""
        index = at - self._base
        if index < 0 or index + count > len(self._window):
            if count > _WINDOW_BYTES:
                return exact(self._data, at, count)
            self._base = max(0, at - 256)  # a table's list of fields stands just before it
            self._window = self._data.read(self._base, _WINDOW_BYTES)
            index = at - self._base
        got = self._window[index : index + count]
        if at < 0 or len(got) != count:
            raise MalformedError(f"{count:,} bytes are pointed to at byte {at:,}, outside the file", at)
        return got

    def number(self, at: int, width: int, *, signed: bool = False) -> int:
        """Return a number of the file."""
        return int.from_bytes(self.bytes(at, width), "little", signed=signed)


class Table:
    """One table."""

    def __init__(self, buffer: Buffer, at: int) -> None:
        self.at = at
        self._buffer = buffer
        self._fields = at - buffer.number(at, 4, signed=True)
        self._size = buffer.number(self._fields, 2)

    def place(self, number: int) -> int:
        """Return where a field stands; 0 if it has its default."""
        at = 4 + 2 * number
        if at + 2 > self._size:
            return 0
        offset = self._buffer.number(self._fields + at, 2)
        return self.at + offset if offset else 0

    def number(self, number: int, width: int, default: int = 0, *, signed: bool = False) -> int:
        """Return a field that is a number."""
        at = self.place(number)
        return self._buffer.number(at, width, signed=signed) if at else default

    def vector(self, number: int, width: int) -> tuple[int, int]:
        """Return where a list begins and how many entries of `width` bytes it has; (0, 0) for none."""
        at = self.place(number)
        if not at:
            return 0, 0
        begin = at + self._buffer.number(at, 4)
        count = self._buffer.number(begin, 4)
        if begin + 4 + count * width > self._buffer.size_bytes:
            raise MalformedError(f"a list of {count:,} entries ends beyond the file", begin)
        return begin + 4, count

    def tables(self, number: int, most: int) -> list[Table]:
        """Return a list of tables, no more than `most` of them."""
        begin, count = self.vector(number, 4)
        places = (begin + 4 * each for each in range(min(count, most)))
        return [Table(self._buffer, at + self._buffer.number(at, 4)) for at in places]

    def text(self, number: int) -> str:
        """Return a field that is a text; empty for none."""
        begin, count = self.vector(number, 1)
        return self._buffer.bytes(begin, min(count, _LONGEST_TEXT_BYTES)).decode("utf-8", "replace")
