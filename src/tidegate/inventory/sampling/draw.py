"""Drawing items evenly in one pass: of each band those with the smallest keyed hash of their name.

The hash is SipHash-2-4; its key are the first 16 bytes of the SHA-256 of the seed, a zero and the account.
The same seed draws the same items, whatever the order and the pieces in which they come; two draws of parts
merge into that of the whole; more of a band is a superset of fewer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

import polars as pl

from tidegate.inventory._siphash import siphashes

ID: Final = ("service", "container", "name", "state", "version")
"""Columns that tell an item from all others; `name` as the service gives it."""
COLUMNS: Final[Mapping[str, Any]] = {
    "key": pl.UInt64,
    "band": pl.UInt8,
    **dict.fromkeys(ID, pl.String),
    "size_bytes": pl.Int64,
    "md5": pl.String,
    "etag": pl.String,
    "kind": pl.String,
}
"""Of what is drawn. `kind`: by its name."""


@dataclass(slots=True)
class Draw:
    """What was drawn so far, and how much there is in all."""

    seed: int
    account: str
    most: Mapping[int, int]
    """Band -> how many of it are held at most."""
    items: dict[int, int] = field(default_factory=dict)
    bytes: dict[int, int] = field(default_factory=dict)
    _held: dict[int, pl.DataFrame] = field(default_factory=dict)

    def add(self, rows: pl.DataFrame) -> None:
        """Take some rows into account. rows: the columns of `COLUMNS` but `key`."""
        if not rows.height:
            return
        wanted = pl.col("band").is_in([band for band, most in self.most.items() if most])
        counted = rows.filter(~wanted).with_columns(pl.lit(0, pl.UInt64).alias("key"))
        drawn = rows.filter(wanted)
        drawn = drawn.with_columns(pl.Series("key", self._keys(drawn), pl.UInt64))
        keyed = pl.concat([counted.select(*COLUMNS), drawn.select(*COLUMNS)])
        for (band,), own in keyed.group_by("band"):
            number = int(band)
            self.items[number] = self.items.get(number, 0) + own.height
            self.bytes[number] = self.bytes.get(number, 0) + int(own["size_bytes"].cast(pl.Int128).sum() or 0)
            self._keep(number, own)

    def merge(self, other: Self) -> None:
        """Take in what was drawn from other rows. Raises `ValueError` for another seed or account."""
        if (other.seed, other.account, dict(other.most)) != (self.seed, self.account, dict(self.most)):
            raise ValueError("only draws of one seed, one account and equal numbers can be merged")
        for band, count in other.items.items():
            self.items[band] = self.items.get(band, 0) + count
            self.bytes[band] = self.bytes.get(band, 0) + other.bytes[band]
            self._keep(band, other.drawn(band))

    def drawn(self, band: int) -> pl.DataFrame:
        """Return what is held of a band, in the order in which it is to be read: any beginning is a draw."""
        return self._held.get(band, pl.DataFrame(schema=dict(COLUMNS)))

    def _keep(self, band: int, more: pl.DataFrame) -> None:
        most = self.most.get(band, 0)
        if not most:
            return
        held = self.drawn(band)
        if held.height >= most:
            more = more.filter(pl.col("key") <= held["key"][-1])
        if more.height:
            both = pl.concat([held, more]).sort("key", *ID, nulls_last=False)
            self._held[band] = both.head(most)

    def _keys(self, rows: pl.DataFrame) -> Any:
        """Return the hash of each item; equal ones are told apart by name."""
        digest = hashlib.sha256(f"{self.seed}\0{self.account}".encode()).digest()
        key = int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:16], "little")
        return siphashes(
            rows.select(pl.concat_str(pl.col(ID).fill_null(""), separator="\0")).to_series(), key
        )
