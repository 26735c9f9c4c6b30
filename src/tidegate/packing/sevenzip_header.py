"""The header of a 7z archive: where the streams are, how they were packed, what the files are called."""

from __future__ import annotations

from itertools import accumulate
from typing import Final

from tidegate.records import dataclass

_END: Final = 0
_HEADER: Final = 1
_PROPERTIES: Final = 2
_MORE_STREAMS: Final = 3
_STREAMS: Final = 4
_FILES: Final = 5
_PACK: Final = 6
_UNPACK: Final = 7
_PARTS: Final = 8
_SIZES: Final = 9
_DIGESTS: Final = 10
_FOLDERS: Final = 11
_UNPACK_SIZES: Final = 12
_PART_COUNTS: Final = 13
_EMPTY_STREAMS: Final = 14
_NAMES: Final = 17
_PACKED_HEADER: Final = 23
_CODERS: Final = 32
"""More in one folder are refused, as the format's own reader does."""
_FIRST_BYTE: Final = 32
"""Offsets count from behind the signature header."""


@dataclass(frozen=True, slots=True)
class Coder:
    """One step of unpacking."""

    id: bytes
    properties: bytes


@dataclass(frozen=True, slots=True)
class Folder:
    """One packed stream, and the files in it one after the other."""

    coders: tuple[Coder, ...]
    """First to last, as they are undone. Empty when they do not form a chain."""
    start: int
    packed: int
    size: int
    parts: tuple[int, ...]
    """Bytes of each file."""


@dataclass(frozen=True, slots=True)
class Archive:
    """What one header says."""

    folders: tuple[Folder, ...]
    names: tuple[str, ...]
    """Of the files that are not empty: as many as the folders have parts, if it is sound."""
    header: Folder | None = None
    """The real header is packed there."""


def parse(header: memoryview, most: int) -> Archive:
    """Return what the header says. Raises `ValueError` when it is none, or counts beyond `most`."""
    cursor = _Cursor(header, most)
    try:
        return _parse(cursor)
    except IndexError:
        raise ValueError("7z header ends early") from None


