"""Thrift's compact protocol, as much of it as a Parquet footer uses: read to plain values, and written back.

A struct is a dict from field number to `(kind, value)`; a list is `(kind of its elements, elements)`. Nothing
is named here: who changes a field knows its number from Parquet's own definition.
Source: github.com/apache/thrift, doc/specs/thrift-compact-protocol.md.
"""

from __future__ import annotations

import struct
from typing import Any, Final

Struct = dict[int, tuple[int, Any]]

TRUE, FALSE, I8, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)

_INTEGERS: Final = frozenset((I16, I32, I64))
_DEEPEST: Final = 32
"""Structs and lists inside of each other: a footer of Parquet has eight."""


class Reader:
    """Reads one value after the other. Raises `ValueError` or `IndexError` for bytes that are no thrift."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._depth = 0

    def struct(self) -> Struct:
        """Read a struct's fields."""
        fields: Struct = {}
        number = 0
        while (head := self._byte()) != 0:
            step, kind = head >> 4, head & 15
            number = number + step if step else self._integer()
            fields[number] = (kind, kind == TRUE if kind in (TRUE, FALSE) else self._value(kind))
        return fields

    def _value(self, kind: int) -> Any:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError("the footer is nested too deep")
        value = self._read(kind)
        self._depth -= 1
        return value

    def _read(self, kind: int) -> Any:
        if kind in _INTEGERS:
            return self._integer()
        if kind == BINARY:
            return self._take(self._unsigned())
        if kind == STRUCT:
            return self.struct()
        if kind in (LIST, SET):
            head = self._byte()
            count, element = head >> 4, head & 15
            count = self._unsigned() if count == 15 else count
            if element in (TRUE, FALSE):
                return element, [self._byte() == TRUE for _ in range(count)]
            return element, [self._value(element) for _ in range(count)]
        if kind == DOUBLE:
            return struct.unpack("<d", self._take(8))[0]
        if kind == I8:
            return self._byte()
        raise ValueError(f"thrift kind {kind} does not occur in a Parquet footer")

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _take(self, size: int) -> bytes:
        self._at += size
        if self._at > len(self._data):
            raise ValueError("the footer ends within a value")
        return self._data[self._at - size : self._at]

    def _unsigned(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7
            if shift > 63:
                raise ValueError("a number of the footer has more than 64 bits")

    def _integer(self) -> int:
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)


def write_struct(fields: Struct, out: bytearray) -> None:
    """Append a struct."""
    last = 0
    for number, (kind, value) in sorted(fields.items()):
        if kind in (TRUE, FALSE):
            kind = TRUE if value else FALSE
        if 0 < number - last < 16:
            out.append((number - last) << 4 | kind)
        else:
            out.append(kind)
            _write_integer(number, out)
        last = number
        if kind not in (TRUE, FALSE):
            _write(kind, value, out)
    out.append(0)


def _write(kind: int, value: Any, out: bytearray) -> None:
    if kind in _INTEGERS:
        _write_integer(value, out)
    elif kind == BINARY:
        _write_unsigned(len(value), out)
        out += value
    elif kind == STRUCT:
        write_struct(value, out)
    elif kind in (LIST, SET):
        element, values = value
        if len(values) < 15:
            out.append(len(values) << 4 | element)
        else:
            out.append(0xF0 | element)
            _write_unsigned(len(values), out)
        for each in values:
            if element in (TRUE, FALSE):
                out.append(TRUE if each else FALSE)
            else:
                _write(element, each, out)
    elif kind == DOUBLE:
        out += struct.pack("<d", value)
    else:
        out.append(value)


def _write_unsigned(value: int, out: bytearray) -> None:
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)


def _write_integer(value: int, out: bytearray) -> None:
    _write_unsigned(value << 1 if value >= 0 else (-value << 1) - 1, out)
