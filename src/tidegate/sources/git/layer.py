"""Laying objects into batches, containers opened."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from tidegate.model.document import Batch, Tally
from tidegate.sources.unpack import ALSO_RAW, HEAD_BYTES, STARTS, ZIP_END, Limits, sniff, sniff_end, unpack

BUFFER_BYTES = 1 << 20
_ZIP_TAIL_BYTES = 22 + 0xFFFF
"""The end of a zip and its longest comment."""
_MAILS = ("mail", "mbox")
_ENCODED = b"content-transfer-encoding:"
"""A mail without it hides nothing, and need not be opened: git/git keeps 40,000 headers of mails as notes."""
ALONE_BYTES = 256 << 10
"""From this size a document is a batch of its own, and not copied."""


def _may_open(content: bytes) -> bool:
    test = STARTS.get(content[0])
    return (
        (test is not None and test(content, 0) is not None)
        or content[257:262] == b"ustar"
        or content[-22:-18] == ZIP_END
    )


def _kind(content: bytes) -> str | None:
    """Return which container it is, or `None`; asked of every script and program as well."""
    size = len(content)
    kind = sniff(content[:HEAD_BYTES], size)
    if kind is None and content.find(ZIP_END, max(size - _ZIP_TAIL_BYTES, 0)) >= 0:
        return sniff_end(content[:HEAD_BYTES], size, lambda last: content[-last:])
    if kind in _MAILS and _ENCODED not in content.lower():
        return None
    return kind


class Layer:
    """Collects documents into a buffer that is used again for every batch."""

    def __init__(self, tally: Tally, limits: Limits | None = None, *, containers: bool = True) -> None:
        """`containers`: open them; else they are laid down as they are."""
        self._tally = tally
        self._containers = containers
        self._limits = limits or Limits()
        self._buffer = bytearray(BUFFER_BYTES)
        self._view = memoryview(self._buffer)
        self._at = 0
        self._batch = Batch(self._view)

    def put(self, label: Hashable, content: bytes, *, count: bool = True) -> Iterator[Batch]:
        """Lay one document down; yields the batch that it filled, or is.

        `count`: it is a document of its own; without it, only its bytes are counted.
        """
        size = len(content)
        coverage = self._tally.coverage
        coverage.documents += count
        coverage.bytes += size
        if size >= ALONE_BYTES:
            yield Batch(content, [0], [size], [label])
            return
        at = self._at
        if at + size >= BUFFER_BYTES:
            yield from self.flush()
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

    def put_file(self, label: Hashable, content: bytes, *, count: bool = True) -> Iterator[Batch]:
        """Lay a file down: itself, or if it is a container what is in it, as `(label, inner path)`."""
        if content and self._containers:
            kind = _kind(content) if _may_open(content) else None
            if kind is not None:
                gaps = len(self._tally.gaps)
                empty = True
                for inner, member in unpack(kind, content, self._subject(label), self._tally, self._limits):
                    empty = False
                    yield from self.put((label, inner), member, count=count)
                if not empty and len(self._tally.gaps) == gaps and kind not in ALSO_RAW:
                    return
        yield from self.put(label, content, count=count)

    @staticmethod
    def _subject(label: Hashable) -> str:
        return f"object {label.hex()}" if isinstance(label, bytes) else str(label)

    def flush(self) -> Iterator[Batch]:
        """Yield what lies there."""
        full = self._batch
        if full.starts:
            full.data = self._view[: self._at]
            self._batch = Batch(self._view)
            self._at = 0
            yield full
