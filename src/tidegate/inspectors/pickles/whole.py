"""The everyday case at once: a small file that is one stream of plain values, to its last byte."""

from __future__ import annotations

import re
from typing import Final

from tidegate.inspectors.pickles.plain import RUN

_WHOLE: Final = re.compile(rb"\x80[\x02-\x05](?s:(\x95.{8})?+)" + RUN.pattern + rb"\.")
_FRAME_BEGINS: Final = 11
"""After PROTO, FRAME and its length."""
_HEADER_BYTES: Final = 512
"""From this size on the file could also be a tar of the old form, which has no mark."""


def is_plain_file(data: bytes) -> bool:
    """Tell whether all of it is one binary pickle that imports nothing, and nothing else it could be read as.

    `False` says only that it has to be looked at more closely.
    """
    found = _WHOLE.fullmatch(data)
    if found is None or data[8:9] == b"{" or data[4:8] == b"TFL3":
        return False
    if found[1] and int.from_bytes(data[3:_FRAME_BEGINS], "little") != len(data) - _FRAME_BEGINS:
        return False
    if len(data) >= _HEADER_BYTES and not data[148:156].strip(b"\0 ").translate(None, b"01234567"):
        return False
    # What makes other loaders take the same bytes for a zip, an HDF5 file, a tar.
    return b"PK\x05\x06" not in data and b"\x89HDF" not in data and b"ustar" not in data
