"""The columns of an inventory: what is kept of every item that was listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import polars as pl

_INSTANT: Final = pl.Datetime("us", "UTC")

SCHEMA: Final[Mapping[str, Any]] = {
    "service": pl.String,  # blob, file, s3, gcs
    "container": pl.String,
    "name": pl.String,  # as the service gives it; directories end in a slash
    "state": pl.String,  # current, version, snapshot, deleted
    "kind": pl.String,  # object, directory
    "size_bytes": pl.Int64,
    "modified_at": _INSTANT,
    "created_at": _INSTANT,
    "content_type": pl.String,
    "tier": pl.String,  # Hot, Cool, Archive; STANDARD, GLACIER
    "etag": pl.String,
    "md5": pl.String,  # hex, where the service tells it
    "version": pl.String,  # version id or snapshot time
}
"""Column -> type. A value that the service does not tell is null."""


def frame(columns: Mapping[str, Sequence[Any] | pl.Series], rows: int) -> pl.DataFrame:
    """Return a table of all columns, those not given null. Raises polars' errors for wrong lengths."""
    given = [pl.Series(name, values, SCHEMA[name]) for name, values in columns.items()]
    table = pl.DataFrame(given) if given else pl.DataFrame({"name": pl.Series([], dtype=pl.String)})
    missing = [pl.lit(None, kind).alias(name) for name, kind in SCHEMA.items() if name not in columns]
    return table.with_columns(missing).select(*SCHEMA) if rows else pl.DataFrame(schema=dict(SCHEMA))
