"""From what a listing says of its objects to a page's table."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

from tidegate import items
from tidegate.errors import NoAnswerError

_INSTANTS: Final = ("modified_at", "created_at")


@dataclass(slots=True)
class Rows:
    """Columns as the service wrote them, all texts, and what lies one level deeper."""

    container: str
    told: dict[str, list[Any]] = field(default_factory=lambda: {"name": [], "version": []})
    """Column of `items.SCHEMA` -> its values; what is not told is `None`."""
    prefixes: list[str] = field(default_factory=list)

    @property
    def last(self) -> tuple[str, str]:
        """Name and version of the last object; empty without any."""
        names, versions = self.told["name"], self.told["version"]
        return (names[-1], versions[-1] or "") if names else ("", "")

    def add(self, **told: str | None) -> None:
        """Take one object; every one of a page with the same columns."""
        for column, value in told.items():
            self.told.setdefault(column, []).append(value)

    def frame(self) -> pl.DataFrame:
        """Return the table. Raises `NoAnswerError` for names, sizes or dates that are none.

        Done by column, as it takes most of a listing's time: see `items.SCHEMA` for what comes out.
        """
        rows = len(self.told["name"])
        if not rows:
            return items.frame({}, 0)
        try:
            columns = {name: pl.Series(name, values, pl.String) for name, values in self.told.items()}
            size = columns["size_bytes"].cast(pl.Int64)
            for name in _INSTANTS:
                if name in columns:
                    columns[name] = columns[name].str.to_datetime(
                        "%Y-%m-%dT%H:%M:%S%.fZ", time_unit="us", time_zone="UTC"
                    )
        except (pl.exceptions.PolarsError, TypeError, UnicodeEncodeError):
            raise NoAnswerError("the listing holds names, sizes or dates that are none") from None
        names = columns["name"]
        if names.null_count() or (names == "").any() or (size < 0).any():
            raise NoAnswerError("the listing holds an object without a name, or of a size below nothing")
        # The console and most tools show a folder for an empty object whose name ends in a slash.
        folder = names.str.ends_with("/") & (size == 0).fill_null(False)
        columns["kind"] = pl.Series("kind", ["object"], pl.String).new_from_index(0, rows)
        columns["kind"] = columns["kind"].set(folder, "directory")
        columns["size_bytes"] = size
        for name, value in (("service", "gcs"), ("container", self.container)):
            columns[name] = pl.Series(name, [value], pl.String).new_from_index(0, rows)
        return items.frame(columns, rows)


def hex_md5(text: object) -> str | None:
    """Turn the base64 of an MD5 into hex; `None` for anything else."""
    if not isinstance(text, str) or len(text) != 24:
        return None
    try:
        return base64.b64decode(text, validate=True).hex()
    except (binascii.Error, ValueError):
        return None


def number(text: object) -> int:
    """Read a generation. Raises `NoAnswerError` for anything but a plain number of up to 18 digits."""
    if isinstance(text, str) and re.fullmatch(r"[0-9]{1,18}", text):
        return int(text)
    raise NoAnswerError("the listing holds a generation that is no number")


def after_prefix(prefix: str) -> str:
    """Return the first name that sorts behind all those below a prefix that ends in `/`."""
    return prefix[:-1] + chr(ord("/") + 1) if prefix.endswith("/") else prefix
