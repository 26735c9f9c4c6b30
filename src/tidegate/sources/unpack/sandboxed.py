"""The program in the sandbox: reads jobs from its input, says documents and gaps on its output.

It imports nothing of Tidegate, so that it starts fast and holds nothing worth stealing. A job is eight bytes
of kind, eight of length, the data. A frame is `D` (name, a zero byte, content), `G` (a gap's reason) or `E`
(the end).
"""

from __future__ import annotations

import io
import os
import resource
import struct
import sys
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

_MEMORY_BYTES: Final = 2 << 30
_PAGES: Final = 5_000
_TEXT_BYTES: Final = 8 << 20
"""Of one page; and of the text that goes into one frame."""


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
    """Yield the frames of one document: text a page, then the links."""
    import logging  # noqa: PLC0415

    import pypdf  # noqa: PLC0415
    from pypdf.errors import PyPdfError  # noqa: PLC0415

    logging.disable(logging.CRITICAL)
    errors = (
        PyPdfError,
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        MemoryError,
        OSError,
        RuntimeError,
        TypeError,
        ValueError,
        struct.error,
        zlib.error,
    )
    try:
        reader = pypdf.PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            yield b"G", b"encrypted"
            return
        count = len(reader.pages)
    except errors as error:
        yield b"G", f"no text was read: {type(error).__name__}".encode()
        return
    if count > _PAGES:
        yield b"G", f"only {_PAGES:,} of {count:,} pages were read".encode()
    links: list[str] = []
    for number in range(min(count, _PAGES)):
        try:
            page = reader.pages[number]
            text = page.extract_text()
            yield b"D", b"page %d\x00" % (number + 1) + text.encode("utf-8", "replace")[:_TEXT_BYTES]
            links.extend(_links(page))
        except errors as error:
            yield b"G", f"page {number + 1} was not read: {type(error).__name__}".encode()
    if links:
        yield b"D", b"links\x00" + "\n".join(links).encode("utf-8", "replace")[:_TEXT_BYTES]


def _links(page: Any) -> Iterator[str]:
    for annotation in page.annotations or ():
        action = annotation.get_object().get("/A")
        target = action.get_object().get("/URI") if action is not None else None
        if target is not None:
            yield str(target)


if __name__ == "__main__":
    main()
