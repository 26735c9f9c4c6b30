"""One pass over an inventory: how much there is in each band, and what is drawn of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from tidegate.inventory.names import Ruler, kinds_of
from tidegate.inventory.parquet import group_rows, whole_groups
from tidegate.inventory.parts import PART_ROWS, in_parts
from tidegate.inventory.sampling.bands import HELD, Band, band
from tidegate.inventory.sampling.draw import COLUMNS, Draw

PIECE_ROWS: Final = 65_536
_READ: Final = (
    "service",
    "container",
    "name",
    "state",
    "kind",
    "size_bytes",
    "tier",
    "etag",
    "md5",
    "version",
)


@dataclass(frozen=True, slots=True)
class Frame:
    """All items, and what was drawn."""

    draw: Draw

    @property
    def items(self) -> int:
        """How many there are; directories do not count."""
        return sum(self.draw.items.values())

    def count(self, which: Band) -> int:
        """Return how many items a band has."""
        return self.draw.items.get(int(which), 0)

    def bytes(self, which: Band) -> int:
        """Return how many bytes a band has."""
        return self.draw.bytes.get(int(which), 0)


def frame(
    file: Path,
    *,
    account: str,
    seed: int,
    most: Mapping[int, int] | None = None,
    cache_dir: Path | None = None,
    jobs: int | None = None,
    part_rows: int = PART_ROWS,
) -> Frame:
    """Read an inventory once, piece by piece. Raises `OSError`, and Polars' errors for another file.

    most: band -> how many of it are held at most, where that is not the usual. cache_dir: where what names
    are told by is kept for the next time. jobs, part_rows: as `in_parts` has them.
    """
    held = {int(which): count for which, count in HELD.items()} | dict(most or {})
    held |= {int(Band.EMPTY): 0, int(Band.UNREADABLE): 0}
    ruler = Ruler.of(sum(group_rows(file)), cache_dir)

    def drawn(first: int, rows: int) -> Draw:
        own = Draw(seed, account, held)
        for piece in _pieces(file, first, rows):
            own.add(banded(piece, ruler))
        return own

    draw = Draw(seed, account, held)
    for part in in_parts(drawn, file, jobs=jobs, part_rows=part_rows):
        draw.merge(part)
    return Frame(draw)


def banded(piece: pl.DataFrame, ruler: Ruler) -> pl.DataFrame:
    """Return rows of an inventory with their band and the kind that their name tells, as `Draw.add` takes."""
    items = piece.filter(pl.col("kind").ne_missing("directory"))
    told = items.with_columns(kinds_of(items["name"], ruler).alias("kind"))
    place = band(
        kind=pl.col("kind"),
        name=pl.col("name"),
        size=pl.col("size_bytes"),
        tier=pl.col("tier"),
        state=pl.col("state"),
    )
    return told.with_columns(place.alias("band")).select([name for name in COLUMNS if name != "key"])


def _pieces(file: Path, first: int, count: int) -> Iterator[pl.DataFrame]:
    # Each thread has its own part.
    table = pl.scan_parquet(file, parallel="none").select(_READ)
    for start, rows in whole_groups(file, PIECE_ROWS, first, count):
        yield table.slice(start, rows).collect()
