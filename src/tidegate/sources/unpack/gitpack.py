"""git's packs and bundles, read from the front, without an index.

Where an object ends is known only when it is inflated, so that this is done once for all: whole objects are
handed out on the way, deltas noted. Then each whole object that others are deltas of is read again, with
what is made from it: few of them are held, the others are where they were, in the pack.
Source: git-scm.com/docs/gitformat-pack, gitformat-bundle.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from array import array
from collections.abc import Generator, Iterator
from typing import Final

from tidegate.sources.delta import BrokenError as BrokenObjectError
from tidegate.sources.delta import apply_delta, delta_sizes, inserted
from tidegate.sources.unpack.limits import BrokenError, Budget, ExhaustedError
from tidegate.sources.unpack.reader import Reader
from tidegate.sources.unpack.streams import AFTER

_NAMES: Final = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}
_TREE, _OFS_DELTA, _REF_DELTA = 2, 6, 7
_WIDTHS: Final = {"sha1": 20, "sha256": 32}
_PIECE: Final = 1 << 16
_SMALL: Final = 8 << 20
"""Whole objects up to this size are held for the one who reads them; larger ones are inflated once more."""
_HELD: Final = 64 << 20
"""Bytes of bases that are held for deltas to come. Beyond it they are given up, and made again."""
_HEADER_END: Final = re.compile(rb"\n\n")

Members = Iterator[tuple[str, Reader]]


def open_pack(source: Reader, inner: str, budget: Budget) -> Members:
    """Yield blobs, commits and tags as `blob <id>`. Damage ends it, after all that does not need the rest."""
    data = source.take(1 << 62)
    yield from _members(data, _hash_of(data), inner, budget)


def open_bundle(source: Reader, inner: str, budget: Budget) -> Members:
    """Yield the header, which names branches and tags, then what is in the pack."""
    data = source.take(1 << 62)
    end = _HEADER_END.search(data)
    if end is None:
        raise BrokenError("git bundle without the end of its header")
    lines = bytes(data[: end.start()]).split(b"\n")[1:]
    yield "header", Reader(b"\n".join(lines))
    if any(line.startswith(b"@filter=") for line in lines):
        budget.gap(inner, "a filter left objects out of this bundle")
    name = "sha256" if b"@object-format=sha256" in lines else "sha1"
    yield from _members(data[end.end() :], name, inner, budget)


def _members(data: memoryview, name: str, inner: str, budget: Budget) -> Members:
    if len(data) < 12 or bytes(data[:8]) not in (b"PACK\0\0\0\2", b"PACK\0\0\0\3"):
        raise BrokenError("no git pack, or of an unknown version")
    pack = _Pack(data, name, inner, budget)
    broken: BrokenError | None = None
    try:
        yield from pack.whole()
    except BrokenError as error:
        broken = error
    yield from pack.deltas()
    if broken is not None:
        raise broken
    yield from pack.rest()


def _hash_of(data: memoryview) -> str:
    """Return by which hash objects are named, which only the checksum at the end tells."""
    for name, width in _WIDTHS.items():
        if hashlib.new(name, data[:-width], usedforsecurity=False).digest() == data[-width:]:
            return name
    return "sha1"


class _Inflation:
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


class _Base:
    """An object that is waited for by deltas."""

    __slots__ = ("children", "content", "index")

    def __init__(self, index: int, children: list[int], content: bytes | None) -> None:
        self.index = index
        self.children = children
        self.content = content
        """`None`: given up."""


class _Pack:
    """The objects of a pack by number, in the order they lie in. About 60 bytes are held for each."""

    def __init__(self, data: memoryview, name: str, inner: str, budget: Budget) -> None:
        self.data = data
        self.name = name
        self.width = _WIDTHS[name]
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

    def whole(self) -> Members:
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
        name = _NAMES.get(kind)
        digest = hashlib.new(self.name, f"{name} {size}\0".encode(), usedforsecurity=False)
        pieces: list[bytes] = []
        total = 0
        stream = _Inflation(self.data, start, size, self.budget)
        broken: BrokenObjectError | None = None
        try:
            for piece in stream:
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
                self._gap(label, f"states {size:,} bytes, holds {total:,}")
            if kind != _TREE and total > _SMALL:
                yield label, self._reader(index)
            elif kind != _TREE:
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
            yield from _Inflation(self.data, self.starts[index], _PIECE, self.budget)
        except (BrokenObjectError, ExhaustedError):
            # Told already, or told by the budget: whoever reads sees a shorter document.
            return

    def deltas(self) -> Members:
        """Yield what is made by deltas, and of those without a base what they bring along."""
        for trees in (False, True):
            for number, index in enumerate(self.wholes):
                # What is made from a tree is one; it is of use only for deltas that name it.
                if (self.kinds[index] == _TREE) != trees or (trees and not self.awaited):
                    continue
                oid = bytes(self.ids[number * self.width : (number + 1) * self.width])
                if self.first[index] >= 0 or oid in self.awaited:
                    yield from self._family(index, oid)
        yield from self._lost()

    def _family(self, whole: int, oid: bytes) -> Members:
        """Yield all that is made from one object, depth first."""
        name = _NAMES[self.kinds[whole]]
        waiting = [_Base(whole, self._children(whole, oid), None)]
        held = 0
        while waiting:
            base = waiting[-1]
            child = base.children.pop()
            try:
                if base.content is None:
                    base.content = self._make(base.index)
                    held += len(base.content)
                content = base.content
                if not base.children:
                    waiting.pop()
                    held -= len(content)
                    base.content = None
                content = self._apply(child, content)
            except BrokenObjectError as error:
                self._gap(f"{name} at byte {self.offsets[child]}", str(error))
                if not base.children and waiting and waiting[-1] is base:
                    waiting.pop()
                continue
            self.made[child] = 1
            oid = self._hash(name, content)
            if name != "tree":
                yield f"{name} {oid.hex()}", Reader(content)
            if below := self._children(child, oid):
                waiting.append(_Base(child, below, content))
                held += len(content)
                held -= _relieve(waiting, held)

    def _children(self, index: int, oid: bytes) -> list[int]:
        """Return the deltas of an object; those that named it are none of another's afterwards."""
        found = self.awaited.pop(oid, [])
        for each in found:
            self.bases[each] = index
        each = self.first[index]
        while each >= 0:
            found.append(each)
            each = self.next[each]
        return found

    def _make(self, index: int) -> bytes:
        """Return an object from the pack's bytes alone."""
        line = [index]
        while self.bases[line[-1]] >= 0:
            line.append(self.bases[line[-1]])
        content = self._inflate(line.pop())
        while line:
            content = self._apply(line.pop(), content)
        return content

    def _apply(self, index: int, base: bytes) -> bytes:
        delta = self._inflate(index)
        _, size = delta_sizes(delta)
        self._check(size)
        self.budget.spend(size)
        return apply_delta(base, delta)

    def _inflate(self, index: int) -> bytes:
        self._check(self.sizes[index])
        return b"".join(_Inflation(self.data, self.starts[index], self.sizes[index], self.budget))

    def _check(self, size: int) -> None:
        if size > self.budget.limits.member_bytes:
            raise BrokenObjectError(f"larger than {self.budget.limits.member_bytes:,} bytes")

    def _hash(self, name: str, content: bytes) -> bytes:
        digest = hashlib.new(self.name, f"{name} {len(content)}\0".encode(), usedforsecurity=False)
        digest.update(content)
        return digest.digest()

    def _gap(self, label: str, reason: str) -> None:
        self.budget.gap(f"{self.inner}!/{label}" if self.inner else label, reason)

    def _lost(self) -> Members:
        """Tell what could not be made. The text that a delta adds is in it, whatever it is added to."""
        trees = bytearray(len(self.kinds))
        lost = 0
        for index, kind in enumerate(self.kinds):
            base = self.bases[index]
            trees[index] = kind == _TREE or (base >= 0 and trees[base])
            if self.made[index] or trees[index]:
                continue
            lost += 1
            try:
                yield f"delta at byte {self.offsets[index]}", Reader(inserted(self._inflate(index)))
            except BrokenObjectError:
                continue
        if lost:
            named = next(iter(self.awaited), b"").hex()
            which = f", such as {named}" if named else ""
            self.budget.gap(self.inner, f"{lost:,} objects are deltas of others that are not here{which}")

    def rest(self) -> Members:
        """Yield what follows the checksum; tell when that is not where it should be."""
        rest = self.data[self.end :]
        if len(rest) <= self.width:
            return
        for name, width in _WIDTHS.items():
            if hashlib.new(name, self.data[: self.end], usedforsecurity=False).digest() == rest[:width]:
                if len(rest) > width:
                    yield AFTER, Reader(rest[width:])
                return
        self.budget.gap(self.inner, f"git pack: {len(rest):,} bytes follow the objects that it counts")
        yield AFTER, Reader(rest)


def _relieve(waiting: list[_Base], held: int) -> int:
    """Give up bases, the ones that will be asked for last first; return how many bytes of them."""
    freed = 0
    for base in waiting[:-1]:
        if held - freed <= _HELD:
            break
        if base.content is not None:
            freed += len(base.content)
            base.content = None
    return freed
