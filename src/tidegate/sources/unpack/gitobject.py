"""A loose object of git: one zlib stream with a header in it, as it lies below `.git/objects`."""

from __future__ import annotations

from collections.abc import Iterator

from tidegate.packing.decompressors import Zlib
from tidegate.sources.unpack.limits import BrokenError, Budget, ExhaustedError
from tidegate.sources.unpack.reader import Reader
from tidegate.sources.unpack.streams import AFTER, inflate

_HEADER_BYTES = 64


def open_object(source: Reader, inner: str, budget: Budget) -> Iterator[tuple[str, Reader]]:
    """Yield the content, under the name of its kind. Its id is the name of the file around it."""
    content = Reader(more=_inflated(source, inner, budget))
    header, nul, _ = content.peek(_HEADER_BYTES).partition(b"\0")
    kind, _, digits = header.partition(b" ")
    if not nul or not digits.isdigit():
        raise BrokenError("no git object")
    content.skip(len(header) + 1)
    size, start = int(digits), content.offset
    yield kind.decode("ascii", "replace"), content
    content.skip(1 << 62)
    held = content.offset - start
    if held > size:
        budget.gap(inner, f"git object states {size:,} bytes, holds {held:,}")
    if source.peek(1):
        yield AFTER, source


def _inflated(source: Reader, inner: str, budget: Budget) -> Iterator[bytes]:
    """Damage ends it early, as a gap: whoever reads sees a shorter document."""
    try:
        yield from inflate(source, Zlib(15), budget)
    except ExhaustedError:
        return
    except EOFError:
        budget.gap(inner, "git object ends early")
    except ValueError as error:
        budget.gap(inner, f"damaged git object: {error}")
