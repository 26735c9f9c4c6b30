"""Reading on through a file, a window at a time, and skipping by arithmetic."""

from __future__ import annotations

import struct

from tidegate.inspectors.models._notes import MalformedError
from tidegate.inspectors.readable import Readable

_WINDOW_BYTES = 65_536
_AFTER_JUMP_BYTES = 4_096


class Cursor:
    """A place in a file. What is announced beyond the end raises `MalformedError`."""

    def __init__(self, data: Readable, at: int = 0, *, little: bool = True) -> None:
        self._data = data
        self._window = b""
        self._base = at
        self.at = at
        """The next byte."""
        self.size_bytes = data.size_bytes
        self.order = "<" if little else ">"
        """Byte order of numbers, as `struct` writes it."""

    def take(self, count: int) -> bytes:
        """Return the next bytes."""
        index = self.at - self._base
        if index < 0 or index + count > len(self._window):
            self._fill(count)
            index = 0
        self.at += count
        return self._window[index : index + count]

    def skip(self, count: int) -> None:
        """Go on without reading."""
        if count < 0 or count > self.size_bytes - self.at:
            raise MalformedError(f"{count:,} bytes are announced, beyond the end of the file", self.at)
        self.at += count

    def u8(self) -> int:
        """Return the next byte as a number."""
        return self.take(1)[0]

    def u32(self) -> int:
        """Return the next 4 bytes as a number."""
        return int.from_bytes(self.take(4), "little" if self.order == "<" else "big")

    def u64(self) -> int:
        """Return the next 8 bytes as a number."""
        return int.from_bytes(self.take(8), "little" if self.order == "<" else "big")

    def unpack(self, form: str) -> tuple[int, ...]:
        """Return several numbers: a format of `struct` without its byte order."""
        form = self.order + form
        return struct.unpack(form, self.take(struct.calcsize(form)))

    def _fill(self, count: int) -> None:
        if count < 0 or count > self.size_bytes - self.at:
            raise MalformedError(f"{count:,} bytes are announced, beyond the end of the file", self.at)
        inside = self._base <= self.at <= self._base + len(self._window)
        self._window = self._data.read(self.at, max(count, _WINDOW_BYTES if inside else _AFTER_JUMP_BYTES))
        self._base = self.at
        if len(self._window) < count:
            raise MalformedError(f"only {len(self._window):,} of {count:,} bytes could be read", self.at)
