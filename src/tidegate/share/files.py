"""The files that a link reaches, and reading one of them to its end, in pieces."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

from tidegate.errors import NoAnswerError, UsageError
from tidegate.model.credential import Credential
from tidegate.net.message import Sends
from tidegate.plugins import Container, Storage

MOST_FILES: Final = 20_000
AT_ONCE: Final = 8
"""Files, and pieces of files, on their way at the same time; the scope file bounds the requests a second."""
_PIECE_BYTES: Final = 4 << 20
_WHOLE_BYTES: Final = 8 << 20
"""A file up to this size is kept while it is judged; of a larger one ranges are read again."""


@dataclass(frozen=True, slots=True)
class File:
    """One object, and how it is read. Two are the same when nothing of it changed."""

    name: str
    size_bytes: int
    mark: str
    """What the service changes with the content: its `ETag`, and more where it tells it."""
    container: Container
    storage: Storage = field(compare=False, repr=False)
    credential: Credential = field(compare=False, repr=False)
    net: Sends = field(compare=False, repr=False)

    def __call__(self, start: int, stop: int) -> bytes:
        """Read bytes [start, stop). Raises `RequestError`."""
        return self.storage.read(self.credential, self.net, self.container, self.name, start, stop)


def listed(storage: Storage, one: Credential, net: Sends, max_read: int) -> list[File]:
    """Return all files that a credential reaches, in the order of the service.

    Raises `UsageError` when they are more than may be read, `RequestError`.
    """
    found: list[File] = []
    total = 0
    for file in _files(storage, one, net):
        found.append(file)
        total += file.size_bytes
        if total > max_read or len(found) > MOST_FILES:
            raise UsageError(
                f"the checksums would take reading more than {words(max_read)} or {MOST_FILES:,} files",
                hint="Raise --max-read; or give --no-manifest, and nothing is read or judged.",
            )
    return found


def through(file: File, pool: ThreadPoolExecutor) -> tuple[str, bytes | None]:
    """Return the checksum, and the bytes of a small file. Raises `NoAnswerError` when it changed since."""
    digest, kept, read = hashlib.sha256(), bytearray(), 0
    small = file.size_bytes <= _WHOLE_BYTES
    starts = iter(range(0, file.size_bytes, _PIECE_BYTES))
    waiting: deque[Future[bytes]] = deque()

    def order() -> None:
        start = next(starts, None)
        if start is not None:
            waiting.append(pool.submit(file, start, min(start + _PIECE_BYTES, file.size_bytes)))

    for _ in range(AT_ONCE // 2):
        order()
    try:
        while waiting:
            piece = waiting.popleft().result()
            order()
            digest.update(piece)
            read += len(piece)
            if small:
                kept += piece
    finally:
        for each in waiting:
            each.cancel()
    if read != file.size_bytes:
        raise NoAnswerError("what is shared changed while it was read: nothing was shared")
    return digest.hexdigest(), bytes(kept) if small else None


def words(size_bytes: int) -> str:
    """Return a size for people."""
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size_bytes >= size:
            return f"{size_bytes / size:.4g} {unit}"
    return f"{size_bytes} bytes"


def _files(storage: Storage, one: Credential, net: Sends) -> Iterator[File]:
    for container in storage.containers(one, net):
        after: str | None = None
        while True:
            page = storage.page(one, net, container, prefix=container.prefix, after=after)
            columns = page.items.select("name", "kind", "state", "size_bytes", "etag", "modified_at", "md5")
            for row in columns.iter_rows(named=True):
                if row["kind"] != "directory" and row["state"] in (None, "current"):
                    mark = f"{row['etag']} {row['modified_at']} {row['md5']}"
                    yield File(str(row["name"]), _size(row), mark, container, storage, one, net)
            after = page.after
            if not after:
                break


def _size(row: dict[str, Any]) -> int:
    if row["size_bytes"] is None:
        raise NoAnswerError("the service does not tell how large the object is")
    return int(row["size_bytes"])