class _Cursor:
    """Reads the header's numbers. Raises `IndexError` behind its end."""

    def __init__(self, data: memoryview, most: int) -> None:
        self.data = data
        self.at = 0
        self.most = most

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def take(self, count: int) -> bytes:
        piece = self.data[self.at : self.at + count]
        if len(piece) < count:
            raise IndexError
        self.at += count
        return bytes(piece)

    def number(self) -> int:
        """As many leading ones in the first byte, as many bytes follow; its other bits are the highest."""
        first = self.byte()
        for extra in range(8):
            if not first & 0x80 >> extra:
                low = int.from_bytes(self.take(extra), "little")
                return low | (first & (0x7F >> extra)) << 8 * extra
        return int.from_bytes(self.take(8), "little")

    def count(self) -> int:
        """Read a number of things each of which takes memory here."""
        number = self.number()
        if number > self.most:
            raise ValueError(f"7z header counts {number:,} entries")
        return number

    def bits(self, count: int) -> list[bool]:
        data = self.take((count + 7) // 8)
        return [bool(data[index >> 3] & 0x80 >> (index & 7)) for index in range(count)]

    def skip_digests(self, count: int) -> list[bool]:
        defined = [True] * count if self.byte() else self.bits(count)
        self.take(4 * sum(defined))
        return defined

    def expect(self, wanted: int) -> None:
        got = self.byte()
        if got != wanted:
            raise ValueError(f"7z header is damaged: {got} where {wanted} should be")


def _parse(cursor: _Cursor) -> Archive:
    kind = cursor.byte()
    if kind == _PACKED_HEADER:
        folders = _streams(cursor)
        if not folders:
            raise ValueError("7z with a packed header that is nowhere")
        return Archive((), (), folders[0])
    if kind != _HEADER:
        raise ValueError("7z header is damaged or encrypted")
    folders, names = [], []
    while (kind := cursor.byte()) != _END:
        if kind == _PROPERTIES:
            while cursor.byte():
                cursor.take(cursor.number())
        elif kind == _MORE_STREAMS:
            _streams(cursor)
        elif kind == _STREAMS:
            folders = _streams(cursor)
        elif kind == _FILES:
            names = _files(cursor)
        else:
            raise ValueError(f"7z header is damaged: property {kind}")
    return Archive(tuple(folders), tuple(names))


def _streams(cursor: _Cursor) -> list[Folder]:
    start, packed = 0, list[int]()
    chains: list[tuple[tuple[Coder, ...], int, int]] = []
    sizes: list[int] = []
    parts: list[list[int]] | None = None
    while (kind := cursor.byte()) != _END:
        if kind == _PACK:
            start, packed = _pack_info(cursor)
        elif kind == _UNPACK:
            chains, sizes, digests = _unpack_info(cursor)
            parts = [[size] for size in sizes]
        elif kind == _PARTS:
            parts = _part_sizes(cursor, sizes, digests if chains else [])
        else:
            raise ValueError(f"7z header is damaged: property {kind}")
    folders, stream = [], 0
    starts = [start + _FIRST_BYTE + offset for offset in accumulate(packed, initial=0)]
    for (coders, streams, first), size, part in zip(chains, sizes, parts or [], strict=False):
        at = stream + first
        stream += streams
        if at < len(packed):
            folders.append(Folder(coders, starts[at], packed[at], size, tuple(part)))
    return folders


def _pack_info(cursor: _Cursor) -> tuple[int, list[int]]:
    start, count = cursor.number(), cursor.count()
    sizes: list[int] = []
    while (kind := cursor.byte()) != _END:
        if kind == _SIZES:
            sizes = [cursor.number() for _ in range(count)]
        elif kind == _DIGESTS:
            cursor.skip_digests(count)
        else:
            raise ValueError(f"7z header is damaged: property {kind}")
    return start, sizes


def _unpack_info(cursor: _Cursor) -> tuple[list[tuple[tuple[Coder, ...], int, int]], list[int], list[bool]]:
    """Return the chains, each with its packed streams and which is first; sizes; which digests are known."""
    cursor.expect(_FOLDERS)
    count = cursor.count()
    if cursor.byte():
        raise ValueError("7z header that lies elsewhere is not read")
    chains, finals, outputs = [], [], []
    for _ in range(count):
        chain, streams, first, final, coders = _folder(cursor)
        chains.append((chain, streams, first))
        finals.append(final)
        outputs.append(coders)
    cursor.expect(_UNPACK_SIZES)
    sizes = []
    for final, number in zip(finals, outputs, strict=True):
        sizes.append([cursor.number() for _ in range(number)][final])
    digests = [False] * count
    while (kind := cursor.byte()) != _END:
        if kind != _DIGESTS:
            raise ValueError(f"7z header is damaged: property {kind}")
        digests = cursor.skip_digests(count)
    return chains, sizes, digests


def _folder(cursor: _Cursor) -> tuple[tuple[Coder, ...], int, int, int, int]:
    """Return the chain, how many packed streams it has, 0, the number of its last output, and of outputs."""
    coders, inputs, outputs = [], 0, 0
    simple = True
    for _ in range(min(cursor.number(), _CODERS + 1)):
        flags = cursor.byte()
        name = cursor.take(flags & 15)
        ins, outs = (cursor.number(), cursor.number()) if flags & 0x10 else (1, 1)
        properties = cursor.take(cursor.number()) if flags & 0x20 else b""
        simple = simple and ins == outs == 1
        inputs, outputs = inputs + ins, outputs + outs
        coders.append(Coder(name, properties))
        if inputs > _CODERS or outputs > _CODERS:
            raise ValueError("7z header with too many coders")
    if not coders or not outputs:
        raise ValueError("7z header with a folder of nothing")
    feeds = {}
    bound_outputs = set()
    for _ in range(outputs - 1):
        target, origin = cursor.number(), cursor.number()
        feeds[origin] = target
        bound_outputs.add(origin)
    streams = inputs - (outputs - 1)
    packed = [cursor.number() for _ in range(streams)] if streams > 1 else []
    final = next((index for index in range(outputs) if index not in bound_outputs), 0)
    if not simple or packed:
        # BCJ2 and its like. Their first coder says what it was that is not read.
        return (
            (next((c for c in coders if c.id == b"\x03\x03\x01\x1b"), coders[0]),),
            streams,
            0,
            final,
            outputs,
        )
    at = next((index for index in range(inputs) if index not in feeds.values()), 0)
    chain = [coders[at]]
    while at in feeds and len(chain) < len(coders) and feeds[at] < len(coders):
        at = feeds[at]
        chain.append(coders[at])
    return tuple(chain), streams, 0, final, outputs


def _part_sizes(cursor: _Cursor, sizes: list[int], digests: list[bool]) -> list[list[int]]:
    counts = [1] * len(sizes)
    parts: list[list[int]] | None = None
    while (kind := cursor.byte()) != _END:
        if kind == _PART_COUNTS:
            counts = [cursor.count() for _ in sizes]
            if sum(counts) > cursor.most:
                raise ValueError(f"7z header counts {sum(counts):,} entries")
        elif kind == _SIZES:
            parts = []
            for size, count in zip(sizes, counts, strict=True):
                some = [cursor.number() for _ in range(count - 1)]
                parts.append([*some, max(size - sum(some), 0)] if count else [])
        elif kind == _DIGESTS:
            known = [count == 1 and digest for count, digest in zip(counts, digests, strict=True)]
            cursor.skip_digests(sum(count for count, each in zip(counts, known, strict=True) if not each))
        else:
            raise ValueError(f"7z header is damaged: property {kind}")
    if parts is None:
        parts = [[size] * (count == 1) for size, count in zip(sizes, counts, strict=True)]
    return parts


def _files(cursor: _Cursor) -> list[str]:
    """Return the names of the files that have a stream."""
    count = cursor.count()
    names: list[str] = []
    empty = [False] * count
    while (kind := cursor.byte()) != _END:
        data = _Cursor(memoryview(cursor.take(cursor.number())), cursor.most)
        if kind == _EMPTY_STREAMS:
            empty = data.bits(count)
        elif kind == _NAMES and not data.byte():
            text = bytes(data.data[1:]).decode("utf-16-le", "replace")
            names = text.split("\x00")[:count]
    names += [""] * (count - len(names))
    return [name for name, is_empty in zip(names, empty, strict=True) if not is_empty]
