"""The report that a tired person reads: the worst and what to do first, in the width there is."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from report import samples
from tidegate.model.grant import Permission
from tidegate.model.reach import Answer, Reach, State
from tidegate.model.report import Coverage, Report
from tidegate.report import _reach
from tidegate.report._terminal import columns
from tidegate.report.text import PLUGIN

GOLDEN = Path(__file__).parents[2] / "golden"
REPORTS = {
    "small": samples.small(),
    "thirty": samples.thirty(),
    "hostile": samples.hostile(),
    "asked": samples.asked(),
    "many": samples.many(400),
    "clean": samples.report([]),
    "gaps": samples.report([], gaps=samples.GAPS),
    "unread": samples.report([], coverage=Coverage()),
}


def written(report: Report, *, colour: bool = False, width: int = 80, encoding: str = "utf-8") -> str:
    pages = io.BytesIO()
    out = io.TextIOWrapper(pages, encoding, errors="strict", newline="\n", write_through=True)
    PLUGIN.write(report, out, colour=colour, width=width)
    text = pages.getvalue().decode(encoding)
    out.detach()
    return text


@pytest.mark.parametrize("name", ["small", "thirty", "asked", "clean", "gaps", "unread"])
@pytest.mark.parametrize("colour", [False, True], ids=["plain", "colour"])
def test_the_text_is_the_one_that_was_looked_at(name: str, colour: bool) -> None:
    """After a change that is meant: TIDEGATE_RENEW_GOLDEN=1 pytest tests/unit/report, and look at the difference."""
    file = GOLDEN / f"report-{name}{'-colour' if colour else ''}.txt"
    text = written(REPORTS[name], colour=colour)
    if os.environ.get("TIDEGATE_RENEW_GOLDEN"):
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8")


@pytest.mark.parametrize("width", [20, 40, 64, 80, 110, 300])
@pytest.mark.parametrize("colour", [False, True], ids=["plain", "colour"])
@pytest.mark.parametrize("name", REPORTS)
def test_no_line_is_wider_than_the_terminal(name: str, width: int, colour: bool) -> None:
    limit = min(max(width, 40), 110)
    for line in written(REPORTS[name], width=width, colour=colour).splitlines():
        assert columns(line) <= limit, line


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
@pytest.mark.parametrize("name", REPORTS)
def test_a_stream_without_unicode_gets_other_signs_and_no_error(name: str, encoding: str) -> None:
    assert "─" not in written(REPORTS[name], encoding=encoding)


def test_without_colour_there_is_no_escape_sequence() -> None:
    assert "\x1b" not in written(samples.hostile())


def test_with_colour_every_sequence_is_ours_and_is_ended() -> None:
    for line in written(samples.hostile(), colour=True).splitlines():
        assert line.count("\x1b[0m") * 2 == line.count("\x1b")


def test_the_first_screen_says_what_is_worst_where_and_what_to_do() -> None:
    screen = "\n".join(written(samples.thirty()).splitlines()[:24])
    assert "3 critical" in screen
    assert "contosomodels" in screen
    assert "README.md:37:61" in screen
    assert "2051-10-06" in screen
    assert "close    1. Renew both keys of contosomodels" in screen
    assert "14 gaps: not all was read" in screen


def test_the_last_screen_says_it_again() -> None:
    screen = "\n".join(written(samples.thirty()).splitlines()[-24:])
    assert "3 critical" in screen
    assert "do first Renew both keys of contosomodels" in screen
    assert "documentation constant: 3" in screen


def test_five_thousand_findings_stay_readable() -> None:
    lines = written(samples.many(5_000)).splitlines()
    assert len(lines) < 2_500
    assert "1,000 critical · 1,000 high · 1,000 medium · 1,000 low · 1,000 info" in lines[1]
    assert " and 3,770 more; all of them: --format json" in lines


def test_places_beyond_five_are_counted() -> None:
    assert "and 37 more places" in written(samples.small())


def test_the_same_steps_are_not_repeated() -> None:
    assert f"as {samples.ACCOUNT_FINDING.id} above" in written(samples.thirty())


def test_plain_addresses_get_a_line_each_and_no_card() -> None:
    text = written(samples.thirty())
    assert "INFO  8 storage addresses" in text
    assert "── INFO  Address" not in text


def test_gaps_are_grouped_with_their_reason() -> None:
    text = written(samples.thirty())
    assert "12 times: missing in this partial clone (source)" in text
    assert "   and 9 more" in text
    assert "data/bomb.zip" in text


@pytest.mark.parametrize(("name", "said"), [
    ("clean", "No link, token or key to cloud storage was found."),
    ("gaps", "this is not a clean result"),
    ("unread", "Nothing was read, so this says nothing about the target."),
])  # fmt: skip
def test_a_report_without_findings_never_sounds_cleaner_than_it_is(name: str, said: str) -> None:
    assert said in " ".join(written(REPORTS[name]).split())


def test_the_same_card_for_several_targets_says_in_which_one() -> None:
    text = written(samples.report([samples.ACCOUNT_FINDING], targets=("research", "website")))
    assert "research: README.md:37:61" in text


def test_a_right_that_was_asked_for_and_refused_is_not_called_untried() -> None:
    """As of a presigned link that does not read, and does not tell what else it may be signed for."""
    refused = Answer(
        asked="read one byte", permission=Permission.READ, state=State.UNKNOWN, status=403, code="", words=""
    )
    given = Reach(
        state=State.UNKNOWN,
        untried=(Permission.READ, Permission.UNKNOWN),
        checked_at=datetime(2026, 11, 26, tzinfo=UTC),
        reason="It does not read.",
        answers=(refused,),
    )
    assert _reach.untried(given) == "what else it may permit, which its text does not tell"
    more = replace(given, untried=(Permission.READ, Permission.WRITE, Permission.CREATE_CONTAINERS))
    assert _reach.untried(more) == "write, create containers: granted on paper, never exercised"
    assert _reach.untried(replace(given, untried=(Permission.READ,))) == ""
