"""Laws of the draw: the same items whatever the order, and more of a band is a superset."""

from __future__ import annotations

import hashlib

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.inventory.sampling.draw import COLUMNS, Draw

MOST = {0: 5, 1: 3}
NAMES = st.lists(st.tuples(st.text(max_size=8), st.integers(0, 1)), max_size=60, unique=True)


def rows(named: list[tuple[str, int]]) -> pl.DataFrame:
    columns = {
        "band": [band for _, band in named],
        "name": [name for name, _ in named],
        "size_bytes": [len(name) for name, _ in named],
    }
    given_columns = pl.DataFrame(columns, schema={name: COLUMNS[name] for name in columns})
    missing = [pl.lit(None, kind).alias(name) for name, kind in COLUMNS.items() if name not in columns]
    return given_columns.with_columns(missing).drop("key")


def names(draw: Draw) -> dict[int, list[str]]:
    return {band: draw.drawn(band)["name"].to_list() for band in MOST}


@given(NAMES, st.data())
def test_the_same_items_are_drawn_however_they_come(
    named: list[tuple[str, int]], data: st.DataObject
) -> None:
    whole = Draw(1, "contoso", MOST)
    whole.add(rows(named))
    shuffled, cut = data.draw(st.permutations(named)), data.draw(st.integers(0, len(named)))
    pieces = Draw(1, "contoso", MOST)
    pieces.add(rows(shuffled[:cut]))
    other = Draw(1, "contoso", MOST)
    other.add(rows(shuffled[cut:]))
    pieces.merge(other)
    assert names(pieces) == names(whole)
    assert (pieces.items, pieces.bytes) == (whole.items, whole.bytes)


@given(NAMES)
def test_more_of_a_band_begin_with_fewer_of_it(named: list[tuple[str, int]]) -> None:
    few, more = Draw(7, "contoso", MOST), Draw(7, "contoso", {0: 50, 1: 50})
    few.add(rows(named))
    more.add(rows(named))
    for band, most in MOST.items():
        assert names(few)[band] == names(more)[band][:most]


def test_the_order_is_that_of_the_sha_256_of_seed_account_and_name() -> None:
    draw = Draw(3, "contoso", {0: 100})
    draw.add(rows([(f"file-{number}", 0) for number in range(40)]))

    def key(name: str) -> bytes:
        return hashlib.sha256(f"3\0contoso\0\0\0{name}\0\0".encode()).digest()

    assert draw.drawn(0)["name"].to_list() == sorted(draw.drawn(0)["name"].to_list(), key=key)


def test_another_seed_draws_others_and_is_not_merged() -> None:
    first, second = Draw(1, "contoso", MOST), Draw(2, "contoso", MOST)
    for draw in (first, second):
        draw.add(rows([(f"file-{number}", 0) for number in range(200)]))
    assert names(first) != names(second)
    with pytest.raises(ValueError, match="one seed"):
        first.merge(second)
