"""The quick way through a page of blobs: literals and values that tile it exactly, found with NumPy.

A page says the same forty elements five thousand times. What one blob looks like is learned from a blob of
the page, and every other one is held against it: the literals between its values, byte by byte, and where
they stand. A page is taken only if that covers every byte between its first blob and its last, so that
nothing can hide in between; any other page goes through the XML parser. Measured on pages of 5,000 blobs
(3.3 MB) to the finished table, CPU time, best of six on a busy machine: 19 ms this way, 22 ms with a regular
expression, 230 ms through expat.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

MOST_SHAPES: Final = 64
"""Ways in which the blobs of one page may differ in their elements; more variety is left to the parser."""

MOST_ELEMENTS: Final = 64

MOST_BYTES: Final = 1024
"""Of one text: beyond that, filling up all others to its length costs more than the parser."""

BLOCK_BYTES: Final = 4 << 20
"""Looked at together: a usual page whole. Measured: that costs a listing a twentieth to a tenth less than
blocks of 512 KiB."""

STEADY: Final = frozenset(
    "Properties/" + tag
    for tag in ("AccessTierInferred", "BlobType", "LeaseState", "LeaseStatus", "ServerEncrypted")
)
"""Leaves that have few different texts: these count as a part of the shape, which is quicker to compare."""

WANTED: Final = (
    "Name",
    "Snapshot",
    "VersionId",
    "IsCurrentVersion",
    "Deleted",
    "Properties/Creation-Time",
    "Properties/Last-Modified",
    "Properties/Etag",
    "Properties/ResourceType",
    "Properties/Content-Length",
    "Properties/Content-Type",
    "Properties/Content-MD5",
    "Properties/AccessTier",
)
"""Leaves of a blob that an inventory keeps."""

_LEAF = re.compile(r"<(?P<tag>[A-Za-z][A-Za-z0-9_-]{0,63})(?:>(?P<value>[^<]*)</(?P=tag)>| ?/>)")
_SECTION: Final = "Properties"
_OPEN, _CLOSE = b"<Blob>", b"</Blob>"
_LESS: Final = ord("<")

Places = NDArray[np.int64]
"""Offsets into a page, one a row."""
Cells = NDArray[np.bytes_]
"""(n,), texts of one leaf; NUL, which no page holds, fills up what is shorter."""


@dataclass(frozen=True, slots=True)
class Tiles:
    """A page that was tiled."""

    cells: Mapping[str, Cells]
    """Leaf -> its text in every blob, empty where it has none. A leaf that no blob has is left out."""
    ampersands: int
    """In all blobs. Entities are still to be undone."""
    rest: bytes
    """The page without its blobs: still to be read as XML, and to be free of blobs."""


@dataclass(frozen=True, slots=True)
class _Literal:
    """Bytes that stand between two values."""

    text: bytes
    mark: int
    """Which `<` of its blob it begins with."""
    key: str
    """Leaf whose value follows; empty behind the last one."""
    ends: int
    """Which `<` ends that value; behind the last one, how many there are."""


_Shape = Sequence[_Literal]


_Span = NDArray[np.int64]
"""(2, n): where the text of one leaf begins, and where it ends, in every blob."""


def tile(page: bytes) -> Tiles | None:
    """Return what stands in a page, or `None` when the parser must judge it."""
    if not _plain(page):
        return None
    start, stop = page.find(b"<Blobs><Blob>") + len(b"<Blobs>"), page.rfind(b"</Blob></Blobs>") + len(_CLOSE)
    if start < len(b"<Blobs>") or stop < start:
        return None
    shapes: list[_Shape] = []
    blocks: list[tuple[int, dict[str, Cells]]] = []
    begin = start
    while begin < stop:
        cut = page.find(_CLOSE + _OPEN, min(begin + BLOCK_BYTES, stop), stop)
        end = stop if cut < 0 else cut + len(_CLOSE)
        block = _block(page, begin, end, shapes)
        if block is None:
            return None
        blocks.append(block)
        begin = end
    keys = {key for _, cells in blocks for key in cells}
    return Tiles(
        {
            key: np.concatenate([cells.get(key, np.zeros(rows, "S1")) for rows, cells in blocks])
            for key in WANTED
            if key in keys
        },
        _count(page, b"&", start, stop),
        page[:start] + page[stop:],
    )


def _windows(page: bytes, width: int) -> Cells:
    """Return, for every offset, the `width` bytes from there on: a view, of which only rows are copied."""
    return np.ndarray((max(0, len(page) - width + 1),), f"S{width}", page, 0, (1,))


def _plain(page: bytes) -> bool:
    """Whether the page is UTF-8 that holds nothing XML forbids or rewrites in plain text."""
    body = np.frombuffer(page, np.uint8)[3:]
    if body.min(initial=255) < ord(" "):  # control characters and line ends
        return False
    if b"]" in page and b"]]>" in page:
        return False
    if body.max(initial=0) < 128 and page[:3] in (b"\xef\xbb\xbf", b"<?x"):
        return True
    try:
        text = page.decode()
    except UnicodeDecodeError:
        return False
    # Noncharacters, which XML forbids.
    return "\ufffe" not in text and "\uffff" not in text


def _block(page: bytes, start: int, stop: int, shapes: list[_Shape]) -> tuple[int, dict[str, Cells]] | None:
    """Return how many blobs there are in [start, stop), and their texts; `None` when one fits no shape.

    shapes: that other blocks have, the last one the likeliest; what is learned here is added.
    """
    marks = np.flatnonzero(np.frombuffer(page, np.uint8, stop - start, start) == _LESS) + start
    known = list(shapes)
    firsts = _firsts(page, marks)
    ends = np.append(marks[firsts[1:]], stop)
    counts = np.diff(firsts, append=len(marks))
    spans: dict[str, _Span] = {}
    left = np.ones(len(firsts), np.bool_)
    while left.any():
        row = int(left.argmax())
        shape = known.pop() if known else _learn(page[marks[firsts[row]] : ends[row]], shapes)
        if shape is None:
            return None
        same = np.flatnonzero(left & (counts == shape[-1].ends))
        rows = same[_hold(page, marks, firsts[same], ends[same], shape)]
        left[rows] = False
        for literal in shape:
            if literal.key in WANTED and len(rows):
                if literal.key not in spans:
                    spans[literal.key] = np.zeros((2, len(firsts)), np.int64)
                # The literal holds all `<` up to the value, so the next one ends it.
                spans[literal.key][0, rows] = marks[firsts[rows] + literal.mark] + len(literal.text)
                spans[literal.key][1, rows] = marks[firsts[rows] + literal.ends]
    cells = {key: _cut(page, *span) for key, span in spans.items()}
    widest = max(each.itemsize for each in cells.values())
    return None if widest > MOST_BYTES else (len(firsts), cells)


def _firsts(page: bytes, marks: Places) -> NDArray[np.int64]:
    """Return which marks begin a blob; quickly if all have as many as the first."""
    second = page.find(_OPEN, int(marks[0]) + 1)
    step = int(np.searchsorted(marks, second)) if second >= 0 else len(marks)
    # A wrong guess does no harm: every byte is compared in the end.
    if len(marks) % step == 0 and _stands(page, marks[::step], _OPEN).all():
        return np.arange(0, len(marks), step)
    likely = np.flatnonzero(np.frombuffer(page, np.uint8)[marks + 1] == _OPEN[1])
    return likely[_stands(page, marks[likely], _OPEN)]


def _stands(page: bytes, at: Places, literal: bytes) -> NDArray[np.bool_]:
    """Say for each offset whether `literal` stands there. Offsets ascend."""
    last = len(page) - len(literal)
    if last < 0 or not len(at):
        return np.zeros(len(at), np.bool_)
    if at[-1] <= last:
        found = _windows(page, len(literal))[at]
        # As one text: four times as fast as row by row, and mostly the answer.
        if found.tobytes() == literal * len(at):
            return np.ones(len(at), np.bool_)
    same: NDArray[np.bool_] = _windows(page, len(literal))[np.minimum(at, last)] == literal
    return same & (at <= last)


def _hold(
    page: bytes, marks: Places, first: NDArray[np.int64], end: Places, shape: _Shape
) -> NDArray[np.int64]:
    """Return which blobs are tiled by a shape. first: the first mark of each. end: where it ends."""
    rows = np.arange(len(first))
    # From behind: there, blobs of one account differ.
    for literal in reversed(shape):
        at = marks[first + literal.mark]
        fits = _stands(page, at, literal.text)
        if not literal.key:
            fits &= at + len(literal.text) == end
        if not fits.all():
            rows, first = rows[fits], first[fits]
    return rows


def _cut(page: bytes, begin: Places, end: Places) -> Cells:
    """Return the bytes [begin, end) of every row; cut at `MOST_BYTES` + 1."""
    lengths = end - begin
    width = min(max(1, int(lengths.max())), MOST_BYTES + 1)
    last = len(page) - width
    found = _windows(page, width)[np.minimum(begin, last)]
    for row in np.flatnonzero(begin > last).tolist():  # the page ends before a text of that width could
        found[row] = page[begin[row] : end[row]]
    if lengths.min() < width:
        inside = np.arange(width) < lengths[:, None]
        found = (found.view(np.uint8).reshape(-1, width) * inside).view(found.dtype).ravel()
    return found


def _count(page: bytes, sign: bytes, start: int, stop: int) -> int:
    """Count what is mostly not there: to find none takes a fortieth of the time."""
    return page.count(sign, start, stop) if page.find(sign, start, stop) >= 0 else 0


def _learn(blob: bytes, shapes: list[_Shape]) -> _Shape | None:
    """Return the shape of one blob, which is new; `None` when there are too many, or it is strange."""
    shape = None if len(shapes) >= MOST_SHAPES else _literals(blob)
    # A blob must fit what was learned from it.
    if shape is None or shape in shapes:
        return None
    shapes.append(shape)
    return shape


def _literals(blob: bytes) -> _Shape | None:
    """Cut one blob at its values; `None` when its elements nest in a way that is not ours."""
    tags = _elements(blob.decode()[len(_OPEN) : -len(_CLOSE)])
    if tags is None:
        return None
    literals = []
    text, begins, marks = _OPEN, 0, 1
    for key, written in tags:
        start, value, end = written
        text += start
        marks += 1
        if value is not None and key in STEADY:
            text += value
        elif value is not None:
            literals.append(_Literal(text, begins, key, marks))
            text, begins = b"", marks
        text += end
        marks += bool(end)
    literals.append(_Literal(text + _CLOSE, begins, "", marks + 1))
    return literals


_Written = tuple[bytes, bytes | None, bytes]
"""Start tag, value, end tag; of what is no leaf, or empty, only the tag."""


def _elements(blob: str) -> list[tuple[str, _Written]] | None:
    """Return the elements of one blob, or `None` when they nest in a way that is not ours."""
    before, opened, rest = blob.partition(f"<{_SECTION}>")
    inside, closed, after = rest.partition(f"</{_SECTION}>")
    head, body, tail = _leaves(before, ""), _leaves(inside, _SECTION + "/"), _leaves(after, "")
    if not opened or not closed or head is None or body is None or tail is None:
        return None
    begin, end = (_SECTION, (opened.encode(), None, b"")), ("/" + _SECTION, (closed.encode(), None, b""))
    tags = [*head, begin, *body, end, *tail]
    keys = [key for key, _ in tags]
    if len(keys) > MOST_ELEMENTS or len(set(keys)) != len(keys) or keys[0] != "Name":
        return None
    return tags


def _leaves(part: str, prefix: str) -> list[tuple[str, _Written]] | None:
    """Return the elements that make up the whole of `part`, or `None`."""
    leaves: list[tuple[str, _Written]] = []
    position = 0
    while len(leaves) <= MOST_ELEMENTS and (match := _LEAF.match(part, position)):
        tag, value = match["tag"], match["value"]
        if value is None:
            written: _Written = match[0].encode(), None, b""
        else:
            written = f"<{tag}>".encode(), value.encode(), f"</{tag}>".encode()
        leaves.append((prefix + tag, written))
        position = match.end()
    return leaves if position == len(part) else None
