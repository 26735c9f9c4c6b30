"""What a compressed member or stream unpacks to, as a readable."""

from __future__ import annotations

import lzma
import tempfile
import zlib
from collections.abc import Generator, Iterator
from typing import Final, Self

from tidegate.inspectors.meter import Meter
from tidegate.inspectors.readable import Memory, OverBudgetError, Readable
from tidegate.packing.decompressors import Decompressor, Gzip, Zlib

_FIRST_BYTES: Final = 1 << 13
"""Most members are only looked at by their head."""
_PIECE_BYTES: Final = 1 << 18
_CHECKED_BYTES: Final = 1 << 13
"""Of formats whose decompressor keeps back what comes with a wrong checksum: as much as readers ask for."""
_IN_MEMORY_BYTES: Final = 32 << 20
"""What is longer goes to a nameless temporary file."""


def unpack(
    data: Readable, start: int, stop: int, undo: Decompressor, meter: Meter
) -> Generator[bytes, None, int]:
    """Yield what one stream in [start, stop) unpacks to; return the offset behind its end.

    Raises `ValueError` on damage and `EOFError` when it ends early, after all that could be unpacked;
    `OverBudgetError`, and what `data.read` raises.
    """
    at, size = start, _FIRST_BYTES
    most = _PIECE_BYTES if isinstance(undo, (Zlib, Gzip)) else _CHECKED_BYTES
    while at < stop:
        feed = data.read(at, min(size, stop - at))
        if not feed:
            break
        at += len(feed)
        while True:
            try:
                out = undo.decompress(feed, min(size, most))
            except (zlib.error, lzma.LZMAError, OSError, EOFError, MemoryError) as error:
                raise ValueError(str(error) or type(error).__name__) from None
            if out:
                meter.inflate(len(out))
                yield out
            if undo.eof:
                return at - len(undo.unused_data)
            size = min(size * 2, _PIECE_BYTES)
            if undo.needs_input:
                break
            feed = b""
    raise EOFError


class Unpacked(Memory):
    """What was unpacked at once, all of it."""

    forward = True
    """As of what is unpacked step by step: what is packed is looked at where it lies."""


class Inflated:
    """Unpacks as far as it is read, and keeps what it unpacked. To be closed."""

    forward = True
    """Its end is only reached by unpacking all of it."""

    def __init__(self, pieces: Iterator[bytes], meter: Meter, size_bytes: int | None = None) -> None:
        """size_bytes: as stated; `None`: nobody knows before `finish`."""
        self._pieces = pieces
        self._meter = meter
        self._stated = size_bytes
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115
        self._have = 0
        self.crc = 0
        """CRC-32 of what was unpacked so far."""
        self.ended = False
        """All that can be unpacked is."""
        self.damage = ""
        """Why it ended before its end, in words."""
        self._over: OverBudgetError | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the memory or the file back."""
        self._file.close()

    @property
    def size_bytes(self) -> int:
        """As stated; what was unpacked, where nothing is stated or all of it has been."""
        return self._have if self.ended or self._stated is None else self._stated

    @property
    def unpacked_bytes(self) -> int:
        """How many bytes came out so far."""
        return self._have

    def read(self, offset: int, count: int) -> bytes:
        """Return unpacked bytes. Raises `OverBudgetError`, and what reading the packed bytes raises."""
        offset, count = max(offset, 0), max(count, 0)
        if self._stated is not None:
            count = max(0, min(count, self._stated - offset))
        while self._have < offset + count and not self.ended:
            self._step()
        self._file.seek(offset)
        return self._file.read(count)

    def finish(self) -> str:
        """Unpack all of it; return why not, in words, or nothing.

        Takes at most half of the time that is left: the other half is for judging what came out.
        """
        left = self._meter.seconds_left / 2
        try:
            while not self.ended:
                self._step()
                if self._meter.seconds_left < left:
                    return f"unpacking it takes long; only {self._have:,} bytes of it are unpacked"
        except OverBudgetError as error:
            return str(error)
        return ""

    def settle(self) -> None:
        """Where all that is stated was unpacked, go on to the end of the stream: its checksum is of all."""
        if self._over is None:
            while self._stated is not None and not self.ended and self._have == self._stated:
                self._step()

    def _step(self) -> None:
        if self._over is not None:
            raise self._over
        try:
            piece = next(self._pieces, None)
        except OverBudgetError as error:
            # A generator that has raised only says that it is over: the limit would look like the end.
            self._over = error
            raise
        except EOFError:
            self.ended, self.damage = True, "it ends early"
            return
        except ValueError as error:
            self.ended, self.damage = True, f"it is damaged: {error}"
            return
        if piece is None:
            self.ended = True
            return
        self._file.seek(self._have)
        self._file.write(piece)
        self._have += len(piece)
        self.crc = zlib.crc32(piece, self.crc)
