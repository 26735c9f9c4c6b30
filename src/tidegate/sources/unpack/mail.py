"""Mail, mailboxes and saved pages (MHTML): the parts that are base64 or quoted-printable, decoded.

A part is found by its own `Content-Transfer-Encoding`, not by the boundaries that are declared around it: so
nesting costs nothing, and a lying boundary hides nothing. All the rest is text as it stands, and is read raw.
Source: RFC 2045, section 6; RFC 2046, section 5.1; RFC 4155 (mbox); RFC 2557 (MHTML).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from functools import partial
from typing import Final

from tidegate.sources.unpack.limits import Budget, ExhaustedError
from tidegate.sources.unpack.mailnames import part_name
from tidegate.sources.unpack.reader import Reader

_PIECE: Final = 1 << 18
_KEY: Final = b"content-transfer-encoding:"
_ENCODING: Final = re.compile(rb'content-transfer-encoding:\s{0,80}"?(base64|quoted-printable)\b')
_NAME_BYTES: Final = 8 << 10
"""How far around its encoding a part's name is looked for."""
_HEAD_BYTES: Final = 1 << 20
"""The rest of a header may be so long. Beyond it there is no part, only text."""
# Text may hold lines of dashes: what opens the next part is followed by a header of it.
_OPENS: Final = rb"--[^\r\n]{0,250}\r?\n[A-Za-z][A-Za-z0-9-]{0,70}:"
_DELIMITER: Final = {
    b"quoted-printable": re.compile(_OPENS),
    # Dashes are no base64: a line that closes it can be told at once, and must be, or it would be decoded.
    b"base64": re.compile(_OPENS + rb"|--[^\r\n]{0,250}--[ \t]*(?:\r?\n|\Z)"),
}
_FROM: Final = re.compile(rb"From [^\r\n]{0,200}\d\d:\d\d")
_BLANK: Final = re.compile(rb"\n\r?\n")
_BORDER: Final = re.compile(rb"^(--[^\r\n]{1,250})\r?$", re.MULTILINE)
_AHEAD: Final = 512
"""More than the longest delimiter with the start of a header, and than what tells a message of a mailbox."""
_NOT_BASE64: Final = bytes(
    set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
)
_NAMES: Final = 10_000


def _open(source: Reader, inner: str, budget: Budget, *, mbox: bool) -> Iterator[tuple[str, Reader]]:  # noqa: ARG001
    """Yield the encoded parts, decoded, wherever they stand.

    What is broken ends a part early, and is no gap: its own bytes are read as well.
    """
    text = _Text(source, mbox=mbox)
    message = number = 0
    names: set[str] = set()
    while (encoding := text.next_part()) is not None:
        budget.member()
        if text.message != message:
            message, number = text.message, 0
            names.clear()
        number += 1
        name = part_name(text.head(), number)
        if name in names or len(names) == _NAMES:
            name = f"part[{number}]/{name}"
        names.add(name)
        body = text.body(encoding)
        yield f"message[{message}]!/{name}" if mbox else name, Reader(more=_decoded(encoding, body, budget))
        for _ in body:  # What the reader left.
            pass


open_mail = partial(_open, mbox=False)
open_mbox = partial(_open, mbox=True)


