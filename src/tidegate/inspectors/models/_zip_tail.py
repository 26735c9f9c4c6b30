"""A zip appended to another file: what opens it as a zip sees other things than who opens it by its head."""

from __future__ import annotations

from tidegate.inspectors.models._notes import Notes
from tidegate.inspectors.readable import Readable

_LONGEST_END_BYTES = 65_557
"""The end record of a zip and its longest comment."""


def note_zip(data: Readable, notes: Notes) -> None:
    """Note a zip directory that ends with the file. Reads its last 64 KiB.

    Not of what is packed: who opens that as a zip has unpacked it before.
    """
    if getattr(data, "forward", False):
        return
    size = min(_LONGEST_END_BYTES, data.size_bytes)
    base = data.size_bytes - size
    tail = data.read(base, size)
    at = tail.rfind(b"PK\x05\x06")
    while at >= 0:
        comment = int.from_bytes(tail[at + 20 : at + 22], "little")
        if at + 22 + comment == len(tail):
            notes.tampering("polyglot", "the file ends as a zip: it is two files in one", offset=base + at)
            return
        at = tail.rfind(b"PK\x05\x06", 0, at)
