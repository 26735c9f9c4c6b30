"""PDF: the text of its pages, by a reader in another process; and every packed stream, unpacked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tidegate.packing.decompressors import Zlib
from tidegate.sources.unpack import sandbox
from tidegate.sources.unpack.limits import Budget, ExhaustedError
from tidegate.sources.unpack.reader import Reader
from tidegate.sources.unpack.streams import inflate

_SECONDS: Final = 60.0
_STREAM: Final = re.compile(rb"stream(?:\r\n|\n|\r)")
_WINDOW: Final = 1 << 20


def open_pdf(source: Reader, inner: str, budget: Budget) -> Iterator[tuple[str, Reader]]:
    """Yield the streams that can be inflated, then text and links as a person sees them.

    Streams hold what text extraction leaves out: attachments, forms, scripts, objects nothing points at.
    """
    data = source.take(1 << 62)
    yield from _streams(data, budget)
    yield from sandbox.run("pdf", data, inner, budget, seconds=_SECONDS)


def _streams(data: memoryview, budget: Budget) -> Iterator[tuple[str, Reader]]:
    """Try zlib at every `stream` keyword: lengths and filters are claims. What is none is skipped."""
    at = 0
    while at < len(data):
        block = bytes(data[at : at + _WINDOW])
        for found in _STREAM.finditer(block):
            start = at + found.end()
            # All zlib streams with a window of up to 32 KiB start so: RFC 1950, section 2.2.
            head = bytes(data[start : start + 2])
            if len(head) == 2 and head[0] & 15 == 8 and int.from_bytes(head, "big") % 31 == 0:
                budget.member()
                yield f"stream at byte {start}", Reader(more=_inflated(data[start:], budget))
        at += _WINDOW - 16


def _inflated(data: memoryview, budget: Budget) -> Iterator[bytes]:
    try:
        yield from inflate(Reader(data), Zlib(15), budget)
    except (ValueError, EOFError, ExhaustedError):
        # Not a stream after all, or cut: what came before the damage was handed out. The text's reader,
        # or the budget, says what is missing.
        return
