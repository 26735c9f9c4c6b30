"""XGBoost: trees as JSON, as UBJSON, or in the old binary form. It runs nothing.

Source: xgboost.readthedocs.io, "Introduction to Model IO"; ubjson.org.
"""

from __future__ import annotations

import re

from tidegate.inspectors.models._cursor import Cursor
from tidegate.inspectors.models._json import MOST_BYTES, parse
from tidegate.inspectors.models._notes import IncompleteError, MalformedError, Notes
from tidegate.inspectors.readable import Readable
from tidegate.inspectors.seam import Context, Judgement

_UBJ = re.compile(rb"\{[UiIlL][\x00-\x07]{0,7}\x07(?:learner|version)")
_JSON = re.compile(rb"\s*\{\s*\"(?:learner|version)\"\s*:")
_WIDTHS = {b"i": 1, b"U": 1, b"I": 2, b"l": 4, b"L": 8, b"d": 4, b"D": 8, b"C": 1, b"T": 0, b"F": 0, b"Z": 0}
_INTEGERS = frozenset(b"iUIlL")
_MOST_VALUES = 3_000_000
_DEEPEST = 200


class XgBoost:
    """Walks what is there; numbers of arrays are skipped."""

    id = "xgboost"
    order = 30

    def claims(self, head: bytes, tail: bytes, size_bytes: int, name: str) -> bool:  # noqa: ARG002
        if head.startswith((b"binf", b"bs64")) or _UBJ.match(head):
            return True
        return _JSON.match(head) is not None and b'"learner' in head and b"gradient_booster" in head + tail

    def judge(self, data: Readable, name: str, context: Context) -> Judgement:  # noqa: ARG002
        notes = Notes(self.id, policy=context.policy)
        with notes.reading():
            head = data.read(0, 64)
            if head.startswith((b"binf", b"bs64")):
                notes.fact("old_form", "the binary form, which XGBoost no longer reads since 3.1")
            elif _UBJ.match(head):
                _walk(Cursor(data), data.size_bytes)
            else:
                if data.size_bytes > MOST_BYTES:
                    raise IncompleteError(f"{data.size_bytes:,} bytes of JSON")
                parse(data.read(0, data.size_bytes), notes)
        return notes.done()


def _walk(cursor: Cursor, stop: int) -> None:
    """Walk a UBJSON value and check that it is all there is."""
    open_ends: list[
        tuple[bytes, int, bytes]
    ] = []  # closing mark, values left (-1: until the mark), their type
    for _ in range(_MOST_VALUES):
        kind = _next(cursor, open_ends)
        if kind in (b"{", b"["):
            open_ends.append(_container(cursor, b"}" if kind == b"{" else b"]"))
            if len(open_ends) > _DEEPEST:
                raise MalformedError(f"values nested deeper than {_DEEPEST}", cursor.at)
        elif kind in (b"S", b"H"):
            cursor.skip(_integer(cursor, cursor.take(1)))
        elif kind in _WIDTHS:
            cursor.skip(_WIDTHS[kind])
        elif kind:
            raise MalformedError(f"the mark {kind!r} does not exist", cursor.at - 1)
        if not open_ends:
            if cursor.at != stop:
                raise MalformedError(f"{stop - cursor.at:,} bytes after the model", cursor.at)
            return
    raise IncompleteError(f"more than {_MOST_VALUES:,} values")


def _next(cursor: Cursor, open_ends: list[tuple[bytes, int, bytes]]) -> bytes:
    """Return the mark of the next value, its key skipped; empty when a container ended instead."""
    if not open_ends:
        return cursor.take(1)
    closing, left, kind = open_ends.pop()
    if not left:
        return b""
    mark = cursor.take(1) if left < 0 or closing == b"}" else b""
    if left < 0 and mark == closing:
        return b""
    open_ends.append((closing, left - (left > 0), kind))
    if closing == b"}":
        cursor.skip(_integer(cursor, mark))
        mark = b""
    if mark == b"N":
        return b"Z"
    return kind or mark or cursor.take(1)


def _container(cursor: Cursor, closing: bytes) -> tuple[bytes, int, bytes]:
    """Read a container's head: a type `$`, a count `#`. Fixed numbers are skipped at once."""
    kind, count = b"", -1
    at = cursor.at
    mark = cursor.take(1)
    if mark == b"$":
        kind, mark = cursor.take(1), cursor.take(1)
    if mark == b"#":
        count = _integer(cursor, cursor.take(1))
        if closing == b"]" and kind in _WIDTHS:
            cursor.skip(_WIDTHS[kind] * count)
            count = 0
    elif kind:
        raise MalformedError("a type without a count", at)
    else:
        cursor.at = at
    return closing, count, kind


def _integer(cursor: Cursor, kind: bytes) -> int:
    """Read a length."""
    if not kind or kind[0] not in _INTEGERS:
        raise MalformedError(f"a length with the mark {kind!r}", cursor.at - 1)
    number = int.from_bytes(cursor.take(_WIDTHS[kind]), "big", signed=kind != b"U")
    if number < 0:
        raise MalformedError("a negative length", cursor.at)
    return number


PLUGIN = XgBoost()
