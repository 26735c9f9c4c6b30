"""Bands of risk: items that are alike by name, size and folder, so that reading one tells of the others."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import polars as pl

from tidegate.kinds.table import kinds

LARGE_BYTES: Final = 1 << 30
"""Of such there are few, and each may be a whole machine: all of them are looked at, at both ends."""
_ODD_MEDIA_BYTES: Final = 256 << 20
"""A picture of this size is none."""


class Band(IntEnum):
    """Where an item belongs. The first two are looked into one by one, as far as a cap goes."""

    RISKY = 0
    """Its name says key, machine or messages."""
    LARGE = 1
    RECORDS = 2
    PACKED = 3
    """Archives, logs, and what tells nothing by its ending but lies in a folder that tells."""
    TEXTS = 4
    MODELS = 5
    UNNAMED = 6
    DULL = 7
    EMPTY = 8
    """Nothing is in it: it counts as looked into."""
    UNREADABLE = 9
    """Archived by the service, or deleted: nobody can read it as it is."""


READ: Final = tuple(band for band in Band if band < Band.EMPTY)
"""Bands of which something is read."""
HELD: Final = {Band.RISKY: 20_000, Band.LARGE: 40_000, **dict.fromkeys(READ[2:], 12_000)}
"""So many of each are drawn at most; how many are read is decided later."""
CENSUS: Final = {Band.RISKY: 4_000, Band.LARGE: 40_000, Band.MODELS: 500}
"""Up to so many are all read, whatever the pilot says."""

_OF_GROUP: Final = {
    **dict.fromkeys(("key", "machine", "messages"), Band.RISKY),
    **dict.fromkeys(("database", "personal"), Band.RECORDS),
    **dict.fromkeys(("archive", "log"), Band.PACKED),
    **dict.fromkeys(("document", "dataset", "code"), Band.TEXTS),
    "model": Band.MODELS,
    **dict.fromkeys(("media", "program"), Band.DULL),
}
_TELLING_FOLDER: Final = (
    r"(?i)(?:^|/)(?:\.?(?:ssh|aws|azure|kube|gnupg|docker|git|config)|back-?ups?|users?|home|homes|private|secrets?"
    r"|credentials?|certs?|keys?|exports?|dumps?|hr|payroll|finance|legal|personal)/"
)
_PARTS: Final = "bundle/bands/"
"""Of the disk of a Mac's backup, ten thousand files: it is told at the description beside them."""
_ARCHIVED: Final = ("Archive", "GLACIER", "DEEP_ARCHIVE")
"""Azure's and Amazon's words; Google's ARCHIVE is read like any other."""


def band(*, kind: pl.Expr, name: pl.Expr, size: pl.Expr, tier: pl.Expr, state: pl.Expr) -> pl.Expr:
    """Return the band of each item. kind: by its name, an id of `kinds.toml`; size: in bytes, or null."""
    of_kind = {each.id: int(_OF_GROUP.get(each.group, Band.UNNAMED)) for each in kinds().values()}
    named = kind.replace_strict(of_kind, default=int(Band.UNNAMED), return_dtype=pl.UInt8)
    unnamed = named == int(Band.UNNAMED)
    odd = (named == int(Band.DULL)) & (size > _ODD_MEDIA_BYTES)
    return (
        pl.when(state.eq_missing("deleted") | tier.is_in(_ARCHIVED).fill_null(value=False))
        .then(_at(Band.UNREADABLE))
        .when(size == 0)
        .then(_at(Band.EMPTY))
        .when(name.str.contains(_PARTS, literal=True))
        .then(_at(Band.DULL))
        .when(named == int(Band.RISKY))
        .then(named)
        .when(size >= LARGE_BYTES)
        .then(_at(Band.LARGE))
        .when(odd)
        .then(_at(Band.UNNAMED))
        .when(unnamed & name.str.contains(_TELLING_FOLDER))
        .then(_at(Band.PACKED))
        .otherwise(named)
    )


def _at(which: Band) -> pl.Expr:
    return pl.lit(int(which), pl.UInt8)