class _Text:
    """The bytes that are looked at; positions are in `data`, and move when its front is dropped."""

    def __init__(self, source: Reader, *, mbox: bool) -> None:
        self.source = source
        self.mbox = mbox
        self.data = b""
        self.lower = b""
        self.ended = False
        self.at = 0
        """What stands before it is done with."""
        self.scan = 0
        """Where the next encoding is looked for."""
        self.key = 0
        """Where the last one was found."""
        self.start = 0
        """Of the part's body."""
        self.border = b""
        """The line that closes the part, if one opened it."""
        self.searched = 0
        """Up to here it is known that no blank line follows `key`."""
        self.counted = 0
        """Up to here messages were counted."""
        self.message = 1

    def more(self) -> bool:
        """Append a piece; `False` at the end. Drops what is done with."""
        if self.at >= _PIECE:
            self.count(self.at)
            drop, self.at = self.at, 0
            self.data, self.lower = self.data[drop:], self.lower[drop:]
            self.scan, self.key, self.start = self.scan - drop, self.key - drop, self.start - drop
            self.searched, self.counted = self.searched - drop, self.counted - drop
        piece = b"" if self.ended else bytes(self.source.take(_PIECE))
        self.ended = not piece
        self.data += piece
        self.lower += piece.lower()
        return bool(piece)

    def count(self, stop: int) -> None:
        """Count the messages of a mailbox that begin before `stop`."""
        start, self.counted = self.counted, max(self.counted, stop)
        while self.mbox and (start := self.data.find(b"\nFrom ", start, stop + 5)) >= 0:
            self.message += _FROM.match(self.data, start + 1) is not None
            start += 1

    def next_part(self) -> bytes | None:
        """Return the encoding of the next part that has one; `body` reads it. `None`: there is none."""
        while self._next_key():
            found = _ENCODING.match(self.lower, self.key)
            if found is not None and self._next_blank():
                self.count(self.key)
                borders = _BORDER.findall(self.data, max(self.at, self.key - _NAME_BYTES), self.key)
                self.border = borders[-1] + b"--" if borders else b""
                return found[1]
            self.at = max(self.at, self.key)
        return None

    def head(self) -> bytes:
        """Return the header of the part, as far as it may hold the name."""
        floor = max(self.at, self.key - _NAME_BYTES)
        begin = max(self.data.rfind(blank, floor, self.key) for blank in (b"\n\n", b"\n\r\n"))
        return self.data[begin if begin >= 0 else floor : min(self.start, self.key + _NAME_BYTES)]

    def _next_key(self) -> bool:
        while True:
            found = self.lower.find(_KEY, self.scan)
            if found >= 0:
                self.scan = found + len(_KEY)
                if not found or self.data[found - 1] == 0x0A:
                    self.key = found
                    # Enough to see which encoding it is.
                    if len(self.data) < found + _AHEAD:
                        self.more()
                    return True
                continue
            self.scan = max(self.scan, len(self.data) - len(_KEY) + 1)
            self.at = max(self.at, len(self.data) - _NAME_BYTES)
            if not self.more():
                return False

    def _next_blank(self) -> bool:
        """Find where the header ends that `key` stands in."""
        while True:
            begin = max(self.searched, self.key)
            found = _BLANK.search(self.data, begin, self.key + _HEAD_BYTES)
            if found is not None:
                self.start = found.end()
                return True
            self.searched = max(begin, min(len(self.data), self.key + _HEAD_BYTES) - 2)
            if len(self.data) - self.key > _HEAD_BYTES or not self.more():
                return False

    def body(self, encoding: bytes) -> Iterator[bytes]:
        """Yield the body as it stands, up to where the next part begins, or the next message."""
        self.at = self.start
        while True:
            stop = self._delimiter(encoding)
            whole = stop is not None
            if stop is None:
                stop = len(self.data) if self.ended else max(self.at, len(self.data) - _AHEAD)
            begin, self.at = self.at, stop
            # No search goes back behind a body, also not when its reader stops here.
            self.scan = max(self.scan, stop)
            piece = self.data[begin:stop]
            # The line end before a border belongs to the border.
            yield piece.removesuffix(b"\n").removesuffix(b"\r") if whole else piece
            if whole or self.ended:
                return
            self.more()

    def _delimiter(self, encoding: bytes) -> int | None:
        """Return where the line begins that ends a body, if it can be seen already."""
        found = None
        test = _DELIMITER[encoding]
        # The line end before it: it may be that of the blank line.
        begin = at = max(0, self.at - 1)
        # What begins later cannot be told yet.
        stop = len(self.data) if self.ended else len(self.data) - _AHEAD
        while (at := self.data.find(b"\n--", at, stop + 2)) >= 0:
            closes = self.border and self.data.startswith(self.border, at + 1)
            if closes or test.match(self.data, at + 1):
                found = at + 1
                break
            at += 1
        if self.mbox:
            at, stop = begin, stop if found is None else found
            while (at := self.data.find(b"\nFrom ", at, stop + 5)) >= 0:
                if _FROM.match(self.data, at + 1):
                    return at + 1
                at += 1
        return found


def _decoded(encoding: bytes, body: Iterator[bytes], budget: Budget) -> Iterator[bytes]:
    """Decode piece by piece. What is no base64 is passed over, as RFC 2045 wants it."""
    rest = b""
    for piece in body:
        if encoding == b"base64":
            content, rest = _base64(rest, piece)
        else:
            content, rest = _quoted(rest, piece)
        try:
            budget.spend(len(content))
        except ExhaustedError:
            return
        yield content
    if rest:
        yield _decoded_group(rest) if encoding == b"base64" else binascii.a2b_qp(rest)


def _base64(rest: bytes, piece: bytes) -> tuple[bytes, bytes]:
    """Return what is whole, and the digits that wait for more. What goes on after padding is decoded too."""
    *done, last = (rest + piece.translate(None, _NOT_BASE64)).split(b"=")
    whole = len(last) & ~3
    out = [_decoded_group(each) for each in done if each]
    out.append(binascii.a2b_base64(last[:whole]))
    return b"".join(out), last[whole:]


def _decoded_group(digits: bytes) -> bytes:
    """Decode base64 without padding; a digit too much is left out."""
    if len(digits) & 3 == 1:
        digits = digits[:-1]
    return binascii.a2b_base64(digits + b"=" * (-len(digits) & 3))


def _quoted(rest: bytes, piece: bytes) -> tuple[bytes, bytes]:
    """Return the lines that are whole, and the rest; of an endless line, all but the start of an escape."""
    text = rest + piece
    stop = text.rfind(b"\n") + 1
    if not stop and len(text) > _PIECE:
        escape = text.rfind(b"=", len(text) - 3)
        stop = escape if escape >= 0 else len(text)
    return binascii.a2b_qp(text[:stop]), text[stop:]
