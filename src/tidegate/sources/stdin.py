"""Standard input, or any stream: text in windows, or one container."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final

from tidegate.model.document import Batch, Spot, Tally
from tidegate.model.place import Place
from tidegate.sources.layout import BUFFER_BYTES, Layout
from tidegate.sources.places import place_of
from tidegate.sources.unpack import (
    ALSO_RAW,
    FORWARD,
    HEAD_BYTES,
    Limits,
    Reader,
    is_program,
    leaves,
    sniff,
    sniff_end,
)

_PIECE: Final = 1 << 18


def open_stream(
    stream: BinaryIO,
    *,
    label: str = "-",
    containers: bool = True,
    limits: Limits | None = None,
    buffer_bytes: int = BUFFER_BYTES,
) -> StreamSource:
    """Open a stream; it is read once, to its end, and not closed.

    `containers`: open one; else only its own bytes are read.
    """
    return StreamSource(stream, label, limits or Limits(), buffer_bytes, containers=containers)


class StreamSource:
    """One stream. It cannot go to another process: its one shard is read where it was opened."""

    kind = "stdin"

    def __init__(
        self, stream: BinaryIO, target: str, limits: Limits, buffer_bytes: int, *, containers: bool
    ) -> None:
        self.target = target
        self._containers = containers
        self._stream = stream
        self._limits = limits
        self._buffer_bytes = buffer_bytes

    def shards(self, jobs: int, tally: Tally) -> Iterator[None]:  # noqa: ARG002
        """One."""
        yield None

    def batches(self, shard: None, tally: Tally) -> Iterator[Batch]:  # noqa: ARG002
        """Read the stream. An error of reading is a gap, after what came before it."""
        layout = Layout(tally, bytearray(self._buffer_bytes))
        reader = Reader(more=self._pieces(tally))
        kind = self._kind_of(reader) if self._containers else None
        if kind is None:
            yield from layout.put(self.target, None, reader.into)
        else:
            yield from self._container(kind, reader, layout)
        yield from layout.flush()

    def _kind_of(self, reader: Reader) -> str | None:
        """Return which container comes; a zip behind a program is seen only where all can be held."""
        head = reader.peek(HEAD_BYTES)
        found = sniff(head, len(head))
        if found is not None or not is_program(head):
            return found
        whole = reader.hold(self._limits.member_bytes)
        return None if whole is None else sniff_end(head, len(whole), lambda count: whole[-count:])

    def _container(self, kind: str, reader: Reader, layout: Layout) -> Iterator[Batch]:
        whole = reader.hold(self._limits.member_bytes)
        if whole is None and (kind not in FORWARD or kind in ALSO_RAW):
            reason = f"{kind} not opened: larger than {self._limits.member_bytes:,} bytes"
            layout.tally.gap("source", self.target, reason)
            yield from layout.put(self.target, None, reader.into)
            return
        gaps = len(layout.tally.gaps)
        # A stream that is not held may be of any size: it is judged by the total alone.
        size = self._limits.total_bytes if whole is None else len(whole)
        content = reader if whole is None else Reader(whole)
        for inner, leaf in leaves(kind, content, size, self.target, layout.tally, limits=self._limits):
            yield from layout.put(self.target, inner, leaf.into)
        if whole is not None and (len(layout.tally.gaps) > gaps or kind in ALSO_RAW):
            yield from layout.put(self.target, None, Reader(whole).into)

    def _pieces(self, tally: Tally) -> Iterator[bytes]:
        try:
            while piece := self._stream.read(_PIECE):
                yield piece
        except OSError as error:
            tally.gap("source", self.target, (error.strerror or str(error)).lower())

    def places(self, spots: Sequence[Spot], tally: Tally) -> list[list[Place]]:  # noqa: ARG002
        """One place a spot."""
        return [[place_of(spot, self.kind, self.target)] for spot in spots]

    def close(self) -> None:
        """Nothing was taken."""
