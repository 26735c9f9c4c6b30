"""Dumps of MongoDB: documents in BSON, one behind the other, as mongodump writes a collection.

Source: bsonspec.org, version 1.1; MongoDB's description of the archive of mongodump.
"""

from __future__ import annotations

from typing import Final

from tidegate.inspectors.data._notes import judged, lower_for_a_test, nothing, plural, quoted, seen
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement
from tidegate.model.observation import Step

_READ_BYTES: Final = 1 << 20
_MOST_FIELDS: Final = 40
_MOST_BYTES: Final = 48 << 20
"""Of one document: MongoDB takes 16 MiB, and a little more in its own."""
_WIDTHS: Final = {
    0x01: 8, 0x06: 0, 0x07: 12, 0x08: 1, 0x09: 8, 0x0A: 0, 0x10: 4, 0x11: 8, 0x12: 8, 0x13: 16, 0x7F: 0,
    0xFF: 0,
}  # fmt: skip
"""By type of an element: bytes of its value, where all have the same."""
_COUNTED: Final = {0x02: 4, 0x03: 0, 0x04: 0, 0x05: 5, 0x0C: 16, 0x0D: 4, 0x0E: 4, 0x0F: 0}
"""By type: what comes on top of the length that its first four bytes state."""
_SHOWN: Final = 6


class MongoDump:
    """Walks the elements of the first documents, and counts documents by their lengths."""

    id = "mongo_dump"
    order = 27

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:
        """Tell it by a first document whose elements fit; with another name also by the end of all."""
        size = int.from_bytes(head[:4], "little")
        if not 5 <= size <= min(size_bytes, _MOST_BYTES) or not tail.endswith(b"\0"):
            return False
        if name.lower().endswith(".bson"):
            return size == 5 or bool(fields(head[:size]))
        named = fields(head[:size])
        return len(named) > 1 and named[0] == "_id" and (len(head) < size or head[size - 1] == 0)

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:
        """Say how many documents there are, and which fields the first ones have."""
        del context
        head = data.read(0, min(data.size_bytes, _READ_BYTES))
        at, documents = 0, 0
        names: dict[str, None] = {}
        while at + 5 <= len(head):
            size = int.from_bytes(head[at : at + 4], "little")
            if not 5 <= size <= min(data.size_bytes - at, _MOST_BYTES):
                return nothing()
            if documents < _MOST_FIELDS:
                names |= dict.fromkeys(fields(head[at : at + size]))
            documents += 1
            at += size
        whole = at >= data.size_bytes
        if not whole and documents:
            documents = max(documents, round(documents * data.size_bytes / at))
        told = ", ".join(quoted(each) for each in [each for each in names if each != "_id"][:_SHOWN])
        words = f"dump of MongoDB: {'' if whole else 'about '}{plural(documents, 'document')}"
        words += f" with {told}" if told else ""
        severity, words = lower_for_a_test(name, None, words)
        step = Step.WHOLE if whole else Step.SAMPLE
        note = seen("database_dump", words, severity=severity, step=step, numbers={"rows": documents})
        return judged("database_dump", note)


def fields(document: bytes) -> list[str]:
    """Return the names of a document's fields as far as it is at hand; none where it is no document."""
    found: list[str] = []
    at = 4
    while at < len(document) and len(found) < _MOST_FIELDS:
        kind = document[at]
        if not kind:
            return found if at + 1 == int.from_bytes(document[:4], "little") else []
        end = document.find(b"\0", at + 1)
        if end < 0:
            return found
        raw = document[at + 1 : end]
        try:
            name = raw.decode()
        except UnicodeDecodeError:
            return []
        if not name.isprintable() or len(name) > 200:
            return []
        step = _step(document, end + 1, kind)
        if step < 0:
            return []
        found.append(name)
        at = end + 1 + step
    return found


def _step(document: bytes, at: int, kind: int) -> int:
    """Return how many bytes a value takes; -1: no such type, or a length that cannot be."""
    if kind in _WIDTHS:
        return _WIDTHS[kind]
    if kind in _COUNTED:
        if at + 4 > len(document):
            return len(document)
        size = int.from_bytes(document[at : at + 4], "little", signed=True)
        return size + _COUNTED[kind] if 0 <= size <= _MOST_BYTES else -1
    if kind == 0x0B:  # two texts, each up to a NUL
        first = document.find(b"\0", at)
        second = document.find(b"\0", first + 1) if first >= 0 else -1
        return second + 1 - at if second >= 0 else len(document)
    return -1


PLUGIN = MongoDump()
