"""Parts of an inventory, in several threads."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tidegate.inventory.parquet import Joined, group_rows, write
from tidegate.inventory.parts import _cut, in_parts
from tidegate.inventory.sampling.frame import frame
from tidegate.items import frame as items


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


@pytest.mark.parametrize("jobs", [1, 3, None])
def test_every_part_is_done_once(inventory: Path, jobs: int | None) -> None:
    told = in_parts(lambda first, rows: (first, rows), inventory, jobs=jobs, part_rows=5_000)
    assert sorted(told) == [(0, 6000), (6000, 6000), (12000, 6000), (18000, 6000), (24000, 3000)]


def test_what_a_part_raises_is_raised_and_no_further_part_is_begun(inventory: Path) -> None:
    begun = []

    def fails(first: int, rows: int) -> int:
        begun.append(first)
        raise ValueError(f"at {first} of {rows}")

    with pytest.raises(ValueError, match="at 0 of 6000"):
        list(in_parts(fails, inventory, jobs=1, part_rows=5_000))
    assert len(begun) <= 2


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


def test_a_file_says_its_row_groups_and_is_not_believed_where_it_lies(
    inventory: Path, tmp_path: Path
) -> None:
    true = group_rows(inventory)
    assert true == [6_000] * 4 + [3_000]
    content = inventory.read_bytes()
    said = b"6000 6000 6000 6000 3000"
    assert content.count(said) == 1
    for number, lie in enumerate(
        (b"6000 6000 6000 6000 2999", b"6000 6000 6000 6000 -300", b"what are they? who knows")
    ):
        file = tmp_path / f"{number}.parquet"
        file.write_bytes(content.replace(said, lie))
        assert group_rows(file) == true
