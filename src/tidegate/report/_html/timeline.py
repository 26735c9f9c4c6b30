"""Since when each link is out, and until when it opens: linear up to a year from now, broken after that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tidegate.assess import words
from tidegate.model.finding import Finding
from tidegate.model.grant import Validity
from tidegate.model.reach import State
from tidegate.report import _words
from tidegate.report._html.parts import code, label, picture, shorten, table, text

ROWS = 12
"""Findings that get a line; the worst come first."""
At = Callable[[datetime], float]
"""Where a moment stands on the axis."""
_YEAR = timedelta(days=365)
_WIDTH, _LEFT, _RIGHT, _LATER, _ROW, _TOP = 1000.0, 210.0, 12.0, 118.0, 28.0, 34.0


@dataclass(frozen=True, slots=True)
class Line:
    """One finding on the axis."""

    finding: Finding
    since: datetime | None
    """The first commit that holds it, or when it starts by its own text; `None` where neither is known."""
    committed: bool
    ended: bool
    """It opens nothing any more: by its date, or because the service refuses."""


def lines(findings: Sequence[Finding], now: datetime) -> list[Line]:
    """Return the worst findings of which a beginning or an end is known."""
    found = []
    for finding in findings:
        line = _line(finding, now)
        if line.since or finding.grant.expires_at:
            found.append(line)
        if len(found) == ROWS:
            break
    return found


def _line(finding: Finding, now: datetime) -> Line:
    dates = [each.committed_at for each in finding.occurrences if each.committed_at]
    since = min(dates, default=finding.grant.starts_at)
    if since and since > now:
        since = None
    ends = finding.grant.expires_at
    closed = finding.reach is not None and finding.reach.state is State.CLOSED
    ended = closed or finding.grant.validity is Validity.EXPIRED or (ends is not None and ends <= now)
    return Line(finding, since, bool(dates), ended)


def chart(shown: Sequence[Line], now: datetime) -> Iterator[str]:
    """Yield the picture."""
    dates = [now - timedelta(days=30)]
    dates += [line.since for line in shown if line.since]
    dates += [d for line in shown if (d := line.finding.grant.expires_at) and d <= now]
    start = min(dates)
    said = f"{words.many(len(shown), 'finding')} between {words.day(start)} and later than a year from now"
    height = _TOP + _ROW * len(shown) + 8
    yield from picture(
        "timeline", "Since when, and until when", said, (_WIDTH, height), _draw(shown, now, start, height)
    )


def _draw(shown: Sequence[Line], now: datetime, start: datetime, height: float) -> Iterator[str]:
    limit = now + _YEAR
    end_x = _WIDTH - _RIGHT - _LATER
    span = (limit - start).total_seconds()

    def at(moment: datetime) -> float:
        return _LEFT + min(1.0, max(0.0, (moment - start).total_seconds() / span)) * (end_x - _LEFT)

    now_x = at(now)
    for year, x in _years(start, limit, at):
        yield f'<line class="axis" x1="{x:.1f}" y1="{_TOP - 8}" x2="{x:.1f}" y2="{height - 4:.1f}"/>'
        if abs(x - now_x) > 46 and x < end_x - 44:
            yield label(x, 14, str(year), "q s", "middle")
    yield label(end_x + 14, 14, "after a year", "q s")
    for number, line in enumerate(shown):
        yield from _bar(line, now, at, _TOP + number * _ROW, end_x)
    yield f'<line class="now" x1="{now_x:.1f}" y1="{_TOP - 14}" x2="{now_x:.1f}" y2="{height - 4:.1f}"/>'
    yield label(now_x, 14, "today", "b s", "middle")


def _bar(line: Line, now: datetime, at: At, y: float, end_x: float) -> Iterator[str]:
    finding = line.finding
    colour = f"d-{finding.severity.value}" if not line.ended else "d-info"
    yield label(0, y + 16, shorten(_words.label(finding), 29))
    ends = finding.grant.expires_at
    left = at(line.since) if line.since else None
    stop = ends if line.ended and ends and ends <= now else now
    if left is not None and at(stop) > left:
        yield f'<rect class="{colour}" x="{left:.1f}" y="{y + 5:.1f}" width="{max(3.0, at(stop) - left):.1f}" height="13"/>'
    elif line.ended and ends and ends <= now:
        yield f'<circle class="{colour}" cx="{at(ends):.1f}" cy="{y + 11.5:.1f}" r="4"/>'
    if line.ended:
        x = at(stop) + 6
        yield label(x, y + 16, "ended" if ends and ends <= now else "refused", "q s")
        return
    if ends is None:
        endless = _words.ends(finding.grant, now) == "never by itself"
        yield from _beyond(colour, at(now), end_x, y, "no end" if endless else "not said")
    elif ends > now + _YEAR:
        yield from _beyond(colour, at(now), end_x, y, f"{ends:%Y-%m-%d}")
    else:
        width = max(3.0, at(ends) - at(now))
        yield f'<rect class="{colour} future" x="{at(now):.1f}" y="{y + 5:.1f}" width="{width:.1f}" height="13"/>'
        yield label(at(now) + width + 6, y + 16, f"{ends:%Y-%m-%d}", "s")


def _beyond(colour: str, left: float, end_x: float, y: float, said: str) -> Iterator[str]:
    """Draw a bar that goes on past the year, with the break."""
    middle, tip = y + 11.5, end_x + 22
    yield f'<rect class="{colour} future" x="{left:.1f}" y="{y + 5:.1f}" width="{end_x - left:.1f}" height="13"/>'
    for x in (end_x + 2, end_x + 7):
        yield f'<line class="flow" x1="{x:.1f}" y1="{y + 19:.1f}" x2="{x + 5:.1f}" y2="{y + 4:.1f}"/>'
    yield f'<path class="{colour}" d="M{tip - 6:.1f} {middle - 5:.1f}l8 5l-8 5z"/>'
    yield label(tip + 8, y + 16, said, "b s")


def _years(start: datetime, limit: datetime, at: At) -> Iterator[tuple[int, float]]:
    years = list(range(start.year + 1, limit.year + 1))
    step = max(1, len(years) // 8)
    for year in years[::step]:
        yield year, at(datetime(year, 1, 1, tzinfo=start.tzinfo))


def rows(shown: Sequence[Line], now: datetime) -> Iterator[str]:
    """Yield the same as a table."""
    cells = [
        [
            text(_words.label(line.finding), 120),
            code(_words.spot(line.finding.occurrences[0]), 120) if line.finding.occurrences else "",
            (f"{words.day(line.since)}, {'first commit' if line.committed else 'its own start'}")
            if line.since
            else "not known",
            text(
                "refused by the service"
                if line.ended and _refused(line)
                else _words.ends(line.finding.grant, now),
                160,
            ),
        ]
        for line in shown
    ]
    yield from table("The same dates as a table", ["what it opens", "where", "out since", "ends"], cells)


def _refused(line: Line) -> bool:
    return line.finding.reach is not None and line.finding.reach.state is State.CLOSED
