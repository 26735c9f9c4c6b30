"""Two reports of the same targets, compared: pure, nothing is asked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tidegate.model.finding import Finding
from tidegate.model.reach import State
from tidegate.model.report import Report


class Change(StrEnum):
    """What became of a finding."""

    NEW = "new"
    WORSE = "worse"
    BETTER = "better"
    CLOSED = "closed"
    """The service refuses it now, and did not before."""
    GONE = "gone"
    """It stands there no longer, and everything was looked at. Whether it still works is another question."""
    LOST = "lost"
    """It was seen before; now not everything was looked at, so that nothing can be said of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One change."""

    change: Change
    finding: Finding
    """As the newer report has it, or the older one where the newer has none."""
    why: str
    """A sentence."""


_ORDER = list(Change)


def diff(old: Report, new: Report) -> tuple[Event, ...]:
    """Return what changed from `old` to `new`: new ones first, then worse, better, closed, gone, lost."""
    before = {each.id: each for each in old.findings}
    after = {each.id: each for each in new.findings}
    events = [
        Event(change=Change.NEW, finding=each, why="it was not there before")
        for name, each in after.items()
        if name not in before
    ]
    for name, was in before.items():
        now = after.get(name)
        found = _missing(was, complete=new.complete) if now is None else _changed(was, now)
        if found is not None:
            events.append(found)
    return tuple(
        sorted(
            events,
            key=lambda each: (_ORDER.index(each.change), -each.finding.severity.rank, each.finding.id),
        )
    )


def _missing(was: Finding, *, complete: bool) -> Event:
    if complete:
        why = "it stands there no longer; only a probe tells whether it still works"
        return Event(change=Change.GONE, finding=was, why=why)
    return Event(change=Change.LOST, finding=was, why="it was not seen, but not everything was looked at")


def _changed(was: Finding, now: Finding) -> Event | None:
    if _closed(now) and not _closed(was):
        return Event(change=Change.CLOSED, finding=now, why="the service refuses it now")
    if _closed(was) and not _closed(now) and now.reach is not None:
        return Event(change=Change.WORSE, finding=now, why="it was refused before, and is no longer")
    if now.severity is not was.severity:
        worse = now.severity.rank > was.severity.rank
        change = Change.WORSE if worse else Change.BETTER
        return Event(change=change, finding=now, why=f"{was.severity} before, {now.severity} now")
    if now.score != was.score:
        change = Change.WORSE if now.score > was.score else Change.BETTER
        return Event(change=change, finding=now, why=f"score {was.score} before, {now.score} now")
    return None


def _closed(finding: Finding) -> bool:
    return finding.reach is not None and finding.reach.state is State.CLOSED
