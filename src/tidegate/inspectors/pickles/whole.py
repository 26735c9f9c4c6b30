"""The everyday case at once: a small file that is one stream of plain values, to its last byte."""

from __future__ import annotations

from typing import Final

from tidegate.inspectors.pickles.plain import end_of_small

_HEADER_BYTES: Final = 512
"""From this size on the file could also be a tar of the old form, which has no mark."""


def is_plain_file(data: bytes) -> bool:
    """Tell whether all of it is one binary pickle that imports nothing, and nothing else it could be read as.

    `False` says only that it has to be looked at more closely.
    """
    if data[:1] != b"\x80" or end_of_small(data, 0) != len(data):
        return False
    if data[8:9] == b"{" or data[4:8] == b"TFL3":
        return False
    if len(data) >= _HEADER_BYTES and not data[148:156].strip(b"\0 ").translate(None, b"01234567"):
        return False
    # A constant may hold a zip, an HDF5 file or a tar, which their readers find behind any bytes.
    return b"PK\x05\x06" not in data and b"\x89HDF" not in data and b"ustar" not in data
