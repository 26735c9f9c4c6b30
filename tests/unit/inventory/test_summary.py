"""An inventory in numbers is what adding up all its rows gives, however many there are."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.inventory import summary as summary_module
from tidegate.inventory.names import Ruler, rules_of
from tidegate.inventory.parquet import Joined
from tidegate.inventory.summary import summarise
from tidegate.items import frame
from tidegate.kinds import names
from tidegate.kinds.names import kind_of
from tidegate.kinds.table import kinds
from tidegate.model.inventory import Group, Summary, contents

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def summed(
    folder: Path, items: list[tuple[str, str, int | None]], containers: int = 0, **more: Any
) -> Summary:
    items = sorted(items, key=lambda item: (item[0], item[1].encode()))
    columns = {
        "service": ["blob"] * len(items),
        "container": [container for container, _, _ in items],
        "name": [name for _, name, _ in items],
        "size_bytes": [size for _, _, size in items],
        "state": ["current"] * len(items),
    }
    table = frame(columns | more, len(items))
    with (folder / "i.parquet").open("wb") as file:
        joined = Joined(file)
        for start in range(0, len(items), 7):
            joined.add(table[start : start + 7])
            joined._gather()
        joined.close()
    return summarise(folder / "i.parquet", containers=containers, now=NOW)


_name = st.lists(
    st.sampled_from(["a", "b", "é", "c.zip", "d.PT", "", "id_rsa", ".env"]), min_size=1, max_size=3
)
_items = st.lists(
    st.tuples(st.sampled_from(["one", "two"]), _name.map("/".join).filter(bool), st.integers(0, 2**48)),
    max_size=60,
)


@settings(deadline=None, max_examples=60)
@given(items=_items, held=st.sampled_from([1, 2, 4000]), piece=st.sampled_from([1, 10, 1000]))
def test_sums_are_those_of_all_rows_whatever_is_held(
    tmp_path_factory: pytest.TempPathFactory, items: list[tuple[str, str, int]], held: int, piece: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(summary_module, "_HELD", held)
        patch.setattr(summary_module, "PIECE_ROWS", piece)
        found = summed(tmp_path_factory.mktemp("s"), items, containers=2)  # type: ignore[arg-type]
    assert (found.items, found.bytes) == (len(items), sum(size for _, _, size in items))
    for groups, others in (
        (found.kinds, None),
        (found.extensions, found.other_extensions),
        (found.places, found.other_places),
        (found.prefixes, found.other_prefixes),
    ):
        assert sum(each.items for each in groups) + (others.items if others else 0) == found.items
        assert sum(each.bytes for each in groups) + (others.bytes if others else 0) == found.bytes
    folders: Counter[tuple[str, str]] = Counter()
    for container, name, _ in items:
        folders[container, name.split("/")[0] + "/" if "/" in name else ""] += 1
    for prefix in found.prefixes:
        assert prefix.items == folders[prefix.container, prefix.name]
        assert sum(kind.items for kind in prefix.kinds) == prefix.items
    assert len(found.prefixes) + found.other_prefixes.groups == len(folders)
    largest = sorted((size for _, _, size in items), reverse=True)[:20]
    assert [item.bytes for item in found.largest] == largest


def test_ages_and_the_newest_change_are_told_from_the_dates(tmp_path: Path) -> None:
    days = [1, 29, 31, 400, 1200, 4000, -3]
    items = [("c", f"{number}", 10) for number in range(len(days))] + [("c", "undated", 10)]
    changed = [NOW - timedelta(days=each) for each in days] + [None]
    found = summed(tmp_path, items, modified_at=changed)
    assert [(each.name, each.items) for each in found.ages] == [
        ("under 30 days", 3),
        ("30 days to 1 year", 1),
        ("1 to 3 years", 1),
        ("3 to 5 years", 1),
        ("over 5 years", 1),
        ("", 1),
    ]
    assert found.newest is not None
    assert found.oldest is not None
    assert (found.newest.name, found.oldest.name) == ("6", "5")


def test_directories_are_no_items_and_unknown_sizes_are_counted(tmp_path: Path) -> None:
    found = summed(
        tmp_path,
        [("c", "a/", None), ("c", "a/x", 5), ("c", "a/y", None)],
        containers=9,
        kind=["directory", "object", None],
    )
    assert (found.containers, found.items, found.bytes, found.unsized) == (9, 2, 5, 1)


def test_an_empty_inventory_has_an_empty_summary(tmp_path: Path) -> None:
    found = summed(tmp_path, [], containers=1)
    assert (found.containers, found.items, found.bytes, found.largest, found.newest) == (1, 0, 0, (), None)
    assert contents(found, complete=True).kinds == ()


def test_sizes_beyond_64_bits_add_up(tmp_path: Path) -> None:
    found = summed(tmp_path, [("c", f"{number:03d}.vhd", 2**63 - 1) for number in range(50)])
    assert found.bytes == 50 * (2**63 - 1)
    assert contents(found, complete=False).kinds[0].bytes == found.bytes


def test_many_endings_are_counted_together_beyond_what_is_shown(tmp_path: Path) -> None:
    found = summed(tmp_path, [("c", f"x.e{number}", number) for number in range(700)])
    assert len(found.extensions) == summary_module.SHOWN
    assert found.other_extensions.groups == 200
    assert found.extensions[0] == Group(name=".e699", items=1, bytes=699)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("backup/srv-01.VHDX", "disk_image"),
        ("models/resnet.pt", "model"),
        ("a.tar.gz", "archive"),
        ("home/.ssh/id_rsa", "private_key"),
        ("id_ed25519", "private_key"),
        (".env", "env_file"),
        ("teams/messages.json", "teams_messages"),
        ("mail/2019.pst", "mail_archive"),
        ("my_id_rsa_notes", "other"),
        ("no-ending", "other"),
        ("ends.", "other"),
        ("dir.d/file", "other"),
        ("name\nwith break.png", "image"),
        ("a.b c", "other"),
    ],
)
def test_the_kind_follows_from_the_end_of_the_name(name: str, kind: str) -> None:
    assert kind_of(name) == kind


def test_every_rule_wins_its_examples_and_leaves_its_counterexamples() -> None:
    for rule in names.rules():
        assert rule.kind in kinds(), rule.id
        assert rule.examples, rule.id
        assert [each for each in rule.examples if names.match(each) is not rule] == [], rule.id
        assert [each for each in rule.counterexamples if rule.fits(each)] == [], rule.id
    assert len({rule.id for rule in names.rules()}) == len(names.rules())


def test_no_ending_is_of_two_kinds() -> None:
    endings = Counter(ending for rule in names.rules() for ending in rule.endings)
    assert [ending for ending, count in endings.items() if count > 1] == []
    assert [each for each in endings if each != each.lower()] == []


@pytest.fixture(scope="module")
def many(names_made: Path) -> Ruler:
    ruler = Ruler(few=0, cache_dir=names_made)
    ruler.rules(pl.Series(["a"]))
    return ruler


_parts = [part for rule in names.rules() for each in rule.examples for part in each.split("/")]
_part = st.one_of(
    st.sampled_from(_parts), st.text(max_size=8), st.sampled_from(["\n", "ſ", "K", "\0", ".", "-"])
)


_name = st.lists(_part, max_size=4).map("/".join) | st.lists(_part).map("".join)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.tuples(st.sampled_from(["", "", "a folder with a long name/", "Long before", "ä" * 9]), _name)
    ),
    st.integers(0, 5),
)
def test_a_column_is_told_as_its_names_are_one_by_one(many: Ruler, pairs: Any, first: int) -> None:
    paths = ["".join(pair) for pair in pairs][first:]
    paths = [each.encode("utf-8", "replace").decode() for each in paths]
    column = pl.Series(["left out before"] * first + paths, dtype=pl.String)[first:]
    rules = names.rules()
    for found in (rules_of(column, many), rules_of(column, Ruler())):
        told = [None if number == names.NO_RULE else rules[number] for number in found]
        assert told == [names.match(path) for path in paths]


def test_all_examples_are_told_alike_by_the_column_and_one_by_one(many: Ruler) -> None:
    paths = [each for rule in names.rules() for each in (*rule.examples, *rule.counterexamples)]
    paths += [each.upper() for each in paths]
    paths += [f"{folder}/{each}" for folder in ("a long folder", "backup") for each in paths]
    found = rules_of(pl.Series(paths), many)
    told = [None if number == names.NO_RULE else names.rules()[number] for number in found]
    assert told == [names.match(path) for path in paths]
