"""One compressed stream: gz, bz2, xz, zst, lzma. Decompressed in pieces, each of a greatest length."""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Iterator
from functools import partial
from typing import Final

from tidegate.packing.decompressors import BY_KIND, Decompressor
from tidegate.sources.unpack.limits import Budget, ExhaustedError
from tidegate.sources.unpack.reader import Reader

PIECE: Final = 1 << 18
"""Bytes put into and got out of a decompressor at once."""
AFTER: Final = "<after the end>"
"""Name of what follows the last stream and is none."""
_MAGIC: Final = {
    "gz": b"\x1f\x8b\x08",
    "bz2": b"BZh",
    "xz": b"\xfd7zXZ\x00",
    "zst": b"\x28\xb5\x2f\xfd",
    "lzma": b"\x5d\0\0",
}
_SUFFIXES: Final = {
    ".tgz": ".tar", ".tbz": ".tar", ".tbz2": ".tar", ".txz": ".tar", ".tzst": ".tar", ".svgz": ".svg",
    ".gz": "", ".bz2": "", ".xz": "", ".zst": "", ".zstd": "", ".lzma": "", ".tlz": ".tar",
}  # fmt: skip


def inflate(source: Reader, machine: Decompressor, budget: Budget) -> Iterator[bytes]:
    """Yield one stream's bytes and stop behind it, with what was read too far given back to `source`.

    Raises `ValueError` on damage and `EOFError` when the stream ends early, after all that could be read.
    """
    for piece in source.pieces(size=PIECE):
        data = bytes(piece)
        while True:
            try:
                out = machine.decompress(data, PIECE)
            except (zlib.error, lzma.LZMAError, OSError, EOFError, MemoryError) as error:
                raise ValueError(str(error) or type(error).__name__) from None
            if out:
                budget.spend(len(out))
                yield out
            if machine.eof:
                source.give_back(len(machine.unused_data))
                return
            if machine.needs_input:
                break
            data = b""
    raise EOFError


def open_stream(kind: str, source: Reader, inner: str, budget: Budget) -> Iterator[tuple[str, Reader]]:
    """Yield the one document inside, all streams of the file joined, and what follows them if it is none."""
    yield inner_name(inner or budget.path), Reader(more=_joined(kind, source, inner, budget))
    if source.peek(1):
        yield AFTER, source


open_gz = partial(open_stream, "gz")
open_bz2 = partial(open_stream, "bz2")
open_xz = partial(open_stream, "xz")
open_zst = partial(open_stream, "zst")
open_lzma = partial(open_stream, "lzma")


def inner_name(path: str) -> str:
    """Return the name without the ending of the compression; `content` where there is none."""
    name = path.rsplit("/", 1)[-1]
    for suffix, instead in _SUFFIXES.items():
        if len(name) > len(suffix) and name.lower().endswith(suffix):
            return name[: -len(suffix)] + instead
    return "content"


def _joined(kind: str, source: Reader, inner: str, budget: Budget) -> Iterator[bytes]:
    """Damage ends it early, as a gap: whoever reads sees a shorter document."""
    first = True
    while first or source.peek(len(_MAGIC[kind])) == _MAGIC[kind] or _is_skippable(kind, source):
        first = False
        try:
            yield from inflate(source, BY_KIND[kind](), budget)
        except ExhaustedError:
            return
        except EOFError:
            budget.gap(inner, f"{kind} stream ends early")
            return
        except ValueError as error:
            budget.gap(inner, f"damaged {kind} stream: {error}")
            return
        _skip_padding(source)


def _is_skippable(kind: str, source: Reader) -> bool:
    head = source.peek(4)
    return kind == "zst" and len(head) == 4 and head[1:] == b"\x2a\x4d\x18" and head[0] >> 4 == 5


def _skip_padding(source: Reader) -> None:
    """Take zeros: gz on tapes and xz may be padded with them."""
    while (head := source.peek(512)) and not head[0]:
        zeros = len(head) - len(head.lstrip(b"\x00"))
        source.skip(zeros)
