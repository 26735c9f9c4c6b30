"""An inventory at a terminal: what matters is there, and names from outside do no harm."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.model.inventory import Group, Item, Place, Prefix, Rest, Summary
from tidegate.report import _treemap
from tidegate.report._inventory import lines
from tidegate.report._squarify import Rect, squarify
from tidegate.report._terminal import Paper, columns

NONE = Rest(groups=0, items=0, bytes=0)
HOSTILE = 'x"><script>alert(1)</script>\x1b[31m\u202e&amp;/'


def summary(folders: int = 3, *, name: str = "folder", size: int = 10**9) -> Summary:
    prefixes = tuple(
        Prefix(
            service="blob",
            container=f"c{number % 4}",
            name=f"{name}{number}/",
            items=number + 1,
            bytes=size * (folders - number),
            kinds=(
                Group(name="model", items=number, bytes=size * (folders - number)),
                Group(name="of_no_colour", items=1, bytes=0),
            ),
        )
        for number in range(folders)
    )
    items, total = sum(each.items for each in prefixes), sum(each.bytes for each in prefixes)
    places = tuple(
        Place(
            service="blob",
            name=f"c{number}",
            items=sum(each.items for each in prefixes if each.container == f"c{number}"),
            bytes=sum(each.bytes for each in prefixes if each.container == f"c{number}"),
        )
        for number in range(min(4, folders))
    )
    largest = Item(
        service="blob",
        container="c0",
        name=f"{name}0/big.vhd",
        state="current",
        bytes=size,
        modified_at=datetime(2020, 5, 4, tzinfo=UTC),
    )
    whole = (Group(name="model", items=items, bytes=total),)
    return Summary(
        containers=5,
        items=items,
        bytes=total,
        unsized=0,
        states=whole,
        kinds=whole,
        extensions=whole,
        other_extensions=NONE,
        tiers=whole,
        ages=whole,
        places=places,
        other_places=NONE,
        prefixes=prefixes,
        other_prefixes=Rest(groups=7, items=0, bytes=0),
        largest=(largest,),
        newest=largest,
        oldest=largest,
    )


@pytest.mark.parametrize("width", [40, 80, 110])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_no_line_is_wider_than_the_terminal_nor_moves_its_cursor(width: int, encoding: str) -> None:
    paper = Paper.of(encoding, colour=False, width=width)
    for line in lines(paper, summary(30, name=HOSTILE)):
        assert columns(line) <= width
        assert "\x1b" not in line
        assert "\u202e" not in line
        line.encode(encoding)


def test_the_tables_say_how_much_of_what_lies_where() -> None:
    text = "\n".join(lines(Paper.of("utf-8", colour=False, width=100), summary(30)))
    assert "465 items, 433 GiB in 5 containers" in text
    for part in ("c0/folder0/", "27 more", "model", "newest change", "2020-05-04", "c0/folder0/big.vhd"):
        assert part in text


def test_a_summary_of_nothing_is_one_line() -> None:
    assert len(list(lines(Paper.of("utf-8", colour=False, width=80), summary(0)))) == 1


# --- The picture ----------------------------------------------------------------


@settings(deadline=None)
@given(
    weights=st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=80),
    width=st.floats(1, 2000),
    height=st.floats(1, 2000),
)
def test_rectangles_fill_the_whole_in_proportion(weights: list[float], width: float, height: float) -> None:
    weights.sort(reverse=True)
    rects = squarify(weights, Rect(5, 7, width, height))
    assert len(rects) == len(weights)
    for weight, rect in zip(weights, rects, strict=True):
        assert rect.area == pytest.approx(weight / sum(weights) * width * height, rel=1e-6, abs=1e-6)
        assert rect.x >= 5 - 1e-6
        assert rect.y >= 7 - 1e-6
        assert rect.x + rect.width <= 5 + width + 1e-6 * width
        assert rect.y + rect.height <= 7 + height + 1e-6 * height


def test_equal_weights_give_squares() -> None:
    assert {round(rect.width / rect.height, 3) for rect in squarify([1] * 16, Rect(0, 0, 400, 400))} == {1.0}


@pytest.mark.parametrize("folders", [0, 1, 3, 500])
def test_the_picture_is_well_formed_whatever_the_names(folders: int) -> None:
    found = summary(folders, name=HOSTILE)
    root = ET.fromstring(_treemap.svg(found))
    texts = "".join(root.itertext())
    assert "script" not in {element.tag.split("}")[-1] for element in root.iter()}
    assert "\u202e" not in texts
    page = _treemap.page(found, HOSTILE)
    assert "<script" not in page
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in page


def test_many_small_folders_become_one_box() -> None:
    picture = _treemap.svg(summary(10_000, size=1))
    assert "smaller ones" in picture
    assert len(picture) < 2_000_000


def test_items_without_bytes_are_drawn_by_their_number() -> None:
    assert "folder0/" in _treemap.svg(summary(4, size=0))


def test_all_that_the_picture_shows_stands_in_a_table_too() -> None:
    page = _treemap.page(summary(5), "contosofake")
    for number in range(5):
        assert f">folder{number}/</td>" in page
    assert 'scope="col"' in page
    assert 'lang="en"' in page
    assert "prefers-color-scheme:dark" in page
