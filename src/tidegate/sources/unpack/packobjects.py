"""The objects of one of git's packs: where each lies, and what it is a delta of, found by one run over it.

Source: git-scm.com/docs/gitformat-pack.
"""

from __future__ import annotations

import hashlib
import zlib
from array import array
from collections.abc import Generator, Iterator
from typing import Final

from tidegate.sources.delta import BrokenError as BrokenObjectError
from tidegate.sources.unpack.limits import BrokenError, Budget, ExhaustedError
from tidegate.sources.unpack.reader import Reader

NAMES: Final = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}
TREE: Final = 2
_OFS_DELTA, _REF_DELTA = 6, 7
WIDTHS: Final = {"sha1": 20, "sha256": 32}
"""Bytes of an object's id."""
_PIECE: Final = 1 << 16
_SMALL: Final = 8 << 20
"""Whole objects up to this size are held for the one who reads them; larger ones are inflated once more."""


class Inflation:
    """One zlib stream in a buffer: yields its content; afterwards `end` is where it ended."""

    def __init__(self, data: memoryview, at: int, size: int, budget: Budget) -> None:
        """`size`: of the content, as far as known; a wrong one only costs time."""
        self.end = at
        self._data = data
        self._step = min(size, _PIECE) + 64
        self._budget = budget

    def __iter__(self) -> Iterator[bytes]:
        """Yield pieces. Raises `BrokenObjectError`, after those before the damage."""
        machine = zlib.decompressobj()
        while not machine.eof:
            waiting: bytes | memoryview = self._data[self.end : self.end + self._step]
            if not waiting:
                raise BrokenObjectError("it ends early")
            self.end += len(waiting)
            # The next piece of a long stream need not be short to save a copy of what follows the end.
            self._step = _PIECE
            full = True
            while full and not machine.eof:
                try:
                    out = machine.decompress(waiting, _PIECE)
                except zlib.error as error:
                    raise BrokenObjectError("its compressed bytes are damaged") from error
                if out:
                    self._budget.spend(len(out))
                    yield out
                waiting = machine.unconsumed_tail
                full = bool(waiting) or len(out) == _PIECE
        self.end -= len(machine.unused_data)


