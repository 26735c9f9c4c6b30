"""Kinds by marks at fixed places of the first and last bytes: `signatures.toml`, read once and matched fast.

A mark is `@OFFSET` and what stands there: bytes in hexadecimal, `??` for any byte, 'text' in quotes; several
places in one mark must all fit. A negative offset counts from the end. An example has the same form, with
`size N`: all its other bytes are zero.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from tidegate.records import dataclass

ENDS_BYTES: Final = 4096
"""Of either end: further in no mark may stand."""
_TOKEN: Final = re.compile(
    r"\s*(?:@(?P<at>-?\d+)|'(?P<text>[^']+)'|(?P<any>\?\?)|(?P<hex>[0-9a-fA-F]{2})(?![0-9a-fA-F]))"
)
_KEY_BYTES: Final = 4
"""Of a mark, by which rows are found: two places in three then need one look-up."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes at one place."""

    at: int
    """Negative: from the end."""
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One row of the table."""

    id: str
    """The format: `vhd_fixed`, `kdbx4`, …"""
    kind: str
    """A row of `kinds.toml`."""
    words: str
    """For "it is …": `a fixed VHD disk image`."""
    marks: tuple[tuple[Piece, ...], ...]
    """Each alone is enough."""
    least_bytes: int = 0
    """A shorter file is none."""
    examples: tuple[bytes, ...] = ()
    counterexamples: tuple[bytes, ...] = ()

    def fits(self, head: bytes, tail: bytes, size_bytes: int) -> bool:
        """Tell whether one of its marks stands in the ends of a file."""
        if size_bytes < self.least_bytes:
            return False
        return any(all(_stands(piece, head, tail) for piece in mark) for mark in self.marks)


_Best = tuple[int, Signature | None]
_Places = tuple[tuple[int, int, dict[bytes, list[tuple[int, Signature]]]], ...]
_NONE: Final[_Best] = (1 << 30, None)


def signature(head: bytes, tail: bytes, size_bytes: int) -> Signature | None:
    """Return the first row of the table that fits, or `None`.

    head, tail: the first and the last 4,096 bytes; where the file is shorter, all of it, twice.
    """
    at_head, at_tail = _index()
    best, length = _NONE, len(head)
    for at, stop, rows in at_head:
        if at >= length:
            break
        found = rows.get(head[at:stop])
        if found is not None:
            best = _least(found, best, head, tail, size_bytes)
    length = len(tail)
    for at, count, rows in at_tail:
        start = length + at
        if start < 0:
            break
        found = rows.get(tail[start : start + count])
        if found is not None:
            best = _least(found, best, head, tail, size_bytes)
    return best[1]


@cache
def signatures() -> tuple[Signature, ...]:
    """Return the rows in the order of the table, the more exact first. A wrong one raises `ValueError`."""
    text = Path(__file__).with_name("signatures.toml").read_text(encoding="utf-8")
    return tuple(_row(each) for each in tomllib.loads(text)["signature"])


def _row(row: dict[str, str | int | list[str]]) -> Signature:
    rest = dict(row)
    marks = rest.pop("marks")
    examples, counter = rest.pop("examples", []), rest.pop("counterexamples", [])
    assert isinstance(marks, list)
    assert isinstance(examples, list)
    assert isinstance(counter, list)
    pieces = tuple(tuple(_pieces(mark)) for mark in marks)
    return Signature(
        marks=pieces,
        examples=tuple(_example(text) for text in [*examples, *([] if examples else marks)]),
        counterexamples=tuple(_example(text) for text in counter),
        **rest,  # type: ignore[arg-type]  # texts and numbers, as the table has them
    )


def _pieces(text: str) -> Iterator[Piece]:
    """Read a mark; what `??` stands for splits it. Raises `ValueError`."""
    at, have, place = None, bytearray(), 0
    while place < len(text.rstrip()):
        token = _TOKEN.match(text, place)
        if token is None or (at is None and token["at"] is None):
            raise ValueError(f"{text!r} is no mark: at {text[place:]!r}")
        place = token.end()
        if token["at"] is None and token["any"] is None:
            have += token["text"].encode("latin-1") if token["text"] else bytes.fromhex(token["hex"])
            continue
        if have:
            assert at is not None
            yield Piece(at, bytes(have))
            at += len(have)
            have.clear()
        at = int(token["at"]) if token["at"] else at + 1 if at is not None else 0
    if at is None or not have:
        raise ValueError(f"{text!r} is no mark")
    yield Piece(at, bytes(have))


def _example(text: str) -> bytes:
    mark, _, size = text.partition(" size ")
    pieces = list(_pieces(mark))
    reach = max(piece.at + len(piece.data) if piece.at >= 0 else -piece.at for piece in pieces)
    made = bytearray(max(int(size or 0), reach))
    for piece in pieces:
        start = piece.at if piece.at >= 0 else len(made) + piece.at
        made[start : start + len(piece.data)] = piece.data
    return bytes(made)


def _least(
    found: list[tuple[int, Signature]], best: _Best, head: bytes, tail: bytes, size_bytes: int
) -> _Best:
    for number, row in found:
        if number >= best[0]:
            break
        if row.fits(head, tail, size_bytes):
            return number, row
    return best


@cache
def _index() -> tuple[_Places, _Places]:
    """Return the rows by bytes that each mark needs, of the head and of the tail.

    Of the head: (first, end, bytes -> rows), first to last. Of the tail: (first, count, bytes -> rows), the
    nearest to the end first. Of a mark the longest piece is taken, and of that what is short enough to be
    shared, so that a place takes one look-up.
    """
    found: dict[tuple[int, int], dict[bytes, list[tuple[int, Signature]]]] = {}
    for number, row in enumerate(signatures()):
        for mark in row.marks:
            piece = max(mark, key=lambda each: (min(len(each.data), _KEY_BYTES), each.at == 0))
            key = piece.data[:_KEY_BYTES]
            rows = found.setdefault((piece.at, len(key)), {}).setdefault(key, [])
            if (number, row) not in rows:
                rows.append((number, row))
    head = sorted((at, at + count, rows) for (at, count), rows in found.items() if at >= 0)
    tail = sorted(((at, count, rows) for (at, count), rows in found.items() if at < 0), reverse=True)
    return tuple(head), tuple(tail)


def _stands(piece: Piece, head: bytes, tail: bytes) -> bool:
    if piece.at >= 0:
        return head.startswith(piece.data, piece.at)
    start = len(tail) + piece.at
    return start >= 0 and tail.startswith(piece.data, start)
