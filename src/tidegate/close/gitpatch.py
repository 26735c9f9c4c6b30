"""A patch for `git apply` that tells only what is new: what it removes does not stand in it.

Git's own form for binary files is a delta: copy these bytes of the file, then insert those. A text patch
would repeat the removed line, and with it the secret. Git checks the whole file by its id before and after.
Source: git-scm.com/docs/gitformat-pack, "Deltified representation"; git-scm.com/docs/diff-generate-patch.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Iterator, Sequence

_LONGEST_INSERT = 127
_LONGEST_COPY = 0xFFFFFF
_LINE_BYTES = 52


def file_patch(
    path: bytes, content: bytes, cuts: Sequence[tuple[int, int]], replacement: bytes, *, sha256: bool = False
) -> bytes:
    """Return the part of a patch that exchanges byte ranges of one file.

    cuts: ascending, apart from each other. sha256: the repository names objects so.
    """
    changed = bytearray()
    at = 0
    for start, stop in cuts:
        changed += content[at:start] + replacement
        at = stop
    changed += content[at:]
    delta = _delta(len(content), len(changed), cuts, replacement)
    name = _quoted(b"a/" + path), _quoted(b"b/" + path)
    old, new = (_blob_id(each, sha256=sha256) for each in (content, bytes(changed)))
    head = b"diff --git %s %s\nindex %s..%s\nGIT binary patch\ndelta %d\n" % (*name, old, new, len(delta))
    return head + b"".join(_lines(zlib.compress(delta))) + b"\n"


def _delta(old_size: int, new_size: int, cuts: Sequence[tuple[int, int]], replacement: bytes) -> bytes:
    out = bytearray(_number(old_size) + _number(new_size))
    at = 0
    for start, stop in (*cuts, (old_size, old_size)):
        while at < start:
            size = min(start - at, _LONGEST_COPY)
            out += _copy(at, size)
            at += size
        at = stop
        if start < old_size or start < stop:
            for begin in range(0, len(replacement), _LONGEST_INSERT):
                piece = replacement[begin : begin + _LONGEST_INSERT]
                out += bytes((len(piece),)) + piece
    return bytes(out)


def _copy(offset: int, size: int) -> bytes:
    code, rest = 0x80, bytearray()
    for index, byte in enumerate((*offset.to_bytes(4, "little"), *size.to_bytes(3, "little"))):
        if byte:
            code |= 1 << index
            rest.append(byte)
    return bytes((code,)) + bytes(rest)


def _number(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _lines(data: bytes) -> Iterator[bytes]:
    for begin in range(0, len(data), _LINE_BYTES):
        piece = data[begin : begin + _LINE_BYTES]
        letter = ord("A") + len(piece) - 1 if len(piece) <= 26 else ord("a") + len(piece) - 27
        yield bytes((letter,)) + base64.b85encode(piece, pad=True) + b"\n"


def _blob_id(content: bytes, *, sha256: bool) -> bytes:
    digest = hashlib.sha256 if sha256 else hashlib.sha1
    return digest(b"blob %d\0" % len(content) + content).hexdigest().encode()


_ESCAPES = {
    7: b"\\a",
    8: b"\\b",
    9: b"\\t",
    10: b"\\n",
    11: b"\\v",
    12: b"\\f",
    13: b"\\r",
    34: b'\\"',
    92: b"\\\\",
}


def _quoted(path: bytes) -> bytes:
    """Return a path as git writes it: in quotes with escapes where it is not plain."""
    plain = all(0x20 <= byte < 0x7F and byte not in b'"\\' for byte in path)
    if plain:
        return path
    parts = (
        _ESCAPES.get(byte) or (bytes((byte,)) if 0x20 <= byte < 0x7F else b"\\%03o" % byte) for byte in path
    )
    return b'"' + b"".join(parts) + b'"'
