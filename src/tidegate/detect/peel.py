"""Find the whole of an encoded stretch around a hit, and decode it into a document of its own.

Unlike the views of `unwrap`, these encodings hide the very anchor, so that a hit on the encoded form of a
literal leads here, and what comes out is searched again.
"""

from __future__ import annotations

import re
import zlib

from tidegate.detect.unwrap import decode_base64
from tidegate.records import dataclass

MAX_ENCODED = 4 << 20
"""Bytes of one encoded stretch that are decoded; longer ones are cut around the hit."""
MAX_INFLATED = 16 << 20
_GUNZIP_STEP = 1 << 16

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
    cut: str = ""
    """What of it was not decoded, and why."""

    def source(self, offset: int) -> int:
        """Return about where the byte at `offset` of `data` stands in the document."""
        return min(self.start + int(offset * self.scale), max(self.start, self.end - 1))


class Base64Run:
    """A stretch of base64 around a hit, over wrapped lines too.

    What stands before the text may be of the same letters (a path, a longer word), and several texts may
    stand line under line. Every hit knows how its text is aligned, so that each alignment that a hit asks
    for is decoded, once.
    """

    def __init__(self, document: bytes, hit_end: int, *, begins: int = 0) -> None:
        """begins: the hit's length when it is the beginning of the text; else 0."""
        self._document = document
        hit = hit_end - 1
        low, high = max(0, hit - MAX_ENCODED // 2), min(len(document), hit + MAX_ENCODED // 2)
        self.start = hit_end - begins if begins else _run_start(document, hit, low)
        self.end = _run_end(document, hit, high)
        self._done: set[int] = set()
        self._counted = 0
        self._counted_to = self.start

    def decode(self, hit_end: int, phase: int) -> Peeled | None:
        """Decode it as the hit is aligned; `None` when that is done already, or is no base64.

        Hits must come in ascending order. phase: the characters of its last group of four that the hit
        holds.
        """
        # Counted from the hit before, so that a run full of hits is counted once.
        self._counted += len(_letters(self._document[self._counted_to : hit_end]))
        self._counted_to = max(self._counted_to, hit_end)
        skipped = (self._counted - phase) % 4
        if skipped in self._done:
            return None
        self._done.add(skipped)
        text = _letters(self._document[self.start : self.end])[skipped:]
        decoded = decode_base64(text[: len(text) - (len(text) % 4 == 1)])
        if not decoded:
            return None
        if decoded[:3] == b"\x1f\x8b\x08":
            inflated, whole = _gunzip(decoded)
            if inflated:
                cut = "" if whole else f"a compressed text is cut off after {len(inflated):,} bytes"
                return Peeled(inflated, self.start, self.end, "base64+gzip", 0.0, cut)
        return Peeled(decoded, self.start, self.end, "base64", (self.end - self.start) / len(decoded))


def _letters(text: bytes) -> bytes:
    """Return the characters of base64 alone, without the line breaks between them."""
    return _WHITE.sub(b"", _BREAK.sub(b"", text))


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
        if document[start - 1 : start + 1] in (b"\\n", b"\\r"):
            start += 1  # the letter belongs to the escaped line break, not to the text
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


def _gunzip(data: bytes) -> tuple[bytes, bool]:
    """Return what comes out, up to `MAX_INFLATED`, and whether that is all; damage ends it early."""
    engine = zlib.decompressobj(31)
    parts: list[bytes] = []
    room = MAX_INFLATED
    for at in range(0, len(data), _GUNZIP_STEP):
        try:
            part = engine.decompress(data[at : at + _GUNZIP_STEP], room)
        except zlib.error:
            return b"".join(parts), False
        parts.append(part)
        room -= len(part)
        if engine.eof:
            return b"".join(parts), True
        if not room or engine.unconsumed_tail:
            break
    return b"".join(parts), False


def peel_wide(document: bytes, hit: int, width: int) -> Peeled | None:
    """Decode UTF-16 (`width` 2) or UTF-32 (4) text in which the character ending at `hit` lies.

    The byte order need not be known: the hit fixes which bytes are the characters. A character beyond
    Latin-1 is read as `?`; the text ends where the zero bytes do.
    """
    at = hit - 1
    for reach in _REACHES:
        first = at - min(at // width, reach) * width
        characters = document[first : at + reach * width : width]
        zeros = _high_bytes(document, first, at + reach * width, width, characters)
        index = (at - first) // width
        start = 0
        for match in _NO_TEXT.finditer(zeros, 0, index):
            start = match.end()
        stop = _NO_TEXT.search(zeros, index)
        end = stop.start() if stop else len(characters)
        # A text is usually short: the whole reach is read only where it goes on to the edge.
        if (start or first < width) and (stop or at + reach * width >= len(document)):
            break
    marked = zeros[start:end]
    data = characters[start:end]
    if any(marked):
        pairs = zip(data, marked.ljust(len(data), b"\x00"), strict=False)
        data = bytes(0x3F if high else letter for letter, high in pairs)
    if not data:
        return None
    return Peeled(
        data, first + start * width, first + end * width, "utf-16" if width == 2 else "utf-32", float(width)
    )


_REACHES = (512, 1 << 14, 1 << 18, MAX_ENCODED // 4)
"""Characters on either side of a hit that are looked at, until the text's ends are within."""
_NO_TEXT = re.compile(rb"[^\x00]{4,}")


def _high_bytes(document: bytes, first: int, high: int, width: int, characters: bytes) -> bytes:
    """Return the byte that must be zero for each character: the one after it, or, big-endian, before it.

    In plain text both readings agree. Beside a character beyond Latin-1 they differ by one, and the right
    one blames what is no letter.
    """
    after = document[first + 1 : high + 1 : width]
    if not first or not any(after):
        return after
    before = document[first - 1 : high - 1 : width][: len(characters)]
    blamed = [
        sum(1 for c, z in zip(characters, zeros, strict=False) if z and 0x20 <= c < 0x7F)
        for zeros in (after, before)
    ]
    big_endian = first % width == width - 1
    return before if (blamed[1], not big_endian) < (blamed[0], big_endian) else after
