"""From spots to places: one line for a person to read, however many versions hold it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tidegate.engine.occurrences import collapse, without_copies
from tidegate.model.document import Spot
from tidegate.model.place import Place
from tidegate.records import replace

DAY = datetime(2026, 1, 1, tzinfo=UTC)


def place(
    path: str = "a.env", line: int = 1, *, day: int | None = 0, in_head: bool | None = False, column: int = 5
) -> Place:
    return Place(
        source="git" if in_head is not None else "tree",
        target="repo",
        path=path,
        line=line,
        column=column,
        commit=None if day is None else f"{day:040x}",
        author=None if day is None else f"author {day}",
        committed_at=None if day is None else DAY + timedelta(days=day),
        in_head=in_head,
    )


def spot(label: object, line: int = 1) -> Spot:
    return Spot(label, line, 5)


def test_the_line_is_that_of_head_and_the_commit_the_first() -> None:
    found = [
        (spot(b"one", 3), [place(line=3, day=2)]),
        (spot(b"two", 7), [place(line=7, day=5, in_head=True)]),
        (spot(b"old", 1), [place(line=1, day=1)]),
    ]
    (only,) = collapse(found)
    assert (only.line, only.commit, only.author, only.versions) == (7, f"{1:040x}", "author 1", 3)
    assert only.in_head


def test_of_commits_of_one_second_or_wrong_clocks_the_first_is_the_one_of_the_lower_rank() -> None:
    later = replace(place(line=3, day=1), rank=1)
    for day in (1, 6):
        first = replace(place(line=7, day=day), commit="f" * 40, rank=0)
        for found in (
            [(spot(b"a"), [later]), (spot(b"b"), [first])],
            [(spot(b"b"), [first]), (spot(b"a"), [later])],
        ):
            (only,) = collapse(found)
            assert (only.commit, only.versions, only.rank) == ("f" * 40, 2, 0)


def test_of_two_messages_of_one_second_that_of_head_is_the_first() -> None:
    stash = replace(place("<commit message>", day=1), commit="a" * 40)
    head = replace(place("<commit message>", day=1, in_head=True), commit="b" * 40)
    for found in (
        [(spot(b"a"), [stash]), (spot(b"b"), [head])],
        [(spot(b"b"), [head]), (spot(b"a"), [stash])],
    ):
        (only,) = collapse(found)
        assert (only.commit, only.in_head, only.versions) == ("b" * 40, True, 2)


def test_what_head_does_not_hold_stands_where_it_stood_first() -> None:
    found = [(spot(b"new", 9), [place(line=9, day=4)]), (spot(b"old", 2), [place(line=2, day=1)])]
    (only,) = collapse(found)
    assert (only.line, only.commit, only.versions) == (2, f"{1:040x}", 2)


def test_two_lines_of_one_version_are_two_places() -> None:
    found = [(spot(b"x", 1), [place(line=1, in_head=True)]), (spot(b"x", 8), [place(line=8, in_head=True)])]
    assert [(p.line, p.versions) for p in collapse(found)] == [(1, 1), (8, 1)]


def test_one_blob_at_two_paths_is_two_places() -> None:
    found = [(spot(b"x"), [place("a.env"), place("b.env", in_head=True)])]
    assert sorted((p.path, p.in_head) for p in collapse(found)) == [("a.env", False), ("b.env", True)]


def test_a_version_that_no_commit_holds_does_not_count_as_first() -> None:
    found = [(spot(b"lost", 4), [place(line=4, day=None)]), (spot(b"x", 2), [place(line=2, day=9)])]
    (only,) = collapse(found)
    assert (only.line, only.commit) == (2, f"{9:040x}")


def test_the_windows_of_a_long_file_are_no_versions_of_it() -> None:
    found = [
        (spot("long.js"), [place("long.js", day=None, in_head=None, column=10)]),
        (spot(("long.js", None, 1, 9_000)), [place("long.js", day=None, in_head=None, column=9_999)]),
        (spot(("long.js", None, 1, 18_000)), [place("long.js", day=None, in_head=None, column=9_999)]),
    ]
    assert [(p.column, p.versions) for p in collapse(found)] == [(10, 1), (9_999, 1)]


def test_the_work_tree_repeats_nothing_that_head_holds() -> None:
    listed = [
        place("a.env", in_head=True),
        place("a.env", day=None, in_head=None),
        place("new.env", day=None, in_head=None),
        place("gone.env", in_head=False),
        place("gone.env", day=None, in_head=None),
    ]
    kept = [(p.source, p.path) for p in without_copies(listed)]
    assert kept == [("git", "a.env"), ("tree", "new.env"), ("git", "gone.env"), ("tree", "gone.env")]
