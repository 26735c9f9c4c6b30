"""One finding for a tired reader: what is open, where, what to do, then why and the details."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tidegate.assess import words
from tidegate.model.finding import Finding, Severity
from tidegate.model.place import Place
from tidegate.report import _reach, _words
from tidegate.report._grant import LABEL, block, entries, facts, lifetime
from tidegate.report._steps import steps
from tidegate.report._terminal import Paper, columns

PLACES = 5
"""Places shown on a card; the rest are counted."""


def card(
    paper: Paper, finding: Finding, now: datetime, *, target: bool, same_fix: str | None
) -> Iterator[str]:
    """Write one finding.

    `target`: say in which target a place is, because there are several. `same_fix`: the id of a finding
    shown before that is closed in the very same way.
    """
    sure = "" if finding.confidence == "high" else f"{finding.confidence} confidence, "
    right = paper.clean(f"{sure}score {finding.score}")
    title = paper.clean(finding.title)
    yield paper.rule(finding.severity.upper(), right, middle=title, style=finding.severity.value)
    yield from paper.wrap(
        paper.clean(words.sentence(finding.grant, now, finding.reach)), first=" ", style="bold"
    )
    yield ""
    yield from places(paper, finding, target=target)
    yield from _reach.lines(paper, finding)
    if same_fix:
        yield from block(paper, "close", paper.clean(f"as {same_fix} above"))
    else:
        yield from steps(paper, "close", finding.fix)
    full = finding.severity.rank >= Severity.HIGH.rank
    yield from entries(paper, "why", finding.reasons if full else finding.reasons[:2])
    yield from entries(paper, "risk", tuple(path.title for path in finding.paths[:3]))
    if full:
        yield from facts(paper, finding.grant, now)
        yield from entries(paper, "mind", finding.grant.warnings)
        yield from block(paper, "seen as", paper.clean(finding.redacted))
    else:
        yield from block(paper, "ends", paper.clean(lifetime(finding.grant, now)))
    yield from block(paper, "id", paper.clean(f"{finding.id}  rule {finding.rule}"))
    yield ""


def places(paper: Paper, finding: Finding, *, target: bool) -> Iterator[str]:
    """Write the first few places and count the rest."""
    label = "where"
    for place in finding.occurrences[:PLACES]:
        yield from _place(paper, label, place, target=target)
        label = ""
    more = finding.occurrences_total - min(PLACES, len(finding.occurrences))
    if more > 0:
        yield from block(paper, label, f"and {words.many(more, 'more place')}")


def _place(paper: Paper, label: str, place: Place, *, target: bool) -> Iterator[str]:
    several = target and place.target != place.path
    name = paper.clean(f"{place.target}: {_words.spot(place)}" if several else _words.spot(place))
    note = paper.clean(history(place, dot=paper.signs.dot))
    name = paper.shorten(name, paper.width - LABEL).replace(" ", "\xa0")
    (found,) = block(paper, label, name, style="path")
    if columns(name) + 2 + columns(note) <= paper.width - LABEL:
        yield f"{found}  {paper.paint(note, 'faint')}".rstrip()
        return
    yield found
    yield from paper.wrap(note, first=" " * (LABEL + 2), style="faint") if note else ()


def history(place: Place, *, dot: str) -> str:
    """Say what git knows of a place, and what had to be undone to read it (raw)."""
    parts = []
    if place.in_head is not None:
        parts.append("in HEAD" if place.in_head else "in history only")
    if place.commit:
        when = f" {place.committed_at:%Y-%m-%d}" if place.committed_at else ""
        who = _words.author(place)
        parts.append(f"since {_words.short_commit(place)}{when}{f' by {who}' if who else ''}")
    if place.versions > 1:
        parts.append(f"{place.versions:,} versions")
    if place.unwrapped:
        parts.append(f"inside {', '.join(place.unwrapped)}")
    return dot.join(parts)
