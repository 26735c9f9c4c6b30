"""Find the whole of an encoded stretch around a hit, and decode it into a document of its own.

Unlike the views of `unwrap`, these encodings hide the very anchor, so that a hit on the encoded form of a
literal leads here, and what comes out is searched again.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

from tidegate.detect.unwrap import decode_base64

MAX_ENCODED = 4 << 20
"""Bytes of one encoded stretch that are decoded; longer ones are cut around the hit."""
MAX_INFLATED = 16 << 20

_BASE64 = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/_-]")
_BREAK = re.compile(rb"=?(?:\\r)?(?:\\n|\r?\n)[ \t>]*|\"[ \t]*\+?,?[ \t]*\r?\n[ \t]*\"")
_WHITE = re.compile(rb"[^A-Za-z0-9+/_-]+")


@dataclass(frozen=True, slots=True)
class Peeled:
    """A decoded stretch."""

    data: bytes
    start: int
    """Where the encoded form begins in the document."""
    end: int
    step: str
    scale: float
    """Encoded bytes a decoded byte takes, on average: the way back is exact to a line, not to a byte."""

    def source(self, offset: int) -> int:
        """Return about where the byte at `offset` of `data` stands in the document."""
        return min(self.start + int(offset * self.scale), max(self.start, self.end - 1))


def peel_base64(document: bytes, hit: int) -> Peeled | None:
    """Decode the base64 text in which offset `hit` lies, over wrapped lines too."""
    low, high = max(0, hit - MAX_ENCODED // 2), min(len(document), hit + MAX_ENCODED // 2)
    start = _run_start(document, hit, low)
    end = _run_end(document, hit, high)
    text = _WHITE.sub(b"", _BREAK.sub(b"", document[start:end]))
    decoded = decode_base64(text[: len(text) - (len(text) % 4 == 1)])
    if not decoded:
        return None
    step, scale = "base64", (end - start) / len(decoded)
    if decoded[:3] == b"\x1f\x8b\x08":
        inflated = _gunzip(decoded)
        if inflated:
            return Peeled(inflated, start, end, "base64+gzip", 0.0)
    return Peeled(decoded, start, end, step, scale)


def _run_start(document: bytes, at: int, low: int) -> int:
    """Go left from `at` over base64 and over line breaks between lines of base64."""
    while True:
        start = at
        # Walk in blocks: the run is usually short, but may be megabytes of one line.
        block = max(low, start - 256)
        last = None
        for last in _NOT_BASE64.finditer(document, block, start):  # noqa: B007
            pass
        if last is None:
            if block == low:
                return low
            at = block
            continue
        start = last.end()
        line_break = _break_before(document, start, low)
        if line_break is None:
            return start
        at = line_break


def _break_before(document: bytes, start: int, low: int) -> int | None:
    """Return where the line before ends if `start` begins a line that goes on from one of base64."""
    head = document[max(low, start - 40) : start]
    match = re.search(rb"(?:" + _BREAK.pattern + rb")\Z", head)
    if not match or not match[0]:
        return None
    end = start - (len(head) - match.start())
    tail = document[max(low, end - 40) : end]
    return end if len(tail) == 40 and all(c in _BASE64 for c in tail) else None


def _run_end(document: bytes, at: int, high: int) -> int:
    while True:
        other = _NOT_BASE64.search(document, at, high)
        if other is None:
            return high
        end = other.start()
        match = _BREAK.match(document, end, min(high, end + 80))
        if not match or not match[0] or end - at < 1:
            return end
        after = match.end()
        if after >= high or document[after] not in _BASE64:
            return end
        # A wrapped text goes on with a line of at least a few characters and ends without other signs.
        following = _NOT_BASE64.search(document, after, high)
        stop = following.start() if following else high
        if stop < high and document[stop : stop + 1] not in (b"=", b"\r", b"\n", b'"', b"\\", b"<", b"'"):
            return end
        at = after


def _gunzip(data: bytes) -> bytes:
    engine = zlib.decompressobj(31)
    try:
        return engine.decompress(data, MAX_INFLATED)
    except zlib.error:
        return b""


def peel_wide(document: bytes, hit: int, width: int) -> Peeled | None:
    """Decode UTF-16 (`width` 2) or UTF-32 (4) text in which the character ending at `hit` lies.

    The byte order need not be known: the hit fixes which bytes are the characters. A character beyond
    Latin-1 is read as `?`; the text ends where the zero bytes do.
    """
    phase = (hit - 1) % width
    first = max(0, hit - 1 - MAX_ENCODED // 2)
    first += (phase - first) % width
    index = (hit - 1 - first) // width
    characters = document[first : hit + MAX_ENCODED // 2 : width]
    # Every character but the last has its zero byte after it whatever the byte order is.
    zeros = document[first + 1 : hit + MAX_ENCODED // 2 : width]
    before = re.compile(rb"[^\x00]{4,}")
    start = 0
    for match in before.finditer(zeros, 0, index):
        start = match.end()
    stop = before.search(zeros, index)
    end = stop.start() if stop else len(characters)
    data = bytes(c if z == 0 else 0x3F for c, z in zip(characters[start:end], zeros[start:end], strict=False))
    data += characters[start + len(data) : end]
    if not data:
        return None
    origin = first + start * width
    return Peeled(data, origin, first + end * width, "utf-16" if width == 2 else "utf-32", float(width))
