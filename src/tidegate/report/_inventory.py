"""An inventory for a person at a terminal: how much, of what, where, how old."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from tidegate.assess.words import many, size
from tidegate.model.inventory import Group, Item, Rest, Summary
from tidegate.report._terminal import Paper, table

ROWS = 10
"""Of each table; the rest is counted in one line."""
BAR = 16
"""Columns of a full bar."""
_NUMBERS = 35
"""Columns of the numbers of a row: `10,000,000`, `1,000 bytes`, `100.0%`, and what stands between them."""
_WIDE = 72
"""Narrower, there is no room for a bar."""


def lines(paper: Paper, summary: Summary) -> Iterator[str]:
    """Return the tables line by line."""
    where = many(summary.containers, "container")
    yield paper.paint(f"{many(summary.items, 'item')}, {size(summary.bytes)} in {where}", "bold")
    if summary.unsized:
        yield f"the service does not tell the size of {many(summary.unsized, 'item')}"
    if not summary.items:
        return
    yield from _groups(paper, "kind", _named(summary.kinds), summary.bytes)
    yield from _groups(
        paper, "ending", _named(summary.extensions, "(none)"), summary.bytes, summary.other_extensions
    )
    places = [Group(name=each.name, items=each.items, bytes=each.bytes) for each in summary.places]
    if len(places) > 1:
        yield from _groups(paper, "container", places, summary.bytes, summary.other_places)
    folders = [
        Group(name=f"{each.container}/{each.name}", items=each.items, bytes=each.bytes)
        for each in summary.prefixes
    ]
    yield from _groups(paper, "folder", folders, summary.bytes, summary.other_prefixes)
    if len(summary.states) > 1:
        yield from _groups(paper, "state", _named(summary.states), summary.bytes)
    if any(each.name for each in summary.tiers):
        yield from _groups(paper, "tier", _named(summary.tiers), summary.bytes)
    yield from _groups(paper, "last changed", _named(summary.ages), summary.bytes)
    yield from _items(paper, summary)


def _named(groups: Sequence[Group], nameless: str = "not told") -> list[Group]:
    return [
        Group(name=each.name.replace("_", " ") or nameless, items=each.items, bytes=each.bytes)
        for each in groups
    ]


def _groups(
    paper: Paper, title: str, groups: Sequence[Group], whole: int, others: Rest | None = None
) -> Iterator[str]:
    shown = groups[:ROWS]
    rows = [_row(paper, each.name, each.items, each.bytes, whole) for each in shown]
    rest = groups[ROWS:]
    count = len(rest) + (others.groups if others else 0)
    if count:
        items = sum(each.items for each in rest) + (others.items if others else 0)
        size_bytes = sum(each.bytes for each in rest) + (others.bytes if others else 0)
        rows.append(_row(paper, f"{count:,} more", items, size_bytes, whole))
    yield ""
    yield from _table(paper, [[title, "items", "size", "share"], *rows])


def _row(paper: Paper, name: str, items: int, size_bytes: int, whole: int) -> list[str]:
    share = size_bytes / whole if whole else 0.0
    # Anything there is gets a sign: a private key has no bytes to speak of.
    length = max(1, round(share * BAR)) if items and paper.width >= _WIDE else 0
    bar = ("x" if paper.signs.yes == "x" else "█") * length
    room = paper.width - _NUMBERS - (BAR + 1 if length else 0)
    name = paper.shorten(paper.clean(name), max(room, 4))
    return [name, f"{items:,}", size(size_bytes), f"{share:6.1%} {bar}"]


def _table(paper: Paper, rows: list[list[str]], right: Sequence[int] = (1, 2)) -> Iterator[str]:
    """Return rows below a faint head, the columns `right` flush right."""
    for column in right:
        width = max(len(row[column]) for row in rows)
        for row in rows:
            row[column] = row[column].rjust(width)
    for number, cells in enumerate(table(rows)):
        line = f" {''.join(cells)}".rstrip()
        yield paper.paint(line, "faint") if number == 0 else line


def _items(paper: Paper, summary: Summary) -> Iterator[str]:
    room = paper.width - 28
    rows = [["size", "changed", "largest"]]
    rows += [
        [size(item.bytes), _day(item.modified_at), paper.shorten(paper.clean(_path(item)), room)]
        for item in summary.largest[:ROWS]
    ]
    if len(rows) > 1:
        yield ""
        yield from _table(paper, rows, right=(0,))
    if summary.newest and summary.oldest:
        yield ""
        for word, item in (("newest change", summary.newest), ("oldest", summary.oldest)):
            yield f" {word:<13}  {_day(item.modified_at)}  {paper.shorten(paper.clean(_path(item)), room)}"


def _path(item: Item) -> str:
    return f"{item.container}/{item.name}"


def _day(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d}" if instant else "not told"
