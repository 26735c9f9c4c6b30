"""Whatever the tree, the order of the service, the size of pages and the number of threads: all is listed once."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from fake_storage import AtOnce, QuickDisk, Service, credential, every_folder
from hypothesis import example, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tidegate.inventory.limits import Counts
from tidegate.inventory.lister import Listing, list_all, work_folder
from tidegate.inventory.order import KEYS, Order
from tidegate.plugins import Container

NET: Any = None

_part = st.text(st.sampled_from(["a", "b", "-", ".", "é", "\uff5a", "\U00010000", " ", "0"]), max_size=3)
_name = st.lists(_part, min_size=1, max_size=5).map("/".join).filter(bool)
_tree = st.lists(_name, max_size=60)


def listed(service: Service, **options: Any) -> tuple[Listing, pl.DataFrame]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "inventory.parquet"
        pace = AtOnce(options.get("jobs", 4))
        listing = list_all(service, credential(), NET, file, pace=pace, disk=QuickDisk(), **options)
        assert not work_folder(file).exists()
        return listing, pl.read_parquet(file)


@settings(deadline=None, max_examples=60)
@given(
    trees=st.dictionaries(st.sampled_from(["one", "two", "three"]), _tree, max_size=3),
    order=st.sampled_from(Order),
    most=st.integers(1, 12),
    jobs=st.integers(1, 4),
)
@example(
    trees={"one": ["a-b", "a/b", "a/", "a", "/", "//", "/a", "a//b"]}, order=Order.FOLDERS, most=2, jobs=2
)
def test_every_item_is_listed_once_in_the_order_of_the_service(
    trees: dict[str, list[str]], order: Order, most: int, jobs: int
) -> None:
    service = Service(trees, most=most, order=order)
    listing, found = listed(service, jobs=jobs)
    assert listing.complete
    assert listing.counts.items == found.height == sum(len(set(tree)) for tree in trees.values())
    assert listing.counts.bytes == (found["size_bytes"].sum() or 0)
    assert_frame_equal(found.sort("container", "name"), service.expected().sort("container", "name"))
    if order is Order.BYTES:
        assert_frame_equal(found, service.expected())


@settings(deadline=None, max_examples=40)
@given(tree=_tree, most=st.integers(1, 12), jobs=st.integers(1, 4))
def test_shares_are_listed_folder_by_folder(tree: list[str], most: int, jobs: int) -> None:
    names = [name for name in every_folder(tree) if not name.startswith("/") and "//" not in name]
    service = Service({"share": names}, most=most, flat=False, kind="file")
    listing, found = listed(service, jobs=jobs)
    assert listing.complete
    assert sorted(found["name"]) == sorted(names)
    assert listing.counts.items == sum(not name.endswith("/") for name in names)


def test_the_order_does_not_depend_on_the_number_of_threads() -> None:
    tree = [f"{a:03d}/{b:02d}-{c}" for a in range(40) for b in range(20) for c in "xyz"]
    for flat in (True, False):
        names = tree if flat else every_folder(tree)
        frames = [listed(Service({"c": names}, most=50, flat=flat), jobs=jobs)[1] for jobs in (1, 2, 7)]
        assert_frame_equal(frames[0], frames[1])
        assert_frame_equal(frames[0], frames[2])


def test_folders_that_are_large_are_listed_side_by_side() -> None:
    service = Service({"c": [f"{a}/{b:03d}" for a in "abcdef" for b in range(200)]}, least=10, most=10)
    listed(service, jobs=4)
    assert {prefix for _, prefix, delimited, _ in service.asked if not delimited} >= {
        "b/",
        "c/",
        "d/",
        "e/",
        "f/",
    }


def test_a_folder_deep_down_is_found_and_split() -> None:
    names = [f"exports/2023/team/{a}/{b:03d}" for a in "abcdef" for b in range(100)] + [
        "exports/readme",
        "zz",
    ]
    service = Service({"c": names}, least=10, most=10)
    _, found = listed(service, jobs=4)
    assert_frame_equal(found, service.expected())
    assert {prefix for _, prefix, _, _ in service.asked} >= {f"exports/2023/team/{a}/" for a in "bcdef"}


def test_one_item_a_folder_does_not_cost_one_request_an_item() -> None:
    service = Service({"c": [f"{number:05d}/only" for number in range(3000)]}, least=100, most=100)
    listed(service, jobs=4)
    assert len(service.asked) <= 30 + 4


def test_a_container_without_folders_is_not_asked_for_them_again_and_again() -> None:
    service = Service({"c": [f"{number:05d}" for number in range(5000)]}, least=10, most=10)
    listed(service, jobs=4)
    assert sum(delimited for _, _, delimited, _ in service.asked) <= 5


def test_an_account_without_anything_is_a_whole_inventory_of_nothing() -> None:
    listing, found = listed(Service({}))
    assert (listing.complete, listing.counts, found.height) == (True, Counts(), 0)
    assert found.columns[:3] == ["service", "container", "name"]


def test_queues_and_tables_count_as_containers_and_are_not_listed() -> None:
    queue = Container(service="queue", name="jobs", listable=False)
    listing, found = listed(Service({"c": ["a"]}, other=[queue]))
    assert [each.name for each in listing.containers] == ["c", "jobs"]
    assert (listing.counts.containers_done, found.height) == (2, 1)


def test_a_link_to_one_object_lists_that_object_alone() -> None:
    service = Service({"c": ["data.csv", "data.csv.bak", "other"]})
    service.containers = lambda credential, net: iter(  # type: ignore[method-assign]
        [Container(service="blob", name="c", prefix="data.csv", single=True)]
    )
    listing, found = listed(service)
    assert listing.complete
    assert found["name"].to_list() == ["data.csv"]


def test_a_link_to_one_folder_lists_what_is_below_it() -> None:
    service = Service({"c": [f"{a}/{b:02d}" for a in "abc" for b in range(50)]})
    service.containers = lambda credential, net: iter(  # type: ignore[method-assign]
        [Container(service="blob", name="c", prefix="b/")]
    )
    listing, found = listed(service)
    assert listing.complete
    assert found["name"].to_list() == [f"b/{b:02d}" for b in range(50)]


@pytest.mark.parametrize(
    "names",
    [
        ["/", "//", "///x", "/leading", "a", "a/", "a//", "a//b"],
        ["x" * 1024, "x" * 1023 + "/", "ü" * 512],
        ["line\nbreak", "tab\t", "\x7f", "\u202egnp.exe", "quote\"'", "\\back", "%2F", "%"],
        ["\ud7ff", "\ue000", "\uffff", "\U0010ffff", "e\u0301", "\u00e9"],
    ],
)
def test_names_that_nobody_would_choose_are_kept_as_they_are(names: list[str]) -> None:
    service = Service({"c": names}, most=2)
    listing, found = listed(service)
    assert listing.complete
    assert found["name"].to_list() == sorted(names, key=KEYS[Order.BYTES])


def test_progress_counts_up_to_the_result() -> None:
    seen: list[Counts] = []
    service = Service({name: [f"{n}" for n in range(100)] for name in "abc"})
    listing, _ = listed(service, progress=seen.append, jobs=3)
    assert [each.items for each in seen] == sorted(each.items for each in seen)
    assert seen[-1] == listing.counts
    assert (listing.counts.containers, listing.counts.containers_done, listing.counts.items) == (3, 3, 300)


def test_a_file_in_the_way_is_replaced_and_only_at_the_end(tmp_path: Path) -> None:
    file = tmp_path / "inventory.parquet"
    file.write_text("older")
    service = Service(
        {"c": ["a", "b"]}, trouble=lambda *_: file.read_text() == "older" or pytest.fail("too early")
    )
    list_all(service, credential(), NET, file)
    assert pl.read_parquet(file)["name"].to_list() == ["a", "b"]
    assert [path.name for path in tmp_path.iterdir()] == ["inventory.parquet"]
