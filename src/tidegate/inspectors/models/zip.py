"""Zip archives, and the model files that are one; which of them it is, the names inside tell."""

from __future__ import annotations

import struct
from typing import Final

from tidegate.inspectors.containers.contents import judge_archive
from tidegate.inspectors.containers.zip_archive import ZipArchive
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement

_END: Final = struct.Struct("<4sHHHHIIH")


class Zip:
    """Members are judged as their loaders read them, and each lie of a header is noted."""

    id = "zip"
    order = 30
    holds_items = True

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell a zip by its first member, or by an end record that fits, whatever stands before it."""
        del name
        return head.startswith((b"PK\x03\x04", b"PK\x05\x06")) or _ends(tail, size_bytes)

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Judge what is in it."""
        del name
        return judge_archive(ZipArchive(data, context.meter), context)


def _ends(tail: bytes, size_bytes: int) -> bool:
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + _END.size > len(tail):
        return False
    _, _, _, _, count, length, offset, comment = _END.unpack_from(tail, at)
    end = size_bytes - len(tail) + at
    fits = at + _END.size + comment <= len(tail)
    # 64-bit archives have all ones in the fields that do not fit.
    return fits and ((count > 0 and length <= end and offset <= end) or 0xFFFFFFFF in (length, offset))


PLUGIN = Zip()
