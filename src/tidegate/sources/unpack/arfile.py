"""ar: Debian packages and static libraries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tidegate.sources.unpack.limits import BrokenError, Budget
from tidegate.sources.unpack.names import readable
from tidegate.sources.unpack.reader import Reader

_HEADER_BYTES: Final = 60
_NAMES_BYTES: Final = 1 << 24
_INDEXES: Final = frozenset((b"/", b"/SYM64/", b"__.SYMDEF", b"__.SYMDEF SORTED"))


def open_ar(source: Reader, inner: str, budget: Budget) -> Iterator[tuple[str, Reader]]:
    """Yield the members. A broken header ends it with `BrokenError`, after what came before."""
    if bytes(source.take(8)) != b"!<arch>\n":
        raise BrokenError("no ar file")
    names = b""
    while header := bytes(source.take(_HEADER_BYTES)):
        name, digits = header[:16].rstrip(), header[48:58].strip()
        if header[58:] != b"`\n" or not digits.isdigit():
            raise BrokenError(f"no ar header at byte {source.offset - len(header):,}")
        budget.member()
        size = int(digits)
        stop = source.offset + size
        if name == b"//":
            names = bytes(source.take(min(size, _NAMES_BYTES)))
        elif name not in _INDEXES:
            yield readable(_name(name, names, source, size)), source.part(stop - source.offset)
        source.skip(stop - source.offset)
        if source.offset < stop:
            budget.gap(inner, f"ar ends inside of {readable(name)}")
            return
        source.skip(size & 1)


def _name(name: bytes, names: bytes, source: Reader, size: int) -> bytes:
    """Resolve names that did not fit: GNU keeps them in a member, BSD in front of the content."""
    if name.startswith(b"#1/") and name[3:].isdigit():
        return bytes(source.take(min(int(name[3:]), size))).rstrip(b"\x00")
    if name.startswith(b"/") and name[1:].isdigit():
        return names[int(name[1:]) :].split(b"\n", 1)[0].removesuffix(b"/")
    return name.removesuffix(b"/")
