"""Values as V8 and Blink write them for IndexedDB: as far as names, numbers, dates and short texts go.

Source: chromium `v8/src/objects/value-serializer.cc`;
`third_party/blink/renderer/bindings/core/v8/serialization`;
`third_party/blink/renderer/modules/indexeddb/idb_value_wrapping.cc`.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from typing import Any, Final

from tidegate.packing.snappy import unpack, varint

_LONGEST: Final = 512
"""Bytes of a text that is kept; of a longer one only its place is taken."""
_DEEPEST: Final = 40
_MOST_VALUES: Final = 200_000
_DOUBLE: Final = struct.Struct("<d")
_ENCODINGS: Final = {0x22: "latin-1", 0x63: "utf-16-le", 0x53: "utf-8"}


class ElsewhereError(ValueError):
    """The value stands in a file of its own, beside the store."""


def value(data: bytes) -> Any:
    """Return a value: dict, list, text, number, date or `None`.

    Raises `ValueError` when it is damaged, or has a part that only a browser can make sense of.
    """
    if data.startswith(b"\xff\x11\x01"):
        raise ElsewhereError("it stands in a blob")
    if data.startswith(b"\xff\x11\x02"):
        data = unpack(data[3:])
    at = 0
    try:
        while data[at] == 0xFF:
            version, at = varint(data, at + 1)
            if version > 1000:
                raise ValueError("no version")
            if data[at] == 0xFE:
                at += 13
        return _Reader(data, at).one(0)
    except (IndexError, struct.error, OverflowError, RecursionError):
        raise ValueError("it ends early") from None


class _Reader:
    def __init__(self, data: bytes, at: int) -> None:
        self.data = data
        self.at = at
        self.left = _MOST_VALUES

    def number(self) -> int:
        found, self.at = varint(self.data, self.at)
        return found

    def one(self, depth: int) -> Any:
        """Read one value, with all that it holds."""
        self.left -= 1
        if depth > _DEEPEST or self.left < 0:
            raise ValueError("it is too deep or too large")
        tag = self.data[self.at]
        self.at += 1
        while tag == 0:
            tag = self.data[self.at]
            self.at += 1
        if tag in b'"cS':
            return self.text(tag)
        if tag in b"oAa;'sR":
            return self.holder(tag, depth)
        return self.scalar(tag)

    def text(self, tag: int) -> str:
        """Read a text: of one byte a letter, of two, or in UTF-8."""
        length = self.data[self.at]
        if length < 0x80:
            self.at += 1
        else:
            length = self.number()
        start = self.at
        self.at += length
        if self.at > len(self.data):
            raise ValueError("it ends early")
        if length > _LONGEST:
            return ""
        return self.data[start : self.at].decode(_ENCODINGS[tag], "replace")

    def holder(self, tag: int, depth: int) -> Any:
        """Read what holds other values: an object, an array, a map, a set, or what wraps one."""
        if tag == 0x6F:  # o
            return self.members(0x7B, depth)
        if tag in b"Aa":
            return self.array(tag, depth)
        if tag == 0x3B:  # ;
            return self.members(0x3A, depth)
        if tag == 0x27:  # '
            return self.items(depth)
        found = self.one(depth + 1)
        if tag == 0x73:  # s
            return found
        self.number()  # R: what follows a pattern are its flags
        return None

    def scalar(self, tag: int) -> Any:
        """Read a value that holds no other."""
        if tag in b"_0-":
            return None
        if tag in b"TFyx":
            return tag in b"Ty"
        if tag == 0x49:  # I
            found = self.number()
            return found >> 1 ^ -(found & 1)
        if tag == 0x55:  # U
            return self.number()
        if tag in b"NDn":
            found = _DOUBLE.unpack_from(self.data, self.at)[0]
            self.at += 8
            return moment(found) if tag == 0x44 else None if tag == 0x6E else found
        if tag in b"Zz":
            self.at += self.number() >> 1
            return None
        if tag == 0x5E:  # ^
            self.number()
            return None
        if tag == 0x42:  # B
            self.at += self.number()
            return self.view()
        raise ValueError("a part that only a browser can read")

    def view(self) -> None:
        """Skip what tells how a buffer is seen."""
        if self.data[self.at : self.at + 1] == b"V":
            self.at += 2
            for _ in range(3):
                self.number()

    def members(self, end: int, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self.data[self.at] != end:
            name = self.one(depth + 1)
            found[str(name)] = self.one(depth + 1)
        self.at += 1
        self.number()
        return found

    def array(self, tag: int, depth: int) -> list[Any]:
        count = self.number()
        found: list[Any] = []
        if tag == 0x41:
            if count > len(self.data):
                raise ValueError("more members than bytes")
            found = [self.one(depth + 1) for _ in range(count)]
        found += self.members(0x24 if tag == 0x41 else 0x40, depth).values()
        self.number()
        return found

    def items(self, depth: int) -> list[Any]:
        found = []
        while self.data[self.at] != 0x2C:
            found.append(self.one(depth + 1))
        self.at += 1
        self.number()
        return found


def moment(milliseconds: float) -> datetime | None:
    """Return the time so many milliseconds after 1970; `None` for none that a message can have."""
    if not 631_152_000_000 <= milliseconds < 4_102_444_800_000:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
