"""The index: which blobs are staged at which path. Source: git-scm.com/docs/index-format."""

from __future__ import annotations

from collections.abc import Iterator

from tidegate.model.document import Tally
from tidegate.sources.git.regular import read_if_there
from tidegate.sources.git.repository import Repository

MAX_INDEX_BYTES = 1 << 30


def staged_files(repository: Repository, tally: Tally) -> Iterator[tuple[bytes, bytes]]:
    """Yield (path, id) of each entry of the index, versions 2 to 4; what is malformed ends it with a gap."""
    data = read_if_there(repository.git_dir / "index", MAX_INDEX_BYTES)
    if not data:
        return
    version = int.from_bytes(data[4:8])
    if data[:4] != b"DIRC" or version not in (2, 3, 4):
        tally.gap("source", ".git/index", "not an index that we can read")
        return
    width = repository.width
    at, path = 12, b""
    for _ in range(int.from_bytes(data[8:12])):
        begin = at
        oid = data[at + 40 : at + 40 + width]
        flags = int.from_bytes(data[at + 40 + width : at + 42 + width])
        at += 42 + width + (2 if flags & 0x4000 and version > 2 else 0)
        if version == 4:
            cut, at = _offset(data, at)
            path = path[: max(len(path) - cut, 0)]
        else:
            path = b""
        nul = data.find(b"\0", at)
        if nul < 0 or len(oid) < width:
            tally.gap("source", ".git/index", "cut short: later entries are not read")
            return
        path += data[at:nul]
        at = nul + 1 if version == 4 else begin + (nul - begin + 8) // 8 * 8
        yield path, oid


def _offset(data: bytes, at: int) -> tuple[int, int]:
    """Read a number in the variable form of packs' offsets; return it and where it ends."""
    value = -1
    while at < len(data):
        byte = data[at]
        at += 1
        value = ((value + 1) << 7) | (byte & 0x7F)
        if byte < 0x80 or value > len(data):
            break
    return value, at
