"""Reading forward over bytes that lie in memory or arrive in pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

Bytes = bytes | memoryview
"""Bytes nobody changes; a `memoryview` where a copy is saved."""


class Reader:
    """One document's bytes, read once from the front.

    What lies in memory is handed out as slices; what arrives in pieces is joined only as far as asked.
    """

    __slots__ = ("_again", "_current", "_ended", "_more", "_position", "offset")

    def __init__(
        self,
        data: bytes | bytearray | memoryview = b"",
        more: Iterable[Bytes] = (),
        again: Callable[[], Reader] | None = None,
    ) -> None:
        """`again`: opens the same bytes a second time, where that can be done."""
        self._current = memoryview(data)
        self._position = 0
        self._ended = more == ()
        self._again = again
        self._more: Iterator[Bytes] = iter(more)
        self.offset = 0
        """Bytes taken so far."""

    def _gather(self, count: int) -> int:
        """Bring `count` bytes into one piece, if there are so many; return how many there are."""
        ready = len(self._current) - self._position
        if ready >= count:
            return ready
        pieces: list[Bytes] = [self._current[self._position :]] if ready else []
        for piece in self._more:
            if piece:
                pieces.append(piece)
                ready += len(piece)
                if ready >= count:
                    break
        else:
            self._ended = True
        self._current = memoryview(pieces[0] if len(pieces) == 1 else b"".join(pieces))
        self._position = 0
        return ready

    def peek(self, count: int) -> bytes:
        """Return the next bytes without taking them; fewer than `count` only at the end."""
        self._gather(count)
        return bytes(self._current[self._position : self._position + count])

    def take(self, count: int) -> memoryview:
        """Return the next bytes; fewer than `count` only at the end."""
        got = min(count, self._gather(count))
        piece = self._current[self._position : self._position + got]
        self._position += got
        self.offset += got
        return piece

    def pieces(self, count: int | None = None, size: int = 1 << 18) -> Iterator[memoryview]:
        """Take up to `count` bytes (`None`: all) in pieces of at most `size`, joining nothing."""
        while count is None or count > 0:
            if self._position >= len(self._current) and not self._gather(1):
                return
            limit = size if count is None else min(size, count)
            piece = self.take(min(limit, len(self._current) - self._position))
            if count is not None:
                count -= len(piece)
            yield piece

    def part(self, count: int) -> Reader:
        """Return the next bytes as a document of their own; read it, then `skip` what it left."""
        if len(self._current) - self._position >= count:
            return Reader(self.take(count))
        return Reader(more=self.pieces(count))

    def give_back(self, count: int) -> None:
        """Put back the last bytes that were taken; not more than the last `take` or piece gave."""
        self._position -= count
        self.offset -= count

    def into(self, target: memoryview) -> int:
        """Take as many of the next bytes as `target` has room for, in one or more calls; 0 at the end."""
        if self._position >= len(self._current) and not self._gather(1):
            return 0
        piece = self.take(min(len(target), len(self._current) - self._position))
        target[: len(piece)] = piece
        return len(piece)

    def hold(self, limit: int) -> memoryview | None:
        """Return all that is left in one piece without taking it, or `None` when it is more than `limit`."""
        if self._gather(limit + 1) > limit:
            return None
        return self._current[self._position :]

    def again(self) -> Reader | None:
        """Return the same bytes for another reader, or `None` when they pass by only once."""
        if self._again is not None:
            return self._again()
        return Reader(self._current[self._position :]) if self._ended else None

    def lying(self) -> memoryview:
        """Return what lies in memory already, without taking it."""
        return self._current[self._position :]

    def skip(self, count: int) -> int:
        """Take `count` bytes and forget them; return how many there were."""
        start = self.offset
        for _ in self.pieces(count):
            pass
        return self.offset - start
