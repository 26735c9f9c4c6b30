"""Hopping over protocol buffers: fields by number, without a schema, and without reading what is skipped.

Source: protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from tidegate.inspectors.models._notes import IncompleteError, MalformedError
from tidegate.inspectors.readable import Readable

_AFTER_JUMP_BYTES = 512
"""Read at first where a jump lands: most fields are looked at for their first bytes only."""
_WINDOW_BYTES = 65_536
"""The most that is read ahead while reading goes on without a jump."""
MOST_FIELDS = 2_000_000
"""Fields of one file, 3 to 5 s of work here; a graph of 100,000 operations has about half a million."""
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_GROUPS = (3, 4)
"""Begin and end of a group, which nothing writes any more. A reader passes over one that it does not know."""


class Field(NamedTuple):
    """One field where it stands."""

    number: int
    wire: int
    """How it is written: `VARINT`, `FIXED64`, `BYTES`, `FIXED32`."""
    value: int
    """Of a varint; 0 for others."""
    start: int
    """First byte of the content, in the file."""
    stop: int
    """The byte after it."""


class Hop:
    """Fields of messages in a file, read through one moving window."""

    def __init__(self, data: Readable, most_fields: int = MOST_FIELDS) -> None:
        self.size_bytes = data.size_bytes
        self._data = data
        self._window = b""
        self._base = 0
        self._ahead = _AFTER_JUMP_BYTES
        self._left = self._most = most_fields

    def fields(self, start: int, stop: int) -> Iterator[Field]:
        """Yield the fields of the message in bytes [start, stop).

        Raises `MalformedError` where they are none, `IncompleteError` when the file has too many.
        """
        at = start
        groups = 0
        while at < stop:
            self._left -= 1
            if self._left < 0:
                raise IncompleteError(f"more than {self._most:,} fields")
            index = at - self._base
            window = self._window
            if index < 0 or index + 20 > len(window):
                index, window = self._move(at)
            # Nearly every key and length has one byte: 1 us a field this way, 4 us by calls.
            key, begin = window[index] if window else 0x80, at + 1
            if key >= 0x80:
                key, begin = self._varint(at, stop)
                window = self._window
            wire = key & 7
            value = 0
            if wire == BYTES or wire == VARINT:  # noqa: PLR1714, SIM109
                index = begin - self._base
                value = window[index] if 0 <= index < len(window) and begin < stop else 0x80
                end = begin + 1
                if value >= 0x80:
                    value, end = self._varint(begin, stop)
                if wire == BYTES:
                    begin = end
                    end += value
                    value = 0
            elif wire == FIXED64:
                end = begin + 8
            elif wire == FIXED32:
                end = begin + 4
            elif wire in _GROUPS:
                groups += 1 if wire == _GROUPS[0] else -1
                end = begin
                if groups < 0:
                    raise MalformedError("a group ends that has not begun", at)
            else:
                raise MalformedError(f"the wire type {wire} does not exist", at)
            if end > stop:
                raise MalformedError(f"field {key >> 3} ends {end - stop:,} bytes beyond its message", at)
            if key < 8:
                raise MalformedError("a field has the number 0", at)
            if not groups and wire not in _GROUPS:
                yield Field(key >> 3, wire, value, begin, end)
            at = end
        if groups:
            raise MalformedError("a group does not end", at)

    def content(self, field: Field, most_bytes: int) -> bytes:
        """Return the content of a field, no more of it than `most_bytes`."""
        stop = min(field.stop, field.start + most_bytes)
        at = field.start - self._base
        if at >= 0 and stop - self._base <= len(self._window):
            return self._window[at : stop - self._base]
        return self._data.read(field.start, stop - field.start)

    def text(self, field: Field, most_bytes: int = 4_096) -> str:
        """Return a field that is a name."""
        return self.content(field, most_bytes).decode("utf-8", "replace")

    def packed(self, field: Field, most: int = 1_024) -> list[int]:
        """Return the numbers of a repeated varint field, packed or not; no more than `most` of them."""
        if field.wire == VARINT:
            return [field.value]
        numbers: list[int] = []
        at = field.start
        while at < field.stop and len(numbers) < most:
            value, at = self._varint(at, field.stop)
            numbers.append(value)
        return numbers

    def _varint(self, at: int, stop: int) -> tuple[int, int]:
        """Return a number and the byte after it."""
        index = at - self._base
        window = self._window
        if index < 0 or index + 10 > len(window):
            index, window = self._move(at)
        value = shift = 0
        for position in range(index, min(index + 10, len(window), stop - self._base)):
            byte = window[position]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value, self._base + position + 1
            shift += 7
        raise MalformedError("a number does not end", at)

    def _move(self, at: int) -> tuple[int, bytes]:
        """Put the window at a byte. It grows while reading goes on, and is small after a jump."""
        inside = self._base <= at <= self._base + len(self._window)
        self._ahead = min(self._ahead * 2, _WINDOW_BYTES) if inside else _AFTER_JUMP_BYTES
        self._window = self._data.read(at, self._ahead)
        self._base = at
        return 0, self._window


@lru_cache(maxsize=16)
def outline(head: bytes, size_bytes: int) -> tuple[Field, ...] | None:
    """Return the top fields of a message as far as its first bytes show them; `None` if it is none.

    The last one may reach beyond the head, never beyond the file. Six formats ask it of the same head.
    """
    found: list[Field] = []
    at = groups = 0
    while at < len(head):
        key, begin = _varint_in(head, at)
        if begin < 0:
            break
        number, wire, value = key >> 3, key & 7, 0
        end = begin
        if wire in (FIXED64, FIXED32):
            end += 8 if wire == FIXED64 else 4
        elif wire not in _GROUPS:
            value, end = _varint_in(head, begin)
            if end < 0:
                break
            begin = end if wire == BYTES else begin
            end += value if wire == BYTES else 0
        if not number or wire > FIXED32 or end > size_bytes:
            return None
        groups -= wire == _GROUPS[1]
        if not groups:
            found.append(Field(number, wire, value, begin, end))
        groups += wire == _GROUPS[0]
        at = end
    return tuple(found)


def known(fields: tuple[Field, ...] | None, schema: dict[int, int]) -> tuple[Field, ...]:
    """Return the fields that a schema (number -> wire) has: readers pass over all others."""
    return tuple(each for each in fields or () if schema.get(each.number) == each.wire)


def _varint_in(head: bytes, at: int) -> tuple[int, int]:
    """Return a number and where it ends; -1 where the head ends first."""
    value = 0
    for shift in range(10):
        if at + shift >= len(head):
            return 0, -1
        value |= (head[at + shift] & 0x7F) << (7 * shift)
        if head[at + shift] < 0x80:
            return value, at + shift + 1
    return 0, -1
