"""Flax: parameters as MessagePack. It runs nothing; types of its own stand in extensions.

Source: flax `serialization.py` (`_MsgpackExtType`); github.com/msgpack/msgpack, spec.md.
"""

from __future__ import annotations

import re

from tidegate.inspectors.models._cursor import Cursor
from tidegate.inspectors.models._notes import IncompleteError, MalformedError, Notes
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement

_MOST_VALUES = 2_000_000
_DEEPEST = 500
_KNOWN = {1: "an array", 2: "a complex number", 3: "a scalar", -1: "a time"}
_ARRAY = re.compile(
    rb"(?:\xc7.|\xc8..|\xc9.{4})\x01\x93[\x90-\x9f].{0,40}[\xa4-\xa8](?:float|bfloat|int|uint|bool|complex)",
    re.DOTALL,
)
"""An extension of the first kind with shape, type and bytes in it: an array of Flax."""
_FIXED = {0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}
_LENGTHS = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}
_EXTENSIONS = {0xC7: 1, 0xC8: 2, 0xC9: 4}
_FIXED_EXTENSIONS = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}


class FlaxMsgpack:
    """Walks the map; bytes of arrays are skipped."""

    id = "flax_msgpack"
    order = 80

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:  # noqa: ARG002
        """MessagePack has no mark: a map, first a text; and the name, a known key, or an array."""
        if not head or not (0x80 < head[0] <= 0x8F or head[0] in (0xDE, 0xDF)):
            return False
        key = head[{0xDE: 3, 0xDF: 5}.get(head[0], 1) :]
        if not key or not (0xA1 <= key[0] <= 0xBF or key[0] in (0xD9, 0xDA)):
            return False
        text = key[{0xD9: 2, 0xDA: 3}.get(key[0], 1) :]
        return (
            name.lower().endswith(".msgpack")
            or text.startswith((b"params", b"model", b"transformer"))
            or _ARRAY.search(head) is not None
        )

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:  # noqa: ARG002
        notes = Notes(self.id, policy=context.policy)
        with notes.reading():
            _walk(Cursor(data, little=False), notes)
        return notes.done()


def _walk(cursor: Cursor, notes: Notes) -> None:
    """Walk one value and all below it."""
    left = [1]
    for _ in range(_MOST_VALUES):
        while left and not left[-1]:
            left.pop()
        if not left:
            if cursor.at < cursor.size_bytes:
                notes.broken(f"{cursor.size_bytes - cursor.at:,} bytes after the model", offset=cursor.at)
            return
        left[-1] -= 1
        inside = _value(cursor, notes)
        if inside:
            left.append(inside)
            if len(left) > _DEEPEST:
                raise MalformedError(f"values nested deeper than {_DEEPEST}", cursor.at)
    raise IncompleteError(f"more than {_MOST_VALUES:,} values")


def _value(cursor: Cursor, notes: Notes) -> int:
    """Read or skip one value; return how many values stand inside it."""
    mark = cursor.u8()
    if mark <= 0x7F or mark >= 0xE0 or mark in (0xC0, 0xC2, 0xC3):
        return 0
    if mark <= 0x8F:
        return 2 * (mark & 15)
    if mark <= 0x9F:
        return mark & 15
    if mark <= 0xBF:
        cursor.skip(mark & 31)
    elif mark in _FIXED:
        cursor.skip(_FIXED[mark])
    elif mark in _LENGTHS:
        cursor.skip(_length(cursor, _LENGTHS[mark]))
    elif mark in _FIXED_EXTENSIONS:
        _extension(cursor, _FIXED_EXTENSIONS[mark], notes)
    elif mark in _EXTENSIONS:
        _extension(cursor, _length(cursor, _EXTENSIONS[mark]), notes)
    elif mark in (0xDC, 0xDD):
        return _length(cursor, 2 if mark == 0xDC else 4)
    elif mark in (0xDE, 0xDF):
        return 2 * _length(cursor, 2 if mark == 0xDE else 4)
    else:
        raise MalformedError("the mark 0xc1 does not exist", cursor.at - 1)
    return 0


def _length(cursor: Cursor, width: int) -> int:
    return int.from_bytes(cursor.take(width), "big")


def _extension(cursor: Cursor, length: int, notes: Notes) -> None:
    at = cursor.at
    kind = int.from_bytes(cursor.take(1), "big", signed=True)
    cursor.skip(length)
    if kind not in _KNOWN:
        notes.unlisted("extension", f"a value of the extension {kind}, which Flax does not have", offset=at)


PLUGIN = FlaxMsgpack()