class Objects:
    """The objects of a pack by number, in the order they lie in. About 60 bytes are held for each."""

    def __init__(self, data: memoryview, name: str, inner: str, budget: Budget) -> None:
        self.data = data
        self.name = name
        self.width = WIDTHS[name]
        self.inner = inner
        self.budget = budget
        self.end = 12
        self.kinds = bytearray()
        self.offsets = array("q")
        self.starts = array("q")
        """Where the compressed bytes begin."""
        self.sizes = array("q")
        """Of content or delta, really inflated."""
        self.bases = array("q")
        """-1: it is none's delta, or of which one is not known yet."""
        self.first = array("q")
        """The last noted delta of each; the one noted before that is in `next`. -1: there is none."""
        self.next = array("q")
        self.made = bytearray()
        """1: it was read, or need not be."""
        self.wholes = array("q")
        self.ids = bytearray()
        """Those of `wholes`, one after the other."""
        self.awaited: dict[bytes, list[int]] = {}
        """Id of a base -> deltas that name it."""

    def whole(self) -> Iterator[tuple[str, Reader]]:
        """Run over the pack, and yield what is no delta. Raises `BrokenError`, after all that it could."""
        count = int.from_bytes(self.data[8:12], "big")
        for number in range(count):
            if self.end >= len(self.data):
                raise BrokenError(f"git pack ends after {number:,} of {count:,} objects")
            self.budget.member()
            at = self.end
            try:
                kind, size, start = self._header(at)
                start = self._base(kind, at, start)
                yield from self._object(kind, size, start)
            except IndexError:
                raise BrokenError(f"git pack ends inside of the object at byte {at:,}") from None
            except BrokenObjectError as error:
                raise BrokenError(f"git pack: the object at byte {at:,} is damaged: {error}") from None

    def _header(self, at: int) -> tuple[int, int, int]:
        """Return kind and stated size of the object at `at`, and where its header ends."""
        byte = self.data[at]
        kind, size, shift = byte >> 4 & 7, byte & 15, 4
        while byte & 0x80:
            at += 1
            byte = self.data[at]
            size |= (byte & 0x7F) << shift
            shift += 7
            if shift > 67:
                raise BrokenObjectError("its header has no end")
        if kind in (0, 5):
            raise BrokenObjectError("it is of no known kind")
        return kind, size, at + 1

    def _base(self, kind: int, offset: int, at: int) -> int:
        """Note an object, and of which it is a delta; return where its compressed bytes begin."""
        index, base, named = len(self.kinds), -1, b""
        if kind == _OFS_DELTA:
            byte = self.data[at]
            distance = byte & 0x7F
            while byte & 0x80:
                at += 1
                byte = self.data[at]
                distance = distance + 1 << 7 | byte & 0x7F
                if distance > offset:
                    break
            at += 1
            base = self._find(offset - distance)
            if base < 0:
                raise BrokenObjectError("it is a delta of what is no object")
        elif kind == _REF_DELTA:
            named = bytes(self.data[at : at + self.width])
            at += self.width
        self.kinds.append(kind)
        self.offsets.append(offset)
        self.starts.append(at)
        self.sizes.append(0)
        self.bases.append(base)
        self.first.append(-1)
        self.next.append(-1 if base < 0 else self.first[base])
        self.made.append(0)
        if base >= 0:
            self.first[base] = index
        elif named:
            self.awaited.setdefault(named, []).append(index)
        return at

    def _find(self, offset: int) -> int:
        """Return the number of the object at an offset, or -1."""
        low, high = 0, len(self.offsets)
        while low < high:
            middle = (low + high) // 2
            if self.offsets[middle] < offset:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self.offsets) and self.offsets[low] == offset else -1

    def _object(self, kind: int, size: int, start: int) -> Generator[tuple[str, Reader]]:
        """Inflate the last noted object to its end. A damaged one is yielded as far as it goes."""
        index = len(self.kinds) - 1
        name = NAMES.get(kind)
        digest = hashlib.new(self.name, f"{name} {size}\0".encode(), usedforsecurity=False)
        pieces: list[bytes] = []
        total = 0
        stream = Inflation(self.data, start, size, self.budget)
        broken: BrokenObjectError | None = None
        try:
            for piece in stream:
                if total <= _SMALL < total + len(piece):
                    # What states a small size and has grown so far may still be read to its end.
                    self.budget.expect(max(size - total, 0))
                total += len(piece)
                if name is not None:
                    digest.update(piece)
                    if total <= _SMALL:
                        pieces.append(piece)
        except BrokenObjectError as error:
            broken = error
        self.sizes[index] = total
        self.end = stream.end
        if name is not None:
            oid = digest.digest()
            label = f"{name} {oid.hex()}" if broken is None else f"{name} at byte {self.offsets[index]}"
            self.made[index] = 1
            self.wholes.append(index)
            self.ids += oid
            if total != size and broken is None:
                self.gap(label, f"states {size:,} bytes, holds {total:,}")
            if kind != TREE and total > _SMALL:
                yield label, self._reader(index)
            elif kind != TREE:
                yield label, Reader(b"".join(pieces) if broken is None else self._salvage(start))
        if broken is not None:
            raise broken

    def _salvage(self, start: int) -> bytes:
        """Return what stands before the damage: of the input it complains about zlib gives nothing."""
        machine = zlib.decompressobj()
        found = bytearray()
        for at in range(start, len(self.data), 64):
            try:
                found += machine.decompress(self.data[at : at + 64], _SMALL - len(found))
            except zlib.error:
                break
            if machine.eof or len(found) >= _SMALL:
                break
        self.budget.spend(len(found))
        return bytes(found)

    def _reader(self, index: int) -> Reader:
        return Reader(more=self._pieces(index), again=lambda: self._reader(index))

    def _pieces(self, index: int) -> Iterator[bytes]:
        try:
            yield from Inflation(self.data, self.starts[index], _PIECE, self.budget)
        except (BrokenObjectError, ExhaustedError):
            # Told already, or told by the budget: whoever reads sees a shorter document.
            return

    def gap(self, label: str, reason: str) -> None:
        """Note what is wrong with one object."""
        self.budget.gap(f"{self.inner}!/{label}" if self.inner else label, reason)
