"""Zip archives, and the model files that are one; which of them it is, the names inside tell."""

from __future__ import annotations

import struct
from typing import Final

from tidegate.inspectors.containers.contents import judge_archive
from tidegate.inspectors.containers.zip_archive import ZipArchive
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.kinds.table import OTHER

_END: Final = struct.Struct("<4sHHHHIIH")
_BEGINS: Final = (b"PK\x03\x04", b"PK\x05\x06")
_ENTRY_BYTES: Final = 46
_FURTHEST_END_BYTES: Final = 65_557
"""The end record and the longest comment behind it."""
_SOUGHT: Final = (".keras", ".zip", ".mar", ".skops")
"""What is opened as a zip wherever it begins; PyTorch and numpy ask for its first bytes."""


class Zip:
    """Members are judged as their loaders read them, and each lie of a header is noted."""

    id = "zip"
    order = 30
    holds_items = True

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell a zip by its first member, or by an end record that fits, whatever stands before it."""
        if head.startswith(_BEGINS) or _ends(tail, size_bytes):
            return True
        # A comment of 64 KiB may hide the end record: what is loaded by whoever seeks it is looked at again.
        return size_bytes > len(tail) and name.lower().endswith(_SOUGHT)

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Judge what is in it; of kind `other` what is none after all."""
        del name
        if not data.read(0, 4).startswith(_BEGINS):
            near = min(data.size_bytes, _FURTHEST_END_BYTES)
            if not _ends(data.read(data.size_bytes - near, near), data.size_bytes):
                return Judgement(OTHER, model=False)
        return judge_archive(ZipArchive(data, context.meter), context)


def _ends(tail: bytes, size_bytes: int) -> bool:
    """Tell whether an end record stands in the last bytes that leads to a directory, as readers seek it.

    Python's and others' mind neither the count of members nor whether the comment is as long as stated.
    """
    at = tail.rfind(b"PK\x05\x06")
    while at >= 0:
        if at + _END.size <= len(tail) and _leads(tail, at, size_bytes):
            return True
        at = tail.rfind(b"PK\x05\x06", 0, at)
    return False


def _leads(tail: bytes, at: int, size_bytes: int) -> bool:
    _, _, _, _, count, length, offset, comment = _END.unpack_from(tail, at)
    end = size_bytes - len(tail) + at
    if length >= _ENTRY_BYTES and at >= length and tail.startswith(b"PK\x01\x02", at - length):
        return True
    # 64-bit archives have all ones in the fields that do not fit.
    fits = at + _END.size + comment <= len(tail) or at < length
    return fits and ((count > 0 and length <= end and offset <= end) or 0xFFFFFFFF in (length, offset))


PLUGIN = Zip()
