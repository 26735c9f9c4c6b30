"""Laws of the draw: the same items whatever the order, and more of a band is a superset."""

from __future__ import annotations

import hashlib

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.inventory._siphash import siphash, siphashes
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


def test_the_order_is_that_of_the_hash_keyed_by_seed_and_account() -> None:
    draw = Draw(3, "contoso", {0: 100})
    draw.add(rows([(f"file-{number}", 0) for number in range(40)]))
    digest = hashlib.sha256(b"3\0contoso").digest()
    key = int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:16], "little")
    drawn = draw.drawn(0)["name"].to_list()
    assert drawn == sorted(drawn, key=lambda name: siphash(f"\0\0{name}\0\0".encode(), key))


KEY = (0x0706050403020100, 0x0F0E0D0C0B0A0908)


@pytest.mark.parametrize(
    ("bytes_", "told"),
    [(0, "310e0edd47db6f72"), (1, "fd67dc93c539f874"), (7, "37d1018bf50002ab"), (15, "e545be4961ca29a1")],
)
def test_the_hash_is_that_of_its_paper(bytes_: int, told: str) -> None:
    assert siphash(bytes(range(bytes_)), KEY).to_bytes(8, "little").hex() == told


def test_many_texts_have_the_hashes_that_each_has() -> None:
    texts = [f"{'x' * (number % 40)}{number}é" for number in range(10_001)]
    assert siphashes(pl.Series(texts), KEY).tolist() == [siphash(text.encode(), KEY) for text in texts]


def test_another_seed_draws_others_and_is_not_merged() -> None:
    first, second = Draw(1, "contoso", MOST), Draw(2, "contoso", MOST)
    for draw in (first, second):
        draw.add(rows([(f"file-{number}", 0) for number in range(200)]))
    assert names(first) != names(second)
    with pytest.raises(ValueError, match="one seed"):
        first.merge(second)
