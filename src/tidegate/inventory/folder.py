"""Items of an inventory that are one thing together: the files of a LevelDB store, an Apple sparse bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import polars as pl

STORES: Final = 4096
"""Stores that are judged as one, the first by name; the files of more are judged one by one."""
FILES: Final = 262_144
"""Of all of them."""
_READ: Final = ("service", "container", "name", "state", "kind", "size_bytes", "version")
_OF_STORE: Final = r"(?:^|/)(CURRENT|MANIFEST-[0-9]{6,20}|[0-9]{6,20}\.(?:ldb|sst|log))$"


def stores(file: Path) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Return (service, container, folder) -> last part of a name -> row, of all folders with a `CURRENT`.

    Reads the names of the whole inventory twice, however many stores there are: asked for folder by folder,
    each would cost a pass. Raises `OSError`, and Polars' errors for another file.
    """
    name = pl.col("name")
    present = (
        pl.scan_parquet(file)
        .select(_READ)
        .filter(
            (pl.col("state").is_null() | (pl.col("state") == "current"))
            & pl.col("kind").ne_missing("directory")
        )
    )
    place = [pl.col("service").fill_null(""), pl.col("container").fill_null("")]
    by = ["service", "container", "folder"]
    leading = (
        present.filter((name == "CURRENT") | name.str.ends_with("/CURRENT"))
        .select(*place, _folder("CURRENT"))
        .head(STORES)
        .collect()
    )
    if not leading.height:
        return {}
    # Ends first: a regular expression over every name of ten million costs seconds.
    likely = (
        name.str.ends_with("CURRENT")
        | name.str.ends_with(".ldb")
        | name.str.ends_with(".sst")
        | name.str.ends_with(".log")
        | name.str.contains("MANIFEST-", literal=True)
    )
    files = (
        present.filter(likely & name.str.contains(_OF_STORE))
        .with_columns(*place, _folder(r"[^/]*$", literal=False))
        .join(leading.lazy(), on=by, how="semi")
        .head(FILES)
        .collect(engine="streaming")
    )
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in files.to_dicts():
        folder = row.pop("folder")
        found.setdefault((row["service"], row["container"], folder), {})[row["name"].rpartition("/")[2]] = row
    return found


def bundles(file: Path) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Return (service, container, bundle) -> name within it -> row, of all sparse bundles.

    Raises what `stores` raises.
    """
    name = pl.col("name")
    files = (
        pl.scan_parquet(file)
        .select(_READ)
        .filter(
            (
                name.str.contains(".sparsebundle/", literal=True)
                | name.str.contains(".backupbundle/", literal=True)
            )
            & (pl.col("state").is_null() | (pl.col("state") == "current"))
        )
        .head(FILES)
        .collect(engine="streaming")
    )
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in files.to_dicts():
        cut = max(row["name"].rfind(".sparsebundle/"), row["name"].rfind(".backupbundle/")) + 13
        key = row["service"] or "", row["container"] or "", row["name"][:cut]
        found.setdefault(key, {})[row["name"][cut + 1 :]] = row
    return found


def _folder(last: str, *, literal: bool = True) -> pl.Expr:
    """Return the folder of a name, without the slash at its end."""
    name = pl.col("name")
    cut = name.str.strip_suffix(last) if literal else name.str.replace(last, "")
    return cut.str.strip_suffix("/").alias("folder")
