"""From what a listing says of its objects to a page's table."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from tidegate import items
from tidegate.errors import NoAnswerError

_INSTANTS: Final = ("modified_at", "created_at")


@dataclass(slots=True)
class Rows:
    """Columns that grow row by row, and what lies one level deeper."""

    container: str
    names: list[str] = field(default_factory=list)
    columns: dict[str, list[str | int | None]] = field(default_factory=dict)
    prefixes: list[str] = field(default_factory=list)

    def add(self, *, name: str, state: str, size_bytes: int, **told: str | None) -> None:
        """Take one object. told: the other columns of `items.SCHEMA`, as texts."""
        # The console and most tools show a folder for an empty object whose name ends in a slash.
        kind = "directory" if name.endswith("/") and size_bytes == 0 else "object"
        self.names.append(name)
        given = {"state": state, "kind": kind, "size_bytes": size_bytes, **told}
        for column, value in given.items():
            self.columns.setdefault(column, []).append(value)

    def frame(self) -> pl.DataFrame:
        """Return the table. Raises `NoAnswerError` when a date cannot be read."""
        rows = len(self.names)
        columns: dict[str, Sequence[str | int | None] | pl.Series] = dict(self.columns)
        for name in _INSTANTS:
            if name in columns:
                columns[name] = _instants(columns[name])
        columns |= {"service": ["gcs"] * rows, "container": [self.container] * rows, "name": self.names}
        try:
            return items.frame(columns, rows)
        except (pl.exceptions.PolarsError, TypeError, OverflowError):
            raise NoAnswerError("the listing holds values that are no sizes, dates or names") from None


def _instants(texts: Sequence[str | int | None] | pl.Series) -> pl.Series:
    """Read `2026-11-24T06:00:00.123Z` in bulk; what is none fails."""
    series = pl.Series(texts, dtype=pl.String)
    try:
        return series.str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="us", time_zone="UTC")
    except pl.exceptions.PolarsError:
        raise NoAnswerError("the listing holds a date that cannot be read") from None


def size_of(text: object) -> int:
    """Read a size in bytes. Raises `NoAnswerError` for anything but a plain number of up to 18 digits."""
    if isinstance(text, str) and re.fullmatch(r"[0-9]{1,18}", text):
        return int(text)
    raise NoAnswerError("the listing holds a size that is no number")


def hex_md5(text: str | None) -> str | None:
    """Turn the base64 of an MD5 into hex; `None` for anything else."""
    try:
        raw = base64.b64decode(text or "", validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw.hex() if len(raw) == 16 else None


def after_prefix(prefix: str) -> str:
    """Return the first name that sorts behind all those below a prefix that ends in `/`."""
    return prefix[:-1] + chr(ord("/") + 1) if prefix.endswith("/") else prefix
