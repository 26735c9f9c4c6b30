"""The bytes of a text column where they lie, not copied: Arrow's C data interface.

Source: arrow.apache.org/docs/format/CDataInterface.html, CStreamInterface.html (structures), Columnar.html
(layout of `Utf8View`: length, then 12 bytes of text, or 4 bytes, buffer and offset).
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import polars as pl

SHORT: Final = 12
"""Bytes of a text that stands in the view itself."""
MANY: Final = 200
"""Texts of one buffer, on the average, that are worth to be looked at by themselves."""
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
    """Texts of a column that follow one another, of one buffer where that has enough of them.

    Only while their `views_of` is open. What is done with them one after the other finds them in the
    processor's cache.
    """

    first: int
    """The row of the column that its first text is."""
    text: Any
    """Bytes from the first buffer's to the last one's; what lies between buffers must not be read."""
    starts: Any
    """Where in `text` each begins."""
    lengths: Any
    """Bytes of each text."""
    prefixes: Any
    """The first four bytes of each text as a little-endian number, zeros after a shorter one."""


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
            sizes = _bytes(array.buffers[array.n_buffers - 1] or 0, 8 * count).view(np.int64)
            buffers = [(array.buffers[2 + number] or 0, int(sizes[number])) for number in range(count)]
            yield from _pages(first, (array.buffers[1] or 0) + 16 * array.offset, rows, buffers)
        first += rows


def _pages(first: int, address: int, rows: int, buffers: list[tuple[int, int]]) -> Iterator[Views]:
    """Yield the texts of one array, those of a buffer by themselves where it has enough of them.

    address: of the views, 16 bytes each.
    """
    views = _bytes(address, 16 * rows).view("<u4").reshape(-1, 4)
    filled = [(address, 16 * rows), *((place, size) for place, size in buffers if size)]
    lowest = min(place for place, _ in filled)
    text = _bytes(lowest, max(place + size for place, size in filled) - lowest)
    places = np.array([place - lowest for place, _ in [*buffers, (address, 0)]], np.int64)
    if (views[:, 0] <= SHORT).any():
        short = views[:, 0] <= SHORT
        numbers = np.where(short, len(buffers), views[:, 2])
        # A short text stands in its view, behind the length.
        offsets = np.where(short, np.arange(rows, dtype=np.int64) * 16 + 4, views[:, 3])
    else:
        numbers, offsets = views[:, 2], views[:, 3]
    bounds = [0, *(np.flatnonzero(numbers[1:] != numbers[:-1]) + 1).tolist(), rows]
    if rows < MANY * (len(bounds) - 1):
        starts = places.take(numbers) + offsets
        yield Views(first, text, starts, views[:, 0].astype(np.int64), views[:, 1])
        return
    for start, after in pairwise(bounds):
        part = slice(start, after)
        starts = offsets[part].astype(np.int64)
        starts += places[numbers[start]]
        yield Views(first + start, text, starts, views[part, 0].astype(np.int64), views[part, 1])


def _bytes(address: int, size: int) -> Any:
    if not size:
        return np.empty(0, np.uint8)
    return np.frombuffer(memoryview((ctypes.c_char * size).from_address(address)), dtype=np.uint8)
