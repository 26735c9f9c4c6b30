"""A container: stretches one behind the other, found and listed by name without going through them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import numpy as np

from tidegate.lab.stretch import Stretch

_FAN = 64
"""Names that are looked at together when one is sought: five rounds for 10^9 blobs."""

_AHEAD = (16, 1024)
"""Names that are looked at together for a delimiter: behind a prefix, and as long as none has one."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Blobs [start, stop) of a stretch, of which true files may have cut something off."""

    stretch: Stretch
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Blobs:
    """Blobs [start, stop) of a container, as an entry of a listing."""

    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Listing:
    """One page."""

    entries: tuple[Blobs | bytes, ...]
    """In order; bytes are a prefix that stands for all names below it."""
    after: bytes | None
    """Name that the next page begins with, `None` at the end."""


@dataclass(frozen=True, kw_only=True)
class Container:
    """Blobs by number, in the order of their names' bytes. Raises `ValueError` when pieces overlap."""

    name: str
    pieces: tuple[Piece, ...]
    public: str = ""
    """What anyone may do: `blob`, `container`, or nothing."""
    modified: int = 0
    """Seconds since 1970."""

    def __post_init__(self) -> None:
        ends = [_key(piece.stretch, at) for piece in self.pieces for at in (piece.start, piece.stop - 1)]
        for before, after in zip(ends[1::2], ends[2::2], strict=False):
            if before >= after:
                raise ValueError(f"{self.name}: {before!r} does not stand before {after!r}")

    @cached_property
    def _begins(self) -> list[int]:
        """Return the number of each piece's first blob, and at the end how many there are."""
        return list(accumulate((piece.stop - piece.start for piece in self.pieces), initial=0))

    @cached_property
    def _firsts(self) -> list[bytes]:
        return [_key(piece.stretch, piece.start) for piece in self.pieces]

    @property
    def items(self) -> int:
        """Number of blobs."""
        return self._begins[-1]

    @cached_property
    def size_bytes(self) -> int:
        """Return the exact sum of all sizes."""
        total = 0
        for piece in self.pieces:
            if piece.stop - piece.start == piece.stretch.count:
                total += piece.stretch.sizes.total
            else:
                total += int(piece.stretch.sizes.take(_range(piece.start, piece.stop)).sum())
        return total

    def place(self, number: int) -> tuple[Stretch, int]:
        """Return the stretch of a blob and its number in there. Raises `IndexError`."""
        if not 0 <= number < self.items:
            raise IndexError(number)
        at = bisect_right(self._begins, number) - 1
        piece = self.pieces[at]
        return piece.stretch, piece.start + number - self._begins[at]

    def key(self, number: int) -> bytes:
        """Return a blob's name in UTF-8."""
        return _key(*self.place(number))

    def keys(self, start: int, stop: int) -> list[bytes]:
        """Return the names of blobs [start, stop)."""
        return [name for stretch, a, b in self.cut(start, stop) for name in stretch.keys(_range(a, b))]

    def cut(self, start: int, stop: int) -> Iterator[tuple[Stretch, int, int]]:
        """Yield stretch by stretch what blobs [start, stop) are made of."""
        while start < stop:
            at = bisect_right(self._begins, start) - 1
            piece, begin = self.pieces[at], self._begins[at]
            end = min(stop, self._begins[at + 1])
            yield piece.stretch, piece.start + start - begin, piece.start + end - begin
            start = end

    def find(self, name: bytes) -> int:
        """Return how many names stand before `name`."""
        at = bisect_right(self._firsts, name) - 1
        if at < 0:
            return 0
        piece = self.pieces[at]
        low, high = piece.start, piece.stop
        while low < high:
            step = -(-(high - low) // _FAN)
            tried = np.arange(low, high, step, dtype=np.uint64)
            before = bisect_left(piece.stretch.keys(tried), name)
            if before == 0:
                high = low
            else:
                low, high = low + (before - 1) * step + 1, min(high, low + before * step)
        return self._begins[at] + low - piece.start

    def number(self, name: bytes) -> int | None:
        """Return the number of the blob of this name."""
        found = self.find(name)
        return found if found < self.items and self.key(found) == name else None

    def listing(
        self, limit: int, *, prefix: bytes = b"", delimiter: bytes = b"", after: bytes = b""
    ) -> Listing:
        """Return at most `limit` entries that begin with `prefix`, from the name `after` on.

        With a delimiter, what goes on behind the next one is told as one prefix.
        """
        start = self.find(max(prefix, after))
        stop = self.find(_behind(prefix)) if prefix else self.items
        if not delimiter:
            end = min(stop, start + limit)
            return self._page((Blobs(start, end),) if start < end else (), end, stop)
        entries: list[Blobs | bytes] = []
        left, ahead = limit, _AHEAD[0]
        while start < stop and left:
            names = self.keys(start, min(stop, start + ahead))
            plain = next(
                (n for n, name in enumerate(names) if name.find(delimiter, len(prefix)) >= 0), len(names)
            )
            if plain := min(plain, left):
                entries.append(Blobs(start, start + plain))
                start, left, ahead = start + plain, left - plain, _AHEAD[1]
                continue
            cut = names[0].index(delimiter, len(prefix)) + len(delimiter)
            entries.append(names[0][:cut])
            start, left, ahead = self._behind(start, names[0][:cut]), left - 1, _AHEAD[0]
        return self._page(tuple(entries), start, stop)

    def _behind(self, start: int, prefix: bytes) -> int:
        """Return the first number from `start` on whose name does not begin with `prefix`."""
        stretch, at = self.place(start)
        # Mostly the prefix is one folder of a pattern: looking there saves seeking.
        guess = min(start - at + stretch.folder_end(at), self.items)
        border = self.keys(guess - 1, min(guess + 1, self.items))
        if border[0].startswith(prefix) and not border[-1].startswith(prefix):
            return guess
        return self.find(_behind(prefix))

    def _page(self, entries: tuple[Blobs | bytes, ...], start: int, stop: int) -> Listing:
        return Listing(entries, self.key(start) if start < stop else None)


def in_order(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Sort pieces by their first names."""
    return tuple(sorted(pieces, key=lambda piece: _key(piece.stretch, piece.start)))


def _key(stretch: Stretch, number: int) -> bytes:
    return stretch.keys(_range(number, number + 1))[0]


def _range(start: int, stop: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return np.arange(start, stop, dtype=np.uint64)


def _behind(prefix: bytes) -> bytes:
    """Return the least text that is greater than everything that begins with `prefix`."""
    kept = prefix.rstrip(b"\xff")
    return kept[:-1] + bytes([kept[-1] + 1])
