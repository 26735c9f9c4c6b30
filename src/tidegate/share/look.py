"""What is about to be shared, read once: a checksum of each file, and what loading a model would do."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from tidegate import plugins
from tidegate.errors import NoAnswerError, UnsafeError, UsageError
from tidegate.inspectors.look import look as look_into
from tidegate.inspectors.readable import Counted, Memory, OverBudgetError, Readable, Remote
from tidegate.model.credential import Credential
from tidegate.model.document import Spot
from tidegate.model.observation import Inspection, Verdict
from tidegate.model.secret import Secret
from tidegate.model.sighting import Sighting
from tidegate.net.message import Sends
from tidegate.plugins import Container, Storage
from tidegate.share.manifest import Sum

MAX_READ: Final = 4 << 30
"""Bytes that are read unless the user says otherwise: a minute or two on a usual line."""
MOST_FILES: Final = 20_000
_PIECE_BYTES: Final = 4 << 20
_AT_ONCE: Final = 4
"""Pieces of one file on their way at the same time."""
_WHOLE_BYTES: Final = 16 << 20
"""A file up to this size is kept while it is judged; of a larger one ranges are read again."""
_SIGNATURES: Final = {"azure": "sig", "s3": "X-Amz-Signature", "gcs": "X-Goog-Signature"}
_KINDS: Final = {"azure": "sas", "s3": "presigned_v4", "gcs": "signed_v4"}
_SAFE: Final = "safetensors holds the same weights and cannot run code"


@dataclass(slots=True)
class Looked:
    """What was seen."""

    sums: list[Sum] = field(default_factory=list)
    models: list[Inspection] = field(default_factory=list)
    """Of those that are model files."""

    @property
    def size_bytes(self) -> int:
        """Of all files together."""
        return sum(each.size_bytes for each in self.sums)

    def refuse(self) -> None:
        """Raise `UnsafeError` when one of them would do harm to whoever loads it."""
        bad = [each for each in self.models if each.verdict is Verdict.DANGEROUS]
        if bad:
            first = bad[0]
            why = first.observations[0].summary if first.observations else "it runs code"
            more = f", and {len(bad) - 1} more" if len(bad) > 1 else ""
            raise UnsafeError(
                f"not shared: {first.path} would harm whoever loads it ({why}){more}",
                hint=f"tidegate inspect says more. Save it anew from a source that you trust: {_SAFE}.",
            )

    def warnings(self) -> list[str]:
        """Say of each other model what whoever gets it must know; nothing of those that cannot run code."""
        return [words for each in self.models if (words := _warning(each))]


def as_found(link: Secret, provider: str, now: datetime) -> tuple[Credential, str]:
    """Return a link as a scan that finds it hands it on, and as a report shows it.

    Raises `UsageError` for a text that is no link of this provider.
    """
    text = link.reveal()
    signature = parse_qs(urlsplit(text).query).get(_SIGNATURES[provider], [""])[0]
    sighting = Sighting(
        rule="share",
        provider=provider,
        kind=_KINDS[provider],
        text=link,
        secret=Secret(signature),
        context={},
        spot=Spot("-", 1, 1),
    )
    decoder = plugins.load(plugins.Decoder, "tidegate.providers")[provider]
    grant = decoder.decode(sighting, now) if signature else None
    if grant is None:
        raise UsageError("this is no link of the provider that it should be of")
    found = Credential(
        grant=grant, text=link, secret=sighting.secret, context={}, provider=provider, kind=sighting.kind
    )
    return found, decoder.redact(sighting)


def look(
    link: Secret, provider: str, net: Sends, now: datetime, *, single: bool, max_read: int = MAX_READ
) -> Looked:
    """Read everything that a link of our own reaches.

    single: it is one object, which is downloaded under its last name alone. Raises `UsageError` when that is
    more than `max_read` bytes or `MOST_FILES` files, before any is read; `RequestError`.
    """
    storage = plugins.storage(provider)
    assert storage is not None
    one, _ = as_found(link, provider, now)
    files = list(_files(storage, one, net, max_read))
    looked = Looked()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for container, name, size in files:
            called = name.rstrip("/").rpartition("/")[2] or name if single else name
            reads = _Reads(storage, one, net, container, name, size)
            sha256, whole = _through(reads, pool)
            looked.sums.append(Sum(name=called, size_bytes=size, sha256=sha256))
            data: Readable = (
                Memory(whole) if whole is not None else Counted(Remote(size, reads), block_bytes=1 << 16)
            )
            try:
                seen = look_into(data, called)
            except OverBudgetError:  # pragma: no cover - `look` takes it for not complete
                continue
            if seen.verdict is not None:
                looked.models.append(replace(seen, path=called))
    return looked


@dataclass(frozen=True, slots=True)
class _Reads:
    storage: Storage
    credential: Credential
    net: Sends
    container: Container
    name: str
    size_bytes: int

    def __call__(self, start: int, stop: int) -> bytes:
        return self.storage.read(self.credential, self.net, self.container, self.name, start, stop)


def _files(
    storage: Storage, one: Credential, net: Sends, max_read: int
) -> Iterator[tuple[Container, str, int]]:
    count = total = 0
    for container in storage.containers(one, net):
        after: str | None = None
        while True:
            page = storage.page(one, net, container, prefix=container.prefix, after=after)
            for row in page.items.select("name", "kind", "state", "size_bytes").iter_rows(named=True):
                if row["kind"] == "directory" or row["state"] not in (None, "current"):
                    continue
                size = _size(row)
                count, total = count + 1, total + size
                if total > max_read or count > MOST_FILES:
                    raise UsageError(
                        f"for the checksums more than {_words(max_read)} or {MOST_FILES:,} files would have "
                        "to be read",
                        hint="Raise --max-read; or give --no-manifest, and nothing is read or judged.",
                    )
                yield container, str(row["name"]), size
            after = page.after
            if not after:
                break


def _size(row: dict[str, Any]) -> int:
    if row["size_bytes"] is None:
        raise NoAnswerError("the service does not tell how large the object is")
    return int(row["size_bytes"])


def _through(reads: _Reads, pool: ThreadPoolExecutor) -> tuple[str, bytes | None]:
    """Return the checksum, and the bytes of a small file. Raises `NoAnswerError` when it changed since."""
    digest, kept, read = hashlib.sha256(), bytearray(), 0
    small = reads.size_bytes <= _WHOLE_BYTES
    starts = iter(range(0, reads.size_bytes, _PIECE_BYTES))
    waiting: deque[Future[bytes]] = deque()

    def order() -> None:
        start = next(starts, None)
        if start is not None:
            waiting.append(pool.submit(reads, start, min(start + _PIECE_BYTES, reads.size_bytes)))

    for _ in range(_AT_ONCE):
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
    if read != reads.size_bytes:
        raise NoAnswerError("an object changed while it was read: nothing was shared")
    return digest.hexdigest(), bytes(kept) if small else None


def _warning(seen: Inspection) -> str:
    match seen.verdict:
        case Verdict.UNKNOWN:
            return f"{seen.path} can run code and calls what Tidegate does not know; {_SAFE}"
        case Verdict.DAMAGED:
            return f"{seen.path} cannot be judged whole: what loading it does is not known; {_SAFE}"
        case Verdict.CLEAN:
            return (
                f"{seen.path} is of a kind that can run code when it is loaded ({seen.kind}); nothing "
                f"harmful was seen in it, and {_SAFE}"
            )
    return ""


def _words(size_bytes: int) -> str:
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size_bytes >= size:
            return f"{size_bytes / size:.4g} {unit}"
    return f"{size_bytes} bytes"
