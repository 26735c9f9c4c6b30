"""Which container is it, by its first bytes. Asked of every file and git blob, so it must cost nothing."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterable
from functools import partial
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
    0x1F: (
        (b"\x1f\x8b\x08", "gz"),
        *((bytes((0x1F, 0x9D, 0x80 | bits)), "compress") for bits in range(9, 17)),
    ),
    0xED: ((b"\xed\xab\xee\xdb", "rpm"),),
    0x4D: ((b"MSCF\0\0\0\0", "cab"),),
    # The lzma of before xz has no magic number: its usual properties, and a dictionary of 64 KiB to 128 MiB.
    0x5D: (
        (b"\x5d\x2a\x4d\x18", "zst"),
        *((b"\x5d" + (1 << power).to_bytes(4, "little"), "lzma") for power in range(16, 28)),
    ),
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
        if first not in (0x52, 0x53, 0x5D)
    },
}
_GIT_OBJECT: Final = re.compile(rb"(?:blob|commit|tag|tree) \d{1,19}\0")

_PROGRAMS: Final = (
    b"MZ", b"\x7fELF", b"#!",
    b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa\xcf", b"\xfe\xed\xfa\xce",
)  # fmt: skip
"""How programs begin: for Windows, for Linux, scripts, for macOS."""
_MAIL: Final = (
    b"Received Return-Path Delivered-To Envelope-To Authentication-Results Received-SPF DKIM-Signature"
    b" DomainKey-Signature ARC-Seal ARC-Message-Signature ARC-Authentication-Results MIME-Version"
    b" Content-Type Content-Transfer-Encoding Content-Disposition Message-ID From To Cc Bcc Date Subject"
    b" Reply-To Sender In-Reply-To Errors-To Resent-From Resent-Date User-Agent Importance Precedence"
    b" List-Unsubscribe List-Id Thread-Topic Thread-Index Feedback-ID Autocrypt X-[A-Za-z0-9-]{1,70}"
).split()
"""What mails begin with. A text that happens to begin so costs a search, and no gap."""
_MBOX: Final = re.compile(rb"From [^\r\n]{0,200}\d\d:\d\d")

_Test = Callable[[bytes | bytearray, int], object]


def _tests(starts: Iterable[bytes]) -> dict[int, _Test]:
    """Return first byte -> a test of what follows it. Names of mail headers have no case."""
    patterns: dict[int, list[bytes]] = {}
    for start in starts:
        patterns.setdefault(start[0], []).append(re.escape(start))
    for name in _MAIL:
        for first in {name[:1], name[:1].lower()}:
            patterns.setdefault(first[0], []).append(b"(?i:%s:)" % name)
    patterns[_MBOX.pattern[0]].append(_MBOX.pattern)
    found: dict[int, _Test] = {}
    for byte, each in patterns.items():
        found[byte] = partial(_first_test, found, byte, b"|".join(each))
    return found


def _first_test(
    table: dict[int, _Test], first: int, pattern: bytes, data: bytes | bytearray, at: int
) -> object:
    """Compile a test when it is first asked for: there are ninety, and most files begin with few letters."""
    test = table[first] = re.compile(pattern).match
    return test(data, at)


_MAIL_TESTS: Final = _tests(())
STARTS: Final = _tests((*(magic for each in _MAGIC.values() for magic, _ in each), *_PROGRAMS))
"""For hot loops, which may leave out `sniff` for the data at `at` in a buffer, up to `stop`, unless one of

- `(test := STARTS.get(data[at])) is not None and test(data, at)`,
- `data[at + 257 : at + 262] == b"ustar"`,
- `data[stop - 22 : stop - 18] == ZIP_END`.

What stands around the data can only make the answer yes."""
ZIP_END: Final = b"PK\x05\x06"
_ZIP_END_BYTES: Final = 22
_ZIP_TAIL_BYTES: Final = _ZIP_END_BYTES + 0xFFFF
_ZIP_END_TRIES: Final = 4
_END: Final = struct.Struct("<HHHHIIH")
_CHECKSUM_BLANK: Final = 8 * 0x20


def sniff(head: bytes | memoryview, size: int) -> str | None:
    """Return the kind of container as its first bytes tell, or `None`: then `sniff_end` may know more.

    `head` is the document's first 512 bytes, or all of it; `size` its whole length.
    """
    if size < 10 or not len(head):
        return None
    magics = _MAGIC.get(head[0])
    if magics is not None:
        start = bytes(head[:16])
        for magic, kind in magics:
            if start.startswith(magic) and _is_sure(kind, head):
                return kind
    if size >= 512 and (head[257:262] == b"ustar" or _is_old_tar(head)):
        return "tar"
    test = _MAIL_TESTS.get(head[0])
    if test is not None and test(start := bytes(head), 0):
        return "mbox" if _MBOX.match(start) else "mail"
    return None


def is_program(head: bytes | memoryview) -> bool:
    """Whether it begins like something a machine can run."""
    return bytes(head[:4]).startswith(_PROGRAMS)


def sniff_end(head: bytes | memoryview, size: int, last: Callable[[int], bytes | memoryview]) -> str | None:
    """Return `appended` when a zip stands behind something else: a program that unpacks itself.

    `last(n)` returns the last `n` bytes, or all. Behind programs the zip may have a comment, or be signed;
    that would be a search in each file, so behind other things its end must be the file's.
    """
    if size < 2 * _ZIP_END_BYTES:
        return None
    tail = last(_ZIP_TAIL_BYTES if is_program(head) else _ZIP_END_BYTES)
    if len(tail) == _ZIP_END_BYTES and tail[:4] != ZIP_END:
        return None
    tail = bytes(tail)
    at = len(tail)
    for _ in range(_ZIP_END_TRIES):
        at = tail.rfind(ZIP_END, 0, at)
        if at < 0:
            return None
        if _is_zip_end(tail[at : at + _ZIP_END_BYTES], size - len(tail) + at):
            return "appended"
    return None


def _is_zip_end(end: bytes, at: int) -> bool:
    """Whether the record at byte `at` can be true: programs hold its magic number as a constant, too."""
    if len(end) < _ZIP_END_BYTES:
        return False
    disk, first, here, count, size, _, _ = _END.unpack_from(end, 4)
    if (disk, first) not in ((0, 0), (0xFFFF, 0xFFFF)) or here != count or not count:
        return False
    return bool(count == 0xFFFF or size == 0xFFFFFFFF or 46 * count <= size <= at)


def _is_sure(kind: str, head: bytes | memoryview) -> bool:
    """Whether what begins so may be taken for it: two kinds begin with little that is their own."""
    if kind == "git-object":
        return _is_git_object(head)
    # The length that follows is unknown, or none beyond a terabyte.
    return kind != "lzma" or bytes(head[5:13]) == b"\xff" * 8 or bytes(head[10:13]) == bytes(3)


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
