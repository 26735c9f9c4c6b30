"""The items of one folder of an inventory: what lies beside an item."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import polars as pl

_READ: Final = ("service", "container", "name", "state", "kind", "size_bytes", "version")


def items_of(file: Path, *, service: str, container: str, folder: str, most: int = 4096) -> dict[str, Any]:
    """Return last part of name -> row, of current items right in `folder` (it ends with `/`, or is empty).

    Reads the names of the whole inventory. Raises `OSError`, and Polars' errors for another file.
    """
    inner = pl.col("name").str.slice(len(folder))
    found = (
        pl.scan_parquet(file)
        .select(_READ)
        .filter(
            (pl.col("service") == service)
            & (pl.col("container") == container)
            & pl.col("name").str.starts_with(folder)
            & ~inner.str.contains("/", literal=True)
            & (pl.col("state").is_null() | (pl.col("state") == "current"))
            & pl.col("kind").ne_missing("directory")
        )
        .head(most)
        .collect()
    )
    return {row["name"][len(folder) :]: row for row in found.to_dicts()}
