"""Parts of an inventory in processes of their own."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from tidegate.inventory.apart import _cut, in_parts
from tidegate.inventory.parquet import Joined, write
from tidegate.inventory.sampling.frame import frame
from tidegate.items import frame as items

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inventory")
    file = folder / "i.parquet"
    names = [f"folder/{number:05}.{ending}" for number in range(9_000) for ending in ("pem", "jpg", "csv")]
    with file.open("wb") as target:
        joined = Joined(target)
        for start in range(0, len(names), 6_000):
            part = names[start : start + 6_000]
            sizes = pl.Series([len(name) for name in part], dtype=pl.Int64)
            write(items({"name": pl.Series(part), "size_bytes": sizes}, len(part)), piece := folder / "piece")
            joined.copy(piece)
        joined.close()
    return file


def rows_of(file: Path, first: int, rows: int, *, more: int) -> bytes:
    return f"{first} {rows} {more}".encode()


@pytest.mark.parametrize("ours", [sys.executable, "/bin/false", "/nowhere"])
def test_every_part_is_done_once_even_where_other_processes_fail(
    inventory: Path, ours: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", ours)
    told = in_parts(
        "test_apart:rows_of",
        inventory,
        {"more": 1},
        jobs=3,
        part_rows=5_000,
        roots=[HERE, *map(Path, sys.path)],
    )
    assert sorted(told) == [b"0 6000 1", b"12000 6000 1", b"18000 6000 1", b"24000 3000 1", b"6000 6000 1"]


def dies(file: Path, first: int, rows: int, *, here: int) -> bytes:
    if os.getpid() != here:
        os._exit(1)
    time.sleep(0.3)  # so that another process gets a part
    return b"%d" % rows


def test_a_part_whose_process_dies_in_it_is_done_here(inventory: Path) -> None:
    told = in_parts(
        "test_apart:dies",
        inventory,
        {"here": os.getpid()},
        jobs=2,
        part_rows=5_000,
        roots=[HERE, *map(Path, sys.path)],
    )
    assert sum(map(int, told)) == 27_000


def test_the_draw_of_parts_is_that_of_the_whole(inventory: Path, names_made: Path) -> None:
    whole = frame(inventory, account="contoso", seed=3, most={0: 50}, jobs=1).draw
    parts = frame(
        inventory, account="contoso", seed=3, most={0: 50}, jobs=2, part_rows=1_000, cache_dir=names_made
    ).draw
    assert (parts.items, parts.bytes) == (whole.items, whole.bytes)
    assert sum(whole.items.values()) == 27_000
    for band in whole.items:
        assert parts.drawn(band).equals(whole.drawn(band))


@pytest.mark.parametrize("groups", [[], [5], [1, 1, 1], [10, 1, 1, 1, 1], [1, 0, 30]])
@pytest.mark.parametrize("part_rows", [1, 5, 100])
def test_every_row_is_in_one_part(groups: list[int], part_rows: int) -> None:
    parts = _cut(groups, part_rows)
    rows = [row for first, count in parts for row in range(first, first + count)]
    assert rows == list(range(sum(groups)))
