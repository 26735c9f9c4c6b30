"""One page, judged: what of it belongs to the chain, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from tidegate.inventory import odd
from tidegate.inventory.chain import Chain
from tidegate.inventory.order import KEYS, Order, best, is_sorted, kept

MAX_SIZE_BYTES = 1 << 48
"""281 TB. The largest object of any service is Azure's block blob, 50,000 blocks of 4,000 MiB: 210 TB."""


@dataclass(frozen=True, slots=True)
class Sifted:
    """What of a page counts."""

    rows: pl.DataFrame
    items: int
    """Rows that are no directories."""
    bytes: int
    left: bool
    """Names went beyond what belongs to the chain: it is at its end."""
    stalled: bool
    """There were names, and none of them goes beyond those of earlier pages."""


def sift(chain: Chain, page: pl.DataFrame, *, ordered: bool) -> Sifted:
    """Take from a page what belongs to the chain; note in the chain what is odd, and how far it came.

    ordered: names should ascend from page to page (they do not where folders are listed one by one).
    """
    if page.height == 0:
        return Sifted(page, 0, 0, left=False, stalled=False)
    facts = page.select(**_FACTS, **_prefix_facts(chain)).row(0, named=True)
    usual = all(facts[name] for name in _USUAL) and (not ordered or _ascends(chain, page["name"], facts))
    if usual:
        chain.last = page["name"][-1]
        return Sifted(page, facts["items"], facts["total_bytes"] or 0, left=False, stalled=False)
    return _sift_slowly(chain, page, ordered=ordered)


_IS_ITEM = pl.col("kind").ne_missing("directory")
_FACTS = {
    "named": pl.col("name").null_count() == 0,
    "unique": (pl.col("name") != pl.col("name").shift(1)).all(),
    "sane": pl.col("size_bytes").is_between(0, MAX_SIZE_BYTES).all(),
    "items": _IS_ITEM.sum(),
    "total_bytes": pl.col("size_bytes").filter(_IS_ITEM).sum(),
    "ascii": (pl.col("name").str.len_bytes() == pl.col("name").str.len_chars()).all(),
    Order.BYTES: (pl.col("name") >= pl.col("name").shift(1)).all(),
}
"""Asked of every page at once: one pass of Polars costs as much as 300 rows, five of them as a whole page."""
_USUAL = ("named", "unique", "sane", "inside")


def _prefix_facts(chain: Chain) -> dict[str, pl.Expr]:
    name = pl.col("name")
    inside = name.str.starts_with(chain.bound).all() if chain.bound else pl.lit(value=True)
    return {"inside": inside & (name != chain.ask).all() if chain.bare else inside}


def _ascends(chain: Chain, names: pl.Series, facts: dict[str, Any]) -> bool:
    """Whether a page keeps one of the possible orders; notes which."""
    orders = chain.orders
    if not facts[Order.BYTES]:
        return False
    if chain.last is not None:
        orders = frozenset(order for order in orders if KEYS[order](chain.last) < KEYS[order](names[0]))
    if Order.FOLDERS in orders and not is_sorted(names, Order.FOLDERS):
        orders -= {Order.FOLDERS}
    if not facts["ascii"]:
        orders &= kept(orders & {Order.UTF16}, None, names) | {Order.BYTES, Order.FOLDERS}
    if Order.BYTES not in orders:
        return False
    chain.orders = orders
    return True


def _sift_slowly(chain: Chain, page: pl.DataFrame, *, ordered: bool) -> Sifted:
    rows, left = _belonging(chain, page)
    names = rows["name"]
    stalled = False
    if rows.height:
        twice = _repeated(rows)
        if twice:
            _count(chain, odd.TWICE, twice)
        if ordered:
            stalled = _follow(chain, names) and rows["version"].null_count() == rows.height
        else:
            chain.last = names[-1]
    items, size_bytes = totals(rows)
    return Sifted(rows, items, size_bytes, left=left, stalled=stalled)


def totals(rows: pl.DataFrame) -> tuple[int, int]:
    """Return how many items there are, and their bytes; directories do not count."""
    sizes = rows.filter(_IS_ITEM)["size_bytes"]
    return sizes.len(), int(sizes.sum() or 0)


def tidy(chain: Chain, rows: pl.DataFrame) -> pl.DataFrame:
    """Leave out rows without a name, and sizes that cannot be."""
    nameless = rows["name"].null_count()
    if nameless:
        _count(chain, odd.NAMELESS, nameless)
        rows = rows.filter(pl.col("name").is_not_null())
    return _with_sane_sizes(chain, rows)


def _belonging(chain: Chain, page: pl.DataFrame) -> tuple[pl.DataFrame, bool]:
    rows = tidy(chain, page)
    left = False
    outside = ~rows["name"].str.starts_with(chain.ask)
    if outside.any():
        # Of a whole container nothing else would bring them; below a prefix another chain does.
        whole = len(chain.id) == 1
        _count(chain, odd.OUTSIDE if whole else odd.FOREIGN, int(outside.sum()))
        rows = rows if whole else rows.filter(~outside)
        # Nothing else on the page: the service does not look at the prefix, and would send everything.
        left = not whole and rows.height == 0
    if chain.bound != chain.ask:
        inside = rows["name"].str.starts_with(chain.bound)
        left |= not inside.all()
        rows = rows.filter(inside)
    if chain.bare:
        rows = rows.filter(pl.col("name") != chain.ask)
    return rows, left


def _with_sane_sizes(chain: Chain, rows: pl.DataFrame) -> pl.DataFrame:
    sizes = rows["size_bytes"]
    low, high = sizes.min(), sizes.max()
    if low is None or (
        isinstance(low, int) and isinstance(high, int) and low >= 0 and high <= MAX_SIZE_BYTES
    ):
        return rows
    sane = sizes.is_between(0, MAX_SIZE_BYTES)
    _count(chain, odd.SIZE, int((~sane).sum()))
    return rows.with_columns(pl.when(sane).then(pl.col("size_bytes")).alias("size_bytes"))


def _repeated(rows: pl.DataFrame) -> int:
    """Rows that are the same item as the one before."""
    names = rows["name"]
    same = names == names.shift(1)
    if not same.any():
        return 0
    for column in ("version", "state"):
        same &= rows[column].eq_missing(rows[column].shift(1))
    return int(same.sum())


def _follow(chain: Chain, names: pl.Series) -> bool:
    """Note the order and the last name; return whether the page brought nothing that goes beyond it."""
    orders = kept(chain.orders, chain.last, names)
    if orders:
        stalled = chain.last is not None and names[-1] == chain.last and names[0] == chain.last
        chain.orders, chain.last = orders, names[-1]
        return stalled
    key = KEYS[best(chain.orders)]
    furthest = chain.last
    before = None if furthest is None else key(furthest)
    behind = 0
    for name in names:
        here = key(name)
        if before is not None and here < before:
            behind += 1
        else:
            before, chain.last = here, name
    _count(chain, odd.DISORDER, max(behind, 1))
    return chain.last == furthest


def _count(chain: Chain, kind: str, count: int) -> None:
    chain.odd[kind] = chain.odd.get(kind, 0) + count
