"""The bytes of a text column where they lie, not copied: Arrow's C data interface.

Source: arrow.apache.org/docs/format/CDataInterface.html, CStreamInterface.html (structures), Columnar.html
(layout of `Utf8View`: length, then 12 bytes of text, or 4 bytes, buffer and offset).
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

SHORT: Final = 12
"""Bytes of a text that stands in its view."""
_VIEWS: Final = b"vu"


class _Array(ctypes.Structure):
    pass


_Array._fields_ = [
    *[(name, ctypes.c_int64) for name in ("length", "null_count", "offset", "n_buffers", "n_children")],
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.c_void_p),
    ("dictionary", ctypes.c_void_p),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]


class _Schema(ctypes.Structure):
    _fields_ = (
        *[(name, ctypes.c_char_p) for name in ("format", "name", "metadata")],
        *[(name, ctypes.c_int64) for name in ("flags", "n_children")],
        *[(name, ctypes.c_void_p) for name in ("children", "dictionary", "release", "private_data")],
    )


class _Stream(ctypes.Structure):
    _fields_ = tuple(
        (name, ctypes.c_void_p) for name in ("get_schema", "get_next", "get_last_error", "release", "private")
    )


_call: Final = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
_release: Final = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


@dataclass(frozen=True, slots=True)
class Views:
    """Texts of a column that follow one another. Only while their `views_of` is open."""

    first: int
    """The row of the column that its first text is."""
    views: Any
    """uint32[texts, 4]: length, then the text where it is short, or its first bytes, buffer and offset."""
    buffers: Any
    """int64: the address of each buffer."""
    inline: int
    """The address of the views themselves."""


@contextmanager
def views_of(column: pl.Series) -> Iterator[Iterator[Views] | None]:
    """Lend the bytes of a column without nulls; `None` where Polars hands them over in another form."""
    capsule = column.__arrow_c_stream__(None)
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    stream = _Stream.from_address(pointer(capsule, b"arrow_array_stream"))
    schema = _Schema()
    arrays: list[_Array] = []
    try:
        if _call(stream.get_schema)(ctypes.addressof(stream), ctypes.addressof(schema)):
            yield None
            return
        form = schema.format
        if schema.release:
            _release(schema.release)(ctypes.addressof(schema))
        if form != _VIEWS:
            yield None
            return
        while True:
            array = _Array()
            if _call(stream.get_next)(ctypes.addressof(stream), ctypes.addressof(array)) or not array.release:
                break
            arrays.append(array)
        yield _chunks(arrays)
    finally:
        for array in arrays:
            _release(array.release)(ctypes.addressof(array))
        del capsule


def _chunks(arrays: list[_Array]) -> Iterator[Views]:
    first = 0
    for array in arrays:
        count, rows = array.n_buffers - 3, array.length
        if rows:
            address = (array.buffers[1] or 0) + 16 * array.offset
            yield Views(
                first=first,
                views=_bytes(address, 16 * rows).view(np.uint32).reshape(-1, 4),
                # A buffer without bytes has no address, and no texts.
                buffers=np.array(
                    [array.buffers[2 + number] or 0 for number in range(count)] or [0], np.int64
                ),
                inline=address,
            )
        first += rows


def _bytes(address: int, size: int) -> Any:
    if not size:
        return np.empty(0, np.uint8)
    return np.frombuffer(memoryview((ctypes.c_char * size).from_address(address)), dtype=np.uint8)
