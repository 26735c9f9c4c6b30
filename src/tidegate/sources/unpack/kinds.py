"""Which container is it, by its first bytes. Asked of every file and git blob, so it must cost nothing."""

from __future__ import annotations

import re
import zlib
from typing import Final

HEAD_BYTES: Final = 512
"""What `sniff` wants to see; more is not looked at."""

_MAGIC: Final[dict[int, tuple[tuple[bytes, str], ...]]] = {
    0x50: (
        (b"PK\x03\x04", "zip"),
        (b"PK\x05\x06", "zip"),
        (b"PK\x07\x08PK\x03\x04", "zip"),
        (b"PACK\0\0\0\x02", "git-pack"),
        (b"PACK\0\0\0\x03", "git-pack"),
    ),
    0x1F: ((b"\x1f\x8b\x08", "gz"),),
    0x42: tuple(
        (b"BZh%d%s" % (level, tail), "bz2") for level in range(1, 10) for tail in (b"1AY&SY", b"\x17rE8P\x90")
    ),
    0xFD: ((b"\xfd7zXZ\x00", "xz"),),
    0x28: ((b"\x28\xb5\x2f\xfd", "zst"),),
    0x04: ((b"\x04\x22\x4d\x18", "lz4"),),
    0x37: ((b"7z\xbc\xaf\x27\x1c", "7z"),),
    0x25: ((b"%PDF-", "pdf"),),
    0x53: ((b"SQLite format 3\x00", "sqlite"),),
    0x21: ((b"!<arch>\n", "ar"),),
    0x52: ((b"Rar!\x1a\x07", "rar"),),
    0x23: ((b"# v2 git bundle\n", "git-bundle"), (b"# v3 git bundle\n", "git-bundle")),
    # A zlib stream with a window of 32 KiB and no dictionary, at any of the four levels. Few are of git.
    0x78: tuple((b"x" + level, "git-object") for level in (b"\x01", b"\x5e", b"\x9c", b"\xda")),
    # A zstd stream may open with a skippable frame; pzstd writes one.
    **{
        first: ((bytes((first, 0x2A, 0x4D, 0x18)), "zst"),)
        for first in range(0x50 + 1, 0x60)
        if first not in (0x52, 0x53)
    },
}
_GIT_OBJECT: Final = re.compile(rb"(?:blob|commit|tag|tree) \d{1,19}\0")

FIRST_BYTES: Final = frozenset(_MAGIC)
"""A hot loop may leave out `sniff` if the first byte is none of these and `data[257:262]` is not `ustar`."""

_CHECKSUM_BLANK: Final = 8 * 0x20


def sniff(head: bytes | memoryview, size: int) -> str | None:
    """Return the kind of container, or `None`.

    `head` is the document's first 512 bytes, or all of it; `size` its whole length.
    """
    if size < 10 or not len(head):
        return None
    magics = _MAGIC.get(head[0])
    if magics is not None:
        start = bytes(head[:16])
        for magic, kind in magics:
            if start.startswith(magic) and (kind != "git-object" or _is_git_object(head)):
                return kind
    if size >= 512 and (head[257:262] == b"ustar" or _is_old_tar(head)):
        return "tar"
    return None


def _is_git_object(head: bytes | memoryview) -> bool:
    try:
        return _GIT_OBJECT.match(zlib.decompressobj().decompress(head, 64)) is not None
    except zlib.error:
        return False


def _is_old_tar(head: bytes | memoryview) -> bool:
    """Whether it is a tar of before 1988, which has no magic number: the header's checksum must be right."""
    if len(head) < 512 or head[156] not in b"\x000125" or not head[0] or head[155] not in b"\x00 ":
        return False
    digits = bytes(head[148:154]).strip(b" \x00")
    if not digits or digits.strip(b"01234567"):
        return False
    return int(digits, 8) == sum(head[:148]) + _CHECKSUM_BLANK + sum(head[156:512])
