"""git's packs and bundles, read from the front, without an index.

Where an object ends is known only when it is inflated, so that this is done once for all: whole objects are
handed out on the way, deltas noted. Then each whole object that others are deltas of is read again, with
what is made from it: few of them are held, the others are where they were, in the pack.
Source: git-scm.com/docs/gitformat-pack, gitformat-bundle.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Final

from tidegate.sources.delta import BrokenError as BrokenObjectError
from tidegate.sources.delta import apply_delta, delta_sizes, inserted
from tidegate.sources.unpack.limits import BrokenError, Budget
from tidegate.sources.unpack.packobjects import NAMES, TREE, WIDTHS, Inflation, Objects
from tidegate.sources.unpack.reader import Reader
from tidegate.sources.unpack.streams import AFTER

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
    for name, width in WIDTHS.items():
        if hashlib.new(name, data[:-width], usedforsecurity=False).digest() == data[-width:]:
            return name
    return "sha1"


class _Base:
    """An object that is waited for by deltas."""

    __slots__ = ("children", "content", "index")

    def __init__(self, index: int, children: list[int], content: bytes | None) -> None:
        self.index = index
        self.children = children
        self.content = content
        """`None`: given up."""


class _Pack(Objects):
    """Adds what is made by deltas."""

    def deltas(self) -> Members:
        """Yield what is made by deltas, and of those without a base what they bring along."""
        for trees in (False, True):
            for number, index in enumerate(self.wholes):
                # What is made from a tree is one; it is of use only for deltas that name it.
                if (self.kinds[index] == TREE) != trees or (trees and not self.awaited):
                    continue
                oid = bytes(self.ids[number * self.width : (number + 1) * self.width])
                if self.first[index] >= 0 or oid in self.awaited:
                    yield from self._family(index, oid)
        yield from self._lost()

    def _family(self, whole: int, oid: bytes) -> Members:
        """Yield all that is made from one object, depth first."""
        name = NAMES[self.kinds[whole]]
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
                self.gap(f"{name} at byte {self.offsets[child]}", str(error))
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
        return b"".join(Inflation(self.data, self.starts[index], self.sizes[index], self.budget))

    def _check(self, size: int) -> None:
        if size > self.budget.limits.member_bytes:
            raise BrokenObjectError(f"larger than {self.budget.limits.member_bytes:,} bytes")

    def _hash(self, name: str, content: bytes) -> bytes:
        digest = hashlib.new(self.name, f"{name} {len(content)}\0".encode(), usedforsecurity=False)
        digest.update(content)
        return digest.digest()

    def _lost(self) -> Members:
        """Tell what could not be made. The text that a delta adds is in it, whatever it is added to."""
        trees = bytearray(len(self.kinds))
        lost = 0
        for index, kind in enumerate(self.kinds):
            base = self.bases[index]
            trees[index] = kind == TREE or (base >= 0 and trees[base])
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
        for name, width in WIDTHS.items():
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
