"""Laying objects into batches, containers opened."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence

from tidegate.model.document import AROUND_BYTES, Batch, Tally
from tidegate.sources.delta import changed
from tidegate.sources.git.read import Change
from tidegate.sources.unpack import ALSO_RAW, HEAD_BYTES, STARTS, ZIP_END, Limits, sniff, sniff_end, unpack

BUFFER_BYTES = 1 << 20
_ZIP_TAIL_BYTES = 22 + 0xFFFF
"""The end of a zip and its longest comment."""
_MAILS = ("mail", "mbox")
_ENCODED = b"content-transfer-encoding:"
"""A mail without it hides nothing, and need not be opened: git/git keeps 40,000 headers of mails as notes."""
ALONE_BYTES = 64 << 10
"""From this size a document is a batch of its own, and not copied."""


_HELD_BYTES = 1 << 20
"""Of documents that are laid down in part, so much is held until they are looked through. With 8 MiB the next
ones are made in memory that no cache holds, which costs as much as is won."""
_WORTH_BYTES = 24 << 10
"""Below this a document is laid down whole: to find out what is new in it costs more."""


def _kind(content: bytes) -> str | None:
    """Return which container it is, or `None`; asked of every script and program as well."""
    size = len(content)
    kind = sniff(content[:HEAD_BYTES], size)
    if kind is None:
        tail = max(size - _ZIP_TAIL_BYTES, 0)
        # A zip's end has zero bytes, a script has none: to seek those is ten times as fast.
        if content.find(0, tail) >= 0 and content.find(ZIP_END, tail) >= 0:
            return sniff_end(content[:HEAD_BYTES], size, lambda last: content[-last:])
        return None
    if kind in _MAILS and _ENCODED not in content.lower():
        return None
    return kind


class Layer:
    """Collects documents into batches, of which the last two share nothing.

    What it returns, or yields, is to be scanned before the next document is put.
    """

    def __init__(self, tally: Tally, limits: Limits | None = None, *, containers: bool = True) -> None:
        """`containers`: open them; else they are laid down as they are."""
        self._tally = tally
        self._coverage = tally.coverage
        self._containers = containers
        self._limits = limits or Limits()
        self._buffer, self._other = bytearray(BUFFER_BYTES), bytearray(BUFFER_BYTES)
        self._view = memoryview(self._buffer)
        self._at = 0
        self._held = 0
        self._marked: set[Hashable] = set()
        self._opened: set[Hashable] = set()
        """Containers of which only the members were laid down."""
        self._batch = Batch(self._view, marked=self._marked)

    def put(self, label: Hashable, content: bytes, *, count: bool = True) -> Sequence[Batch]:
        """Lay one document down; returns the batches that are full by it.

        `count`: it is a document of its own; without it, only its bytes are counted.
        """
        size = len(content)
        self._coverage.documents += count
        self._coverage.bytes += size
        if size >= ALONE_BYTES:
            return (Batch(content, [0], [size], [label], marked=self._marked),)
        at = self._at
        full: Sequence[Batch] = ()
        if at + size >= BUFFER_BYTES:
            full = self.flush()
            at = 0
        stop = at + size
        self._view[at:stop] = content
        # A line end between two documents: the first word of one must not begin inside the last of another.
        self._buffer[stop] = 0x0A
        batch = self._batch
        batch.starts.append(at)
        batch.ends.append(stop)
        batch.labels.append(label)
        self._at = stop + 1
        return full

    def put_file(
        self, label: Hashable, content: bytes, change: Change | None = None, *, count: bool = True
    ) -> Iterable[Batch]:
        """Lay a file down: itself, or if it is a container what is in it, as `(label, inner path)`.

        `change`: how it differs from an earlier one, if anybody knows; then only that may be laid down.
        """
        size = len(content)
        if size and self._containers:
            # Asked of every blob, so that it must cost nothing.
            test = STARTS.get(content[0])
            if (
                (test is not None and test(content, 0) is not None)
                or content.startswith(b"ustar", 257)
                or content.startswith(ZIP_END, size - 22 if size > 22 else 0)
            ):
                kind = _kind(content)
                if kind is not None:
                    return self._members(kind, label, content, count=count)
        if change is None or size < _WORTH_BYTES:
            return self.put(label, content, count=count)
        return self._put_changed(label, content, *change)

    def _put_changed(self, label: Hashable, content: bytes, earlier: bytes, delta: bytes) -> Sequence[Batch]:
        """Lay down what is new in a document; all of it when that is most, or the earlier one has a mark."""
        if earlier in self._marked or earlier in self._opened:
            return self.put(label, content)
        size = len(content)
        stretches = changed(delta, size, AROUND_BYTES)
        room = sum([stop - start + 1 for start, stop in stretches])
        if room > size - (size >> 2) or room >= BUFFER_BYTES:
            return self.put(label, content)
        self._coverage.documents += 1
        self._coverage.bytes += size
        full: Sequence[Batch] = ()
        if self._at + room >= BUFFER_BYTES or self._held + size > _HELD_BYTES:
            full = self.flush()
        view, buffer, batch = self._view, self._buffer, self._batch
        at = self._at
        batch.partial[len(batch.starts)] = content, earlier
        batch.starts.append(at)
        whole = memoryview(content)
        for start, stop in stretches:
            end = at + stop - start
            view[at:end] = whole[start:stop]
            buffer[end] = 0x0A
            at = end + 1
        batch.ends.append(at - 1)
        batch.labels.append(label)
        self._at = at
        self._held += size
        return full

    def _members(self, kind: str, label: Hashable, content: bytes, *, count: bool) -> Iterator[Batch]:
        gaps = len(self._tally.gaps)
        empty = True
        for inner, member in unpack(kind, content, self._subject(label), self._tally, self._limits):
            empty = False
            yield from self.put((label, inner), member, count=count)
        if not empty and len(self._tally.gaps) == gaps and kind not in ALSO_RAW:
            self._opened.add(label)
            return
        yield from self.put(label, content, count=count)

    @staticmethod
    def _subject(label: Hashable) -> str:
        return f"object {label.hex()}" if isinstance(label, bytes) else str(label)

    def flush(self) -> Sequence[Batch]:
        """Return what lies there."""
        full = self._batch
        if not full.starts:
            return ()
        full.data = self._view[: self._at]
        self._buffer, self._other = self._other, self._buffer
        self._view = memoryview(self._buffer)
        self._batch = Batch(self._view, marked=self._marked)
        self._at = self._held = 0
        return (full,)
