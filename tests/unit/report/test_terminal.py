"""Wrapping and cutting keep to the columns, and wrapping loses nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from report.samples import HOSTILE
from tidegate.report._terminal import Paper, columns

any_text = st.text(st.characters(), max_size=200) | st.sampled_from(HOSTILE)
widths = st.integers(40, 110)


def paper(width: int, *, colour: bool = False) -> Paper:
    return Paper.of("utf-8", colour=colour, width=width)


@given(any_text, widths)
def test_wrapping_loses_nothing_and_keeps_to_the_width(text: str, width: int) -> None:
    clean = paper(width).clean(text)
    lines = paper(width).wrap(clean, first=" label    ", rest="          ")
    assert all(columns(line) <= width for line in lines)
    assert "".join(line[10:] for line in lines).replace(" ", "") == clean.replace(" ", "")


@given(any_text, widths)
def test_colour_changes_no_column(text: str, width: int) -> None:
    plain = paper(width).wrap(paper(width).clean(text), style="bold")
    coloured = paper(width, colour=True).wrap(paper(width).clean(text), style="bold")
    assert [columns(line) for line in plain] == [columns(line) for line in coloured]


@given(any_text, st.integers(8, 60))
def test_shortening_keeps_to_the_limit_and_both_ends(text: str, limit: int) -> None:
    clean = paper(80).clean(text)
    short = paper(80).shorten(clean, limit)
    assert columns(short) <= limit
    assert short == clean or "…" in short


def test_a_long_path_keeps_its_file_name_and_line() -> None:
    assert (
        paper(80).shorten("src/" + "very/" * 30 + "deep/config.yaml:12:3", 40).endswith("/config.yaml:12:3")
    )
