"""The program in the sandbox: reads jobs from its input, says documents and gaps on its output.

It imports nothing of Tidegate, so that it starts fast and holds nothing worth stealing. A job is eight bytes
of kind, eight of length, the data. A frame is `D` (name, a zero byte, content), `G` (a gap's reason) or `E`
(the end).
"""

from __future__ import annotations

import codecs
import ctypes
import os
import resource
import struct
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

_MEMORY_BYTES: Final = 2 << 30
_PAGES: Final = 5_000
_TEXT_BYTES: Final = 8 << 20
"""Of one page; and of the text that goes into one frame."""
_LINKS: Final = 100_000
"""Of one page."""
_ready: list[bool] = []
"""Not empty once the library is loaded."""


def main() -> None:
    """Serve jobs until the input ends."""
    for limit, value in (
        (resource.RLIMIT_AS, _MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        _limit(limit, value)
    source, out = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # What a library prints must not stand between frames.
    os.dup2(2, 1)
    while len(job := source.read(16)) == 16:
        kind, size = struct.unpack("<8sQ", job)
        data = source.read(size)
        if len(data) < size or kind.rstrip(b"\x00") != b"pdf":
            return
        for what, frame in _pdf(data):
            _say(out, what, frame)
        _say(out, b"E", b"")


def _limit(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    if hard == resource.RLIM_INFINITY or value < hard:
        resource.setrlimit(which, (value, value))


def _say(out: BinaryIO, kind: bytes, value: bytes) -> None:
    out.write(struct.pack("<cI", kind, len(value)) + value)
    out.flush()


def _pdf(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the frames of one document: text a page, then the links.

    PDFium takes 1.5 ms for a page that readers written in Python take 30 ms for.
    """
    import pypdfium2_raw as pdfium  # type: ignore[import-untyped]  # noqa: PLC0415

    if not _ready:
        pdfium.FPDF_InitLibrary()
        _ready.append(True)
        codecs.lookup("utf-16-le")
        # Whatever the document brings it to: no file is opened from here on, no socket made.
        _limit(resource.RLIMIT_NOFILE, 0)
    document = pdfium.FPDF_LoadMemDocument64(data, len(data), None)
    if not document:
        encrypted = pdfium.FPDF_GetLastError() == pdfium.FPDF_ERR_PASSWORD
        yield b"G", b"encrypted" if encrypted else b"no text was read: damaged"
        return
    count = pdfium.FPDF_GetPageCount(document)
    if count > _PAGES:
        yield b"G", f"only {_PAGES:,} of {count:,} pages were read".encode()
    links: dict[bytes, None] = {}
    for number in range(min(count, _PAGES)):
        page = pdfium.FPDF_LoadPage(document, number)
        if not page:
            yield b"G", f"page {number + 1} was not read".encode()
            continue
        yield b"D", b"page %d\x00" % (number + 1) + _text(pdfium, page)[:_TEXT_BYTES]
        links.update(dict.fromkeys(_links(pdfium, document, page)))
        pdfium.FPDF_ClosePage(page)
    if links:
        yield b"D", b"links\x00" + b"\n".join(links)[:_TEXT_BYTES]
    pdfium.FPDF_CloseDocument(document)


def _text(pdfium: Any, page: Any) -> bytes:
    text = pdfium.FPDFText_LoadPage(page)
    if not text:
        return b""
    count = pdfium.FPDFText_CountChars(text)
    # A character beyond the first 65,536 takes two units; one more ends the text.
    units = (ctypes.c_ushort * (2 * max(count, 0) + 1))()
    written = pdfium.FPDFText_GetText(text, 0, count, units) if count > 0 else 0
    pdfium.FPDFText_ClosePage(text)
    found = bytes(units)[: 2 * max(written - 1, 0)].decode("utf-16-le", "replace")
    # So it marks a hyphen that ends a line.
    return found.replace("\r\n", "\n").replace("\ufffe", "-").replace("\x02", "-").encode("utf-8", "replace")


def _links(pdfium: Any, document: Any, page: Any) -> Iterator[bytes]:
    """Yield the addresses that the page's links lead to."""
    at, link = ctypes.c_int(0), pdfium.FPDF_LINK()
    left = _LINKS
    while left and pdfium.FPDFLink_Enumerate(page, ctypes.byref(at), ctypes.byref(link)):
        left -= 1
        action = pdfium.FPDFLink_GetAction(link)
        if not action:
            continue
        size = pdfium.FPDFAction_GetURIPath(document, action, None, 0)
        if 1 < size <= _TEXT_BYTES:
            address = ctypes.create_string_buffer(size)
            pdfium.FPDFAction_GetURIPath(document, action, address, size)
            yield address.value


if __name__ == "__main__":
    main()
