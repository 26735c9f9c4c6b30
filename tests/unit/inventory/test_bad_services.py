"""What a service does wrong ends the listing soon, or is kept and said: a gap, never a hang, never silence."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from fake_storage import AtOnce, QuickDisk, Service, credential, rows
from polars.testing import assert_frame_equal

from tidegate.errors import (
    BudgetError,
    ConfigError,
    NoAnswerError,
    OutOfScopeError,
    RefusedError,
    UsageError,
)
from tidegate.inventory import walk
from tidegate.inventory.catalogue import Catalogue
from tidegate.inventory.limits import Limits
from tidegate.inventory.lister import Listing, list_all, work_folder
from tidegate.plugins import Container, Page

NET: Any = None
BLOB = Container(service="blob", name="c")


def listed(service: Service, **options: Any) -> tuple[Listing, pl.DataFrame]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "inventory.parquet"
        listing = list_all(service, credential(), NET, file, pace=AtOnce(4), disk=QuickDisk(), **options)
        return listing, pl.read_parquet(file)


def reasons(listing: Listing) -> list[str]:
    assert not listing.complete
    return [f"{gap.subject}: {gap.reason}" for gap in listing.gaps]


# --- Endless ---------------------------------------------------------------------------------------------


def test_a_mark_that_comes_again_ends_the_container() -> None:
    service = Service(
        {"c": ["a", "b"], "d": ["x"]}, spoil=lambda page, prefix, after: replace(page, after="again")
    )
    listing, found = listed(service)
    assert reasons(listing) == [
        f"contosofake/{name}: listing stopped: the service gave the same mark a second time" for name in "cd"
    ]
    assert set(found["name"]) == {"a", "b", "x"}


@pytest.mark.parametrize("flat", [True, False])
def test_marks_that_go_round_in_a_circle_end_the_container(flat: bool) -> None:
    circle = {None: "1", "1": "2", "2": "3", "3": "1"}
    service = Service({"c": []}, flat=flat)
    service.page = lambda *_, after=None, **__: Page(items=rows(BLOB, [f"n{after}"]), after=circle[after])  # type: ignore[method-assign]
    listing, found = listed(service)
    assert "the same mark a second time" in reasons(listing)[0]
    assert found.height == 4


@pytest.mark.parametrize("flat", [True, False])
def test_empty_pages_without_end_end_the_container(flat: bool) -> None:
    service = Service({"c": []}, flat=flat)
    fresh = itertools.count()
    service.page = lambda *_, **__: Page(items=rows(BLOB, []), after=f"mark {next(fresh)}")  # type: ignore[method-assign]
    listing, _ = listed(service, limits=Limits(empty_pages=30))
    assert reasons(listing) == ["contosofake/c: listing stopped: the service sent 30 empty pages in a row"]
    assert listing.counts.pages <= 32


def test_a_few_empty_pages_are_nothing_odd() -> None:
    service = Service({"c": [f"{n:02d}" for n in range(20)]}, least=1, most=1)
    service.spoil = lambda page, prefix, after: (
        replace(page, items=page.items.clear()) if after == "05" else page
    )
    listing, found = listed(service)
    assert listing.complete
    assert found.height == 19


def test_the_same_names_over_and_over_end_the_container() -> None:
    service = Service({"c": []})
    fresh = itertools.count()
    service.page = lambda *_, **__: Page(items=rows(BLOB, ["a", "b"]), after=f"mark {next(fresh)}")  # type: ignore[method-assign]
    listing, found = listed(service, limits=Limits(stalled_pages=5))
    assert any("5 pages in a row that brought no new name" in each for each in reasons(listing))
    assert found.height <= 14


def test_ever_new_names_end_at_the_limit_of_pages_and_of_items() -> None:
    fresh = itertools.count()

    def page(*_: Any, delimited: bool = False, **__: Any) -> Page:
        number = next(fresh)
        return Page(items=rows(BLOB, [f"{number:09d}"]), after=f"mark {number}")

    service = Service({"c": []})
    service.page = page  # type: ignore[method-assign]
    listing, found = listed(service, limits=Limits(max_pages=40))
    assert reasons(listing) == ["contosofake/c: listing stopped after 40 pages; raise --max-pages to go on"]
    assert found.height == 40
    listing, found = listed(service, limits=Limits(max_items=25))
    assert reasons(listing) == ["contosofake/c: listing stopped after 25 items; raise --max-items to go on"]
    assert found.height == 25


def test_containers_without_end_are_a_gap() -> None:
    service = Service({})
    service.containers = lambda *_: (Container(service="blob", name=f"c{n}") for n in itertools.count())  # type: ignore[method-assign]
    service.page = lambda *_, **__: Page(items=rows(BLOB, []))  # type: ignore[method-assign]
    listing, _ = listed(service, limits=Limits(max_containers=3))
    assert reasons(listing) == ["contosofake: containers: listing stopped after 3 containers"]
    assert len(listing.containers) == 3


def test_a_container_that_is_named_twice_is_listed_once() -> None:
    service = Service({"c": ["a"]})
    service.containers = lambda *_: iter([BLOB, BLOB, replace(BLOB, public="blob")])  # type: ignore[method-assign]
    listing, found = listed(service)
    assert (len(listing.containers), found["name"].to_list()) == (1, ["a"])
    assert listing.complete


def test_a_service_that_answers_nothing_any_more_is_left_alone_soon() -> None:
    asked = itertools.count(1)

    def page(*_: object, **__: object) -> Page:
        raise NoAnswerError(f"the service was too busy to answer ({next(asked) and ''})")

    service = Service({f"c{n:04}": ["a"] for n in range(2000)})
    service.page = page  # type: ignore[method-assign]
    listing, _ = listed(service)
    assert next(asked) < 200
    assert any(
        "100 requests in a row got no answer that could be used; the same command goes on from here" in each
        for each in reasons(listing)
    )


def test_folders_are_entered_only_as_far_as_memory_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "MAX_WAITING", 3)
    names = [f"f/{n}" for n in range(3)]
    crowd = [f"{n:03}/inside" for n in range(100)]
    listing, found = listed(Service({"c": names, "d": crowd}, flat=False))
    assert found.filter(container="c", kind="object").height == len(names)
    entered = found.filter(
        container="d", kind="object"
    ).height  # those of the last page, as chains of their own
    assert reasons(listing) == [
        f"contosofake/d: {100 - entered} items that are folders beyond what can be kept in memory: not entered"
    ]
    assert entered < 10


def test_one_page_is_no_pages() -> None:
    limits = Limits(max_pages=1)
    service = Service({"c": ["a"]}, spoil=lambda page, prefix, after: replace(page, after=f"{after}x"))
    listing, _ = listed(service, limits=limits)
    assert reasons(listing) == ["contosofake/c: listing stopped after 1 page; raise --max-pages to go on"]


def test_a_folder_that_lies_in_itself_is_not_entered_for_ever() -> None:
    def page(*_: Any, prefix: str = "", **__: Any) -> Page:
        return Page(items=rows(BLOB, [f"{prefix}x"]), prefixes=(prefix, f"{prefix}loop/"))

    service = Service({"c": []}, flat=False)
    service.page = page  # type: ignore[method-assign]
    listing, found = listed(service)
    assert found.height <= 300
    assert any("nested too deep, or in themselves" in each for each in reasons(listing))


# --- Untrue ----------------------------------------------------------------------------------------------


def test_names_outside_of_the_prefix_are_kept_and_said() -> None:
    service = Service({"c": [f"mine/{n}" for n in range(5)]})
    inside = Container(service="blob", name="c", prefix="mine/")
    service.containers = lambda credential, net: iter([inside])  # type: ignore[method-assign]
    service.spoil = lambda page, prefix, after: replace(
        page, items=pl.concat([page.items, rows(BLOB, ["other"])])
    )
    listing, found = listed(service)
    assert any("that was asked for: they are in the inventory" in each for each in reasons(listing))
    assert "other" in found["name"].to_list()


def test_a_service_that_ignores_the_prefix_does_not_multiply_its_items() -> None:
    service = Service({"c": [f"{a}/{n:02d}" for a in "abcdef" for n in range(60)]}, least=10, most=10)
    ask = service.page

    def page(*args: Any, prefix: str = "", delimited: bool = False, **more: Any) -> Page:
        return ask(*args, prefix=prefix if delimited else "", delimited=delimited, **more)

    service.page = page  # type: ignore[method-assign]
    listing, found = listed(service)
    assert found["name"].n_unique() == found.height
    assert any("belong to another prefix than was asked for" in each for each in reasons(listing))
    assert len(service.asked) < 40


def test_names_that_go_back_are_kept_and_said() -> None:
    service = Service({"c": [f"{n:03d}" for n in range(100)]}, least=10, most=10)
    service.spoil = lambda page, prefix, after: replace(page, items=page.items.reverse())
    listing, found = listed(service)
    assert sorted(found["name"]) == service.sorted["c"]
    assert any("came behind names that should follow them" in each for each in reasons(listing))


def test_the_same_item_twice_in_a_row_is_kept_and_said_but_versions_are_not() -> None:
    table = rows(BLOB, ["a", "a", "b", "b"], version=[None, None, "1", "2"])
    service = Service({"c": []})
    service.page = lambda *_, **__: Page(items=table)  # type: ignore[method-assign]
    listing, found = listed(service)
    assert reasons(listing) == ["contosofake/c: 1 item came twice in a row: both are in the inventory"]
    assert found.height == 4


def test_sizes_that_cannot_be_are_left_empty() -> None:
    table = rows(BLOB, ["a", "b", "c"], size_bytes=[-5, 7, 2**62])
    service = Service({"c": []})
    service.page = lambda *_, **__: Page(items=table)  # type: ignore[method-assign]
    listing, found = listed(service)
    assert found["size_bytes"].to_list() == [None, 7, None]
    assert reasons(listing) == [
        "contosofake/c: 2 items with a size that no service allows: the size is left empty"
    ]


def test_items_without_a_name_are_left_out_and_said() -> None:
    table = rows(BLOB, ["a", "b"]).with_columns(name=pl.Series(["a", None]))
    service = Service({"c": []})
    service.page = lambda *_, **__: Page(items=table)  # type: ignore[method-assign]
    listing, found = listed(service)
    assert found["name"].to_list() == ["a"]
    assert reasons(listing) == ["contosofake/c: 1 item without a name: left out"]


# --- Silent ----------------------------------------------------------------------------------------------


def test_one_container_that_fails_does_not_stop_the_others() -> None:
    def trouble(container: str, prefix: str, after: str | None) -> None:
        if container == "refused":
            raise RefusedError("403 AuthorizationPermissionMismatch", status=403)
        if container == "broken" and after is not None:
            raise NoAnswerError("the answer was cut off")

    trees = {name: [f"{n:02d}" for n in range(30)] for name in ("broken", "fine", "refused", "well")}
    listing, found = listed(Service(trees, trouble=trouble, least=5, most=5))
    assert reasons(listing) == [
        "contosofake/broken: the answer was cut off",
        "contosofake/refused: 403 AuthorizationPermissionMismatch",
    ]
    assert found.group_by("container").len().sort("container").rows() == [
        ("broken", 5),
        ("fine", 30),
        ("well", 30),
    ]


def test_a_refusal_of_folders_costs_only_the_speed() -> None:
    service = Service({"c": [f"{a}/{n:02d}" for a in "abcd" for n in range(60)]}, least=10, most=10)
    ask = service.page

    def page(*args: Any, delimited: bool = False, **more: Any) -> Page:
        if delimited:
            raise RefusedError("400 InvalidQueryParameterValue", status=400)
        return ask(*args, **more)

    service.page = page  # type: ignore[method-assign]
    listing, found = listed(service)
    assert listing.complete
    assert_frame_equal(found, service.expected())


def test_where_versions_are_refused_the_current_items_are_listed() -> None:
    service = Service({"c": ["a", "b"]})
    ask = service.page

    def page(*args: Any, past: bool = False, ahead: object = None, **more: Any) -> Page:
        if past:
            raise RefusedError("403 AuthorizationPermissionMismatch", status=403)
        return ask(*args, **more)

    service.page = page  # type: ignore[method-assign]
    listing, found = listed(service, past=True)
    assert found["name"].to_list() == ["a", "b"]
    assert "versions, snapshots and deleted ones were refused: 403" in reasons(listing)[0]


def test_containers_that_cannot_be_listed_to_the_end_are_a_gap() -> None:
    service = Service({"c": ["a"], "d": ["b"]})
    whole = service.containers

    def containers(*args: Any) -> Iterator[Container]:
        yield next(iter(whole(*args)))
        raise NoAnswerError("the answer was cut off")

    service.containers = containers  # type: ignore[method-assign]
    listing, found = listed(service)
    assert found["name"].to_list() == ["a"]
    assert reasons(listing) == ["contosofake: containers: the answer was cut off"]


def test_an_account_out_of_scope_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    service = Service({})

    def containers(*_: Any) -> Iterator[Container]:
        raise OutOfScopeError("contosofake is not in the scope", hint='azure = ["contosofake"]')
        yield BLOB

    service.containers = containers  # type: ignore[method-assign]
    with pytest.raises(OutOfScopeError):
        list_all(service, credential(), NET, tmp_path / "inventory.parquet")
    assert not (tmp_path / "inventory.parquet").exists()


def test_one_bucket_out_of_scope_is_a_gap() -> None:
    def trouble(container: str, prefix: str, after: str | None) -> None:
        if container == "foreign":
            raise OutOfScopeError("foreign is not in the scope")

    listing, found = listed(Service({"foreign": ["a"], "own": ["b"]}, trouble=trouble))
    assert reasons(listing) == ["contosofake/foreign: foreign is not in the scope"]
    assert found["name"].to_list() == ["b"]


# --- Stopped, and gone on with ------------------------------------------------------------------------------


def test_a_spent_budget_leaves_a_file_and_the_next_run_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "inventory.parquet"
    service = Service({"c": [f"{n:03d}" for n in range(100)], "d": ["x"]}, least=10, most=10)
    allowed = itertools.count()

    def trouble(*_: Any) -> None:
        if next(allowed) >= 5:
            raise BudgetError("5 requests were allowed, and are used up")

    service.trouble = trouble
    first = list_all(service, credential(), NET, file)
    assert any("the same command goes on from here" in each for each in reasons(first))
    assert 0 < pl.read_parquet(file).height < 101
    service.trouble = lambda *_: None
    second = list_all(service, credential(), NET, file)
    assert (second.complete, second.resumed) == (True, True)
    assert_frame_equal(pl.read_parquet(file), service.expected())
    assert not work_folder(file).exists()


def test_a_place_that_cannot_be_written_does_not_claim_that_something_stays(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot write") as refused:
        list_all(Service({"c": ["a"]}), credential(), NET, tmp_path / "missing" / "x" / "inventory.parquet")
    assert refused.value.hint == "nothing was listed"


def test_an_interrupt_keeps_what_was_listed(tmp_path: Path) -> None:
    file = tmp_path / "inventory.parquet"
    service = Service({"c": [f"{n:03d}" for n in range(100)]}, least=10, most=10)

    def trouble(container: str, prefix: str, after: str | None) -> None:
        if after == "049":
            raise KeyboardInterrupt

    service.trouble = trouble
    with pytest.raises(KeyboardInterrupt):
        list_all(service, credential(), NET, file, jobs=1)
    assert not file.exists()
    service.trouble = lambda *_: None
    assert list_all(service, credential(), NET, file).resumed
    assert_frame_equal(pl.read_parquet(file), service.expected())


def test_another_target_or_other_options_are_refused_in_a_folder_in_use(tmp_path: Path) -> None:
    file = tmp_path / "inventory.parquet"
    service = Service({"c": ["a"]}, trouble=lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        list_all(service, credential(), NET, file)
    fine = Service({"c": ["a"]})
    with pytest.raises(ConfigError, match="begun with another credential"):
        list_all(fine, credential("another-signature"), NET, file)
    with pytest.raises(ConfigError, match="begun with another account"):
        list_all(fine, credential(account="another"), NET, file)
    with pytest.raises(ConfigError, match="begun with another past"):
        list_all(fine, credential(), NET, file, past=True)
    assert list_all(fine, credential(), NET, file).resumed


def test_two_runs_in_one_folder_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "inventory.parquet"
    first = Catalogue(work_folder(file), {})
    with pytest.raises(ConfigError, match="in use by another run"):
        list_all(Service({}), credential(), NET, file)
    first.close()


@pytest.mark.parametrize("damage", ["journal", "part", "missing"])
def test_a_damaged_folder_is_refused(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "inventory.parquet"
    service = Service({"c": [f"{n:03d}" for n in range(100)], "d": ["x"]}, least=10, most=10)
    service.trouble = lambda container, *_: (
        (_ for _ in ()).throw(KeyboardInterrupt) if container == "d" else None
    )
    with pytest.raises(KeyboardInterrupt):
        list_all(service, credential(), NET, file, jobs=1)
    folder = work_folder(file)
    part = next(folder.glob("part-*"))
    if damage == "journal":
        journal = folder / "journal"
        journal.write_bytes(journal.read_bytes().replace(b"contosofake", b"contosofade", 1))
    elif damage == "part":
        part.write_bytes(part.read_bytes()[:-1])
    else:
        part.unlink()
    with pytest.raises(ConfigError, match="damaged") as caught:
        list_all(service, credential(), NET, file)
    assert "delete" in caught.value.hint


def test_no_secret_is_written_beside_the_inventory(tmp_path: Path) -> None:
    file = tmp_path / "inventory.parquet"
    service = Service({"c": ["a"]}, trouble=lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        list_all(service, credential("Planted+Signature/Value="), NET, file)
    written = b"".join(path.read_bytes() for path in work_folder(file).iterdir())
    assert b"tgf-" in written
    assert b"Planted" not in written
    assert work_folder(file).stat().st_mode & 0o077 == 0
