"""A stretch of blobs that are alike, and everything that is told of each."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from tidegate.lab import noise
from tidegate.lab.ends import fitted
from tidegate.lab.names import Listed, Pattern
from tidegate.lab.noise import U64, Bytes
from tidegate.lab.sizes import Given, Sizes

_EPOCH_TICKS = 621_355_968_000_000_000
"""Ticks of 100 ns from the year 1 to 1970. An ETag of this service is the time of the last change in them."""

_REWRITTEN_WITHIN_S = 90 * 86_400


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What the blobs of a stretch have in common."""

    content_type: str = "application/octet-stream"
    blob_type: str = "BlockBlob"
    tiers: tuple[str, ...] = ("Hot",)
    """Each blob has one of them, by chance; one that stands twice is twice as likely."""
    md5: bool = True
    """The uploader told one. As with the real service nothing ties it to the contents: both are made up."""
    since: int = 2016
    """First year of the changes; the last ones are of the end of `until`."""
    until: int = 2023


@dataclass(frozen=True, slots=True)
class Columns:
    """What is told of n blobs beside their names."""

    sizes: NDArray[np.int64]
    """In bytes."""
    modified: NDArray[np.int64]
    """Seconds since 1970, UTC."""
    created: NDArray[np.int64]
    ticks: U64
    """Last change in 100 ns since the year 1."""
    tiers: NDArray[np.int64]
    """Index into `Kind.tiers`."""
    md5: Bytes | None
    """(n, 16)."""


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Blobs that are alike. Blob i is a function of (`stream`, i); nothing is stored but `contents`."""

    names: Pattern | Listed
    sizes: Sizes | Given
    kind: Kind
    stream: int
    contents: tuple[bytes, ...] = ()
    """True contents, one a blob; empty when they are made up."""

    @property
    def count(self) -> int:
        """Number of blobs."""
        return self.names.count

    def keys(self, at: U64) -> list[bytes]:
        """Return names in UTF-8."""
        return [row.tobytes().replace(b"\0", b"") for row in self.names.rows(at)]

    def folder_end(self, number: int) -> int:
        """Return the number behind the last blob of the folder that the pattern puts this one in."""
        per = self.names.per if isinstance(self.names, Pattern) else 1
        return min((number // per + 1) * per, self.count)

    def columns(self, at: U64) -> Columns:
        """Return everything else. at: (n,), numbers below `count`."""
        first, last = (
            int(datetime(year, 1, 1, tzinfo=UTC).timestamp())
            for year in (self.kind.since, self.kind.until + 1)
        )
        luck = noise.mix(self.stream + 1, at)
        modified = first + (luck % np.uint64(last - first)).astype(np.int64)
        # One in eight was written again after it was made.
        again = noise.mix(self.stream + 2, at)
        before = np.where(
            again & np.uint64(7), np.uint64(0), (again >> np.uint64(8)) % np.uint64(_REWRITTEN_WITHIN_S)
        )
        created = np.maximum(modified - before.astype(np.int64), first)
        fraction = again % np.uint64(10_000_000)
        ticks = modified.astype(np.uint64) * np.uint64(10_000_000) + fraction + np.uint64(_EPOCH_TICKS)
        tiers = (luck >> np.uint64(40)) % np.uint64(len(self.kind.tiers))
        return Columns(
            sizes=self.sizes.take(at),
            modified=modified,
            created=created,
            ticks=ticks,
            tiers=tiers.astype(np.int64),
            md5=self._md5(at) if self.kind.md5 else None,
        )

    def _md5(self, at: U64) -> Bytes:
        if self.contents:
            digests = [
                hashlib.md5(self.contents[each], usedforsecurity=False).digest() for each in at.tolist()
            ]
            return np.frombuffer(b"".join(digests), np.uint8).reshape(-1, 16)
        halves = [noise.mix(self.stream + 3 + half, at).astype("<u8").view(np.uint8) for half in (0, 1)]
        return np.concatenate([each.reshape(-1, 8) for each in halves], axis=1)

    def read(self, number: int, start: int, stop: int) -> bytes:
        """Return bytes [start, stop) of a blob; the caller keeps them within its size."""
        if self.contents:
            return self.contents[number][start:stop]
        at = np.array([number], np.uint64)
        size, name = int(self.sizes.take(at)[0]), self.keys(at)[0].decode("utf-8", "replace")
        return fitted(noise.content(noise.key(self.stream, number), start, stop), start, size, name)


def stored(names: Sequence[str], contents: Sequence[bytes], kind: Kind, stream: int) -> Stretch:
    """Return a stretch of true files, in the order of their names."""
    return Stretch(
        names=Listed(tuple(names)),
        sizes=Given(tuple(len(each) for each in contents)),
        kind=kind,
        stream=stream,
        contents=tuple(contents),
    )
