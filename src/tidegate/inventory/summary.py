"""An inventory in numbers, read piece by piece: memory does not grow with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import polars as pl

from tidegate.inventory import names
from tidegate.inventory.parquet import group_rows, whole_groups
from tidegate.kinds.table import OTHER
from tidegate.model.inventory import Group, Item, Place, Prefix, Rest, Summary

PIECE_ROWS: Final = 32_768
"""5 MB of the columns that are read. Twice as many are a fifth faster, and take 35 MB more."""
LARGEST: Final = 20
SHOWN: Final = 500
"""Prefixes, containers and extensions that a summary names; the others are counted in one."""
_HELD: Final = 4_000
"""So many are held while reading, so that what is small in one piece may still become large."""

_AGES: Final = ("under 30 days", "30 days to 1 year", "1 to 3 years", "3 to 5 years", "over 5 years", "")
_AGE_DAYS: Final = (30, 365, 3 * 365, 5 * 365)
_COLUMNS: Final = ("service", "container", "name", "state", "kind", "size_bytes", "modified_at", "tier")
_ITEM: Final = ("service", "container", "name", "state", "size_bytes", "modified_at")
_PREFIX: Final = ("service", "container", "prefix")


def summarise(file: Path, *, containers: int, now: datetime, cache_dir: Path | None = None) -> Summary:
    """Sum up an inventory.

    file: Parquet as `list_all` writes it, by service, container and name: a folder's items stand together.
    containers: how many there are, those without items included. Raises `OSError`, and Polars' errors for
    another file. cache_dir: where what names are told by is kept for the next time.
    """
    sums = _Sums(now, names.Ruler.of(sum(group_rows(file)), cache_dir))
    for piece in _pieces(file):
        sums.add(piece)
    return sums.summary(containers)


def _pieces(file: Path) -> Iterator[pl.DataFrame]:
    table = pl.scan_parquet(file).select(_COLUMNS)
    for start, rows in whole_groups(file, PIECE_ROWS):
        piece = table.slice(start, rows).collect()
        yield piece.filter(pl.col("kind").ne_missing("directory")).drop("kind")


class _Sums:
    """What is held while reading: tables of bounded size, each with `items` and `bytes`."""

    def __init__(self, now: datetime, ruler: names.Ruler) -> None:
        self._ruler = ruler
        self._now = now
        self._all_by_kind = pl.DataFrame(schema={"kind": pl.String, **_SUMS})
        self._keys = _Largest(("key",))
        self._places = _Largest(("service", "container"))
        self._prefixes = _Largest(_PREFIX)
        self._kinds = pl.DataFrame(schema={**dict.fromkeys([*_PREFIX, "item_kind"], pl.String), **_SUMS})
        self._small = {name: pl.DataFrame(schema={name: pl.String, **_SUMS}) for name in ("state", "tier")}
        self._small["age"] = pl.DataFrame(schema={"age": pl.Int32, **_SUMS})
        self._unsized = 0
        self._shown: pl.DataFrame | None = None
        self._newest: pl.DataFrame | None = None
        self._oldest: pl.DataFrame | None = None

    def add(self, piece: pl.DataFrame) -> None:
        """Add some rows, which come after those before."""
        if piece.height == 0:
            return
        self._unsized += piece["size_bytes"].null_count()
        self._pick(piece.select(_ITEM))
        sized = piece.with_columns(
            pl.col("name").str.extract("^([^/]*/)", 1).fill_null("").alias("prefix"),
            names.key(pl.col("name")).alias("key"),
            names.rules_of(piece["name"], self._ruler).alias("rule"),
            self._age().alias("age"),
        )
        for name, table in self._small.items():
            self._small[name] = _merged(table, _grouped(sized, [name]), [name])
        groups = _grouped(sized, [*_PREFIX, "key", "rule"])
        last = groups.select(_PREFIX).row(-1)
        self._keys.add(_regrouped(groups, ["key"]))
        self._places.add(_regrouped(groups, ["service", "container"]), open_group=last[:2])
        self._prefixes.add(_regrouped(groups, _PREFIX), open_group=last)
        kind = pl.col("rule").replace_strict(names.kind_by_rule(), default=OTHER, return_dtype=pl.String)
        by_kind = _regrouped(groups.with_columns(kind.alias("item_kind")), [*_PREFIX, "item_kind"])
        kinds = _regrouped(by_kind, ["item_kind"]).rename({"item_kind": "kind"})
        self._all_by_kind = _merged(self._all_by_kind, kinds, ["kind"])
        self._kinds = _merged(self._kinds, by_kind, [*_PREFIX, "item_kind"]).join(
            self._prefixes.table, on=_PREFIX, how="semi", maintain_order="left"
        )

    def summary(self, containers: int) -> Summary:
        """Return what came together."""
        states = _groups(self._small["state"], "state")
        extensions, other_extensions = self._keys.largest(SHOWN)
        places, other_places = self._places.largest(SHOWN)
        prefixes, other_prefixes = self._prefixes.largest(SHOWN)
        largest = [] if self._shown is None else _items(self._shown)
        ages = {row["age"]: row for row in self._small["age"].iter_rows(named=True)}
        return Summary(
            containers=containers,
            items=sum(group.items for group in states),
            bytes=sum(group.bytes for group in states),
            unsized=self._unsized,
            states=states,
            kinds=self._all_kinds(),
            extensions=_groups(extensions, "key"),
            other_extensions=other_extensions,
            tiers=_groups(self._small["tier"], "tier"),
            ages=tuple(
                Group(name=name, items=ages[number]["items"], bytes=ages[number]["bytes"])
                for number, name in enumerate(_AGES)
                if number in ages
            ),
            places=tuple(
                Place(
                    service=row["service"] or "",
                    name=row["container"] or "",
                    items=row["items"],
                    bytes=row["bytes"],
                )
                for row in places.iter_rows(named=True)
            ),
            other_places=other_places,
            prefixes=self._with_kinds(prefixes),
            other_prefixes=other_prefixes,
            largest=tuple(largest),
            newest=None if self._newest is None else _items(self._newest)[0],
            oldest=None if self._oldest is None else _items(self._oldest)[0],
        )

    def _pick(self, items: pl.DataFrame) -> None:
        """Keep the largest items, and the first of the newest and of the oldest."""
        sized = items.filter(pl.col("size_bytes").is_not_null()).top_k(LARGEST, by="size_bytes")
        shown = sized if self._shown is None else pl.concat([self._shown, sized])
        order = ["size_bytes", "service", "container", "name"]
        self._shown = shown.sort(order, descending=[True, False, False, False]).head(LARGEST)
        newest, oldest = items["modified_at"].arg_max(), items["modified_at"].arg_min()
        if newest is not None and oldest is not None:
            self._newest = _later(self._newest, items[newest], 1)
            self._oldest = _later(self._oldest, items[oldest], -1)

    def _age(self) -> pl.Expr:
        changed = pl.col("modified_at")
        steps = [(changed <= self._now - timedelta(days=days)).cast(pl.Int32) for days in _AGE_DAYS]
        return pl.sum_horizontal(steps, ignore_nulls=False).fill_null(len(_AGE_DAYS) + 1)

    def _all_kinds(self) -> tuple[Group, ...]:
        return _groups(self._all_by_kind, "kind")

    def _with_kinds(self, prefixes: pl.DataFrame) -> tuple[Prefix, ...]:
        kinds_of: dict[Any, list[dict[str, Any]]] = {}
        for row in self._kinds.iter_rows(named=True):
            kinds_of.setdefault((row["service"], row["container"], row["prefix"]), []).append(row)
        found = []
        for row in prefixes.iter_rows(named=True):
            below = kinds_of[row["service"], row["container"], row["prefix"]]
            below.sort(key=lambda each: (-each["bytes"], -each["items"], each["item_kind"]))
            found.append(
                Prefix(
                    service=row["service"] or "",
                    container=row["container"] or "",
                    name=row["prefix"],
                    items=row["items"],
                    bytes=row["bytes"],
                    kinds=tuple(
                        Group(name=k["item_kind"], items=k["items"], bytes=k["bytes"]) for k in below
                    ),
                )
            )
        return tuple(found)


_SUMS: Final[dict[str, Any]] = {"items": pl.Int64, "bytes": pl.Int128}
"""Sizes go up to 2^48, and there may be more of them than an Int64 can hold the sum of."""


class _Largest:
    """Groups, of which the largest are held; what is let go is counted.

    Exact where a group's rows come in a row, as folders do: a group that is let go does not come again.
    """

    def __init__(self, by: tuple[str, ...]) -> None:
        self._by = list(by)
        self.table = pl.DataFrame(schema={**dict.fromkeys(by, pl.String), **_SUMS})
        self._gone = Rest(groups=0, items=0, bytes=0)

    def add(self, groups: pl.DataFrame, open_group: tuple[Any, ...] | None = None) -> None:
        """Add sums. open_group: more of it may come, so it is held however small it is."""
        table = _merged(self.table, groups, self._by)
        if table.height > _HELD:
            table = table.sort("bytes", "items", descending=True, maintain_order=True)
            held, gone = table[:_HELD], table[_HELD:]
            stays = pl.lit(value=False)
            if "prefix" in self._by:  # items in no folder stand between the folders
                stays |= pl.col("prefix") == ""
            if open_group is not None:
                same = [
                    pl.col(name).eq_missing(value) for name, value in zip(self._by, open_group, strict=True)
                ]
                stays |= pl.all_horizontal(same)
            table = pl.concat([held, gone.filter(stays)])
            self._let_go(gone.filter(~stays))
        self.table = table

    def largest(self, count: int) -> tuple[pl.DataFrame, Rest]:
        """Return so many groups, and what all the others are together."""
        table = _sorted(self.table, self._by)
        rest = table[count:]
        return table[:count], Rest(
            groups=self._gone.groups + rest.height,
            items=self._gone.items + int(rest["items"].sum()),
            bytes=self._gone.bytes + int(rest["bytes"].sum()),
        )

    def _let_go(self, groups: pl.DataFrame) -> None:
        self._gone = Rest(
            groups=self._gone.groups + groups.height,
            items=self._gone.items + int(groups["items"].sum()),
            bytes=self._gone.bytes + int(groups["bytes"].sum()),
        )


def _grouped(rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    sizes = pl.col("size_bytes")
    # In two halves: a piece's sum of the largest sizes fits no Int64, and Int128 is three times as slow.
    low, high = (sizes % (1 << 24)).sum().alias("low"), (sizes // (1 << 24)).sum().alias("high")
    groups = rows.group_by(by, maintain_order=True).agg(pl.len().cast(pl.Int64).alias("items"), low, high)
    total = (pl.col("high").cast(pl.Int128) * (1 << 24) + pl.col("low").cast(pl.Int128)).alias("bytes")
    return groups.with_columns(total).drop("low", "high")


def _regrouped(groups: pl.DataFrame, by: list[str] | tuple[str, ...]) -> pl.DataFrame:
    return groups.group_by(by, maintain_order=True).agg(pl.col("items").sum(), pl.col("bytes").sum())


def _merged(table: pl.DataFrame, more: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    return _regrouped(pl.concat([table, more.select(table.columns)]), by)


def _sorted(table: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    return table.sort("bytes", "items", *by, descending=[True, True, *(False for _ in by)])


def _groups(table: pl.DataFrame, by: str) -> tuple[Group, ...]:
    rows = _sorted(table, [by]).iter_rows(named=True)
    return tuple(Group(name=row[by] or "", items=row["items"], bytes=row["bytes"]) for row in rows)


def _later(held: pl.DataFrame | None, found: pl.DataFrame, sign: int) -> pl.DataFrame:
    if held is None:
        return found
    before, now = held["modified_at"][0].timestamp(), found["modified_at"][0].timestamp()
    return found if sign * now > sign * before else held


def _items(table: pl.DataFrame) -> list[Item]:
    return [
        Item(
            service=row["service"] or "",
            container=row["container"] or "",
            name=row["name"],
            state=row["state"] or "",
            bytes=row["size_bytes"] or 0,
            modified_at=row["modified_at"],
        )
        for row in table.iter_rows(named=True)
    ]
