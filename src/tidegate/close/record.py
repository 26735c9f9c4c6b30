"""The record of one closing: when what happened, what was done, what shows that it worked. Pure; no secret.

It is for whoever asks afterwards: an auditor, a lawyer, the team's own review. What is not known is said so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from tidegate.assess.words import many
from tidegate.close.plan import Plan, Step
from tidegate.close.prove import AFTER, Answer, Round, next_due
from tidegate.model.codec import instant
from tidegate.model.finding import Finding
from tidegate.model.place import Place

SCHEMA: Final = "tidegate-closure/1"
CLOSED, REFUSED, OPEN = "closed", "refused so far", "not closed"
"""CLOSED: every proof that is asked for holds. REFUSED: done, and refused whenever asked until now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """One step of the plan, and how far it got."""

    step: Step
    mark: str
    """`new`, `begun`, `refused` or `done`, as in the journal."""
    at: datetime | None = None
    """When the mark was made; `None` for a step that was not begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One entry of the timeline."""

    what: str
    """`valid`, `published`, `found`, `reported`, `closed` or `proved`."""
    at: datetime
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What one closing came to."""

    finding: Finding
    plan: Plan | None
    """What was carried out; `None` when somebody else ended it."""
    done: tuple[Done, ...]
    rounds: tuple[Round, ...]
    state: str
    timeline: tuple[Moment, ...]
    """In order of time."""
    exposed: tuple[datetime, datetime] | None
    """From when until when anybody could have used it; `None` where the beginning is not known."""
    next_proof_at: datetime | None
    use: Mapping[str, Any] | None
    """What `tidegate trace --format json` said; `None` where no log was read."""
    made_at: datetime

    @property
    def exposure_days(self) -> float | None:
        """Days between the two; `None` where the beginning is not known."""
        return None if self.exposed is None else (self.exposed[1] - self.exposed[0]) / timedelta(days=1)


def record(
    finding: Finding,
    plan: Plan | None,
    done: Sequence[Done],
    rounds: Sequence[Round],
    *,
    found_at: datetime,
    reported_at: datetime | None = None,
    closed_at: datetime | None = None,
    after: Sequence[timedelta] = AFTER,
    use: Mapping[str, Any] | None = None,
    now: datetime,
) -> Record:
    """Put a record together.

    done: every step of the plan, in its order. rounds: in order of time. found_at: when the scan ran that
    found it. reported_at: when somebody told the owner, where that is known. closed_at: when it was ended, if
    not by the last step. after: when proofs are asked for. use: the object that `tidegate trace` prints.
    """
    ended = [each.at for each in done if each.mark == "done" and each.at is not None]
    if plan is not None and len(ended) == len(plan.steps):
        closed_at = max(ended)
    elif plan is not None:
        closed_at = None
    due = None if closed_at is None else next_due(closed_at, rounds, after)
    refused = bool(rounds) and rounds[-1].verdict == "dead"
    state = OPEN if closed_at is None or not refused else CLOSED if due is None else REFUSED
    return Record(
        finding=finding,
        plan=plan,
        done=tuple(done),
        rounds=tuple(rounds),
        state=state,
        timeline=tuple(
            _timeline(finding, plan, rounds, found_at=found_at, reported_at=reported_at, closed_at=closed_at)
        ),
        exposed=_exposed(finding, closed_at if state != OPEN else None, now),
        next_proof_at=due,
        use=use,
        made_at=now,
    )


def _timeline(
    finding: Finding,
    plan: Plan | None,
    rounds: Sequence[Round],
    *,
    found_at: datetime,
    reported_at: datetime | None,
    closed_at: datetime | None,
) -> list[Moment]:
    moments = [Moment(what="found", at=found_at, says="Tidegate found it")]
    grant = finding.grant
    if grant.starts_at is not None:
        moments.append(Moment(what="valid", at=grant.starts_at, says="it began to work, by its own date"))
    first = published_at(finding)
    if first is not None:
        moments.append(
            Moment(what="published", at=first, says="first commit that holds it, by the commit's own date")
        )
    if reported_at is not None:
        moments.append(Moment(what="reported", at=reported_at, says="somebody told its owner"))
    if closed_at is not None:
        says = "somebody ended it otherwise, by then"
        if plan is not None:
            says = f"the last of {many(len(plan.steps), 'step')} was done"
        moments.append(Moment(what="closed", at=closed_at, says=says))
    for each in rounds:
        what = "proved" if each.verdict == "dead" else "asked"
        moments.append(Moment(what=what, at=each.at, says=_round_words(each)))
    return sorted(moments, key=lambda moment: moment.at)


def published_at(finding: Finding) -> datetime | None:
    """Return the date of the first commit that holds it; `None` outside of git."""
    dates = [place.committed_at for place in finding.occurrences if place.committed_at is not None]
    return min(dates, default=None)


def _exposed(finding: Finding, closed_at: datetime | None, now: datetime) -> tuple[datetime, datetime] | None:
    """Return from when until when it was both public and valid."""
    first = published_at(finding)
    if first is None:
        return None
    begin = max(first, finding.grant.starts_at or first)
    end = min(closed_at or now, finding.grant.expires_at or closed_at or now)
    return begin, max(begin, end)


def _round_words(each: Round) -> str:
    return (
        f"{each.verdict}: the leaked one got {_answer_words(each.leaked)}, a forged copy "
        f"{_answer_words(each.flipped)}, its owner {_answer_words(each.owner)}"
    )


def _answer_words(answer: Answer) -> str:
    return "no answer" if answer.status is None else f"{answer.status} {answer.code}".rstrip()


def to_dict(entry: Record) -> dict[str, Any]:
    """Return the record as plain data for JSON."""
    finding, days = entry.finding, entry.exposure_days
    return {
        "schema": SCHEMA,
        "made_at": instant(entry.made_at),
        "finding": finding.id,
        "state": entry.state,
        "credential": {
            "title": finding.title,
            "provider": finding.grant.provider,
            "kind": finding.grant.kind,
            "account": finding.grant.account,
            "container": finding.grant.container,
            "redacted": finding.redacted,
            "fingerprint": finding.fingerprint,
            "severity": finding.severity.value,
        },
        "timeline": [
            {"what": each.what, "at": instant(each.at), "says": each.says} for each in entry.timeline
        ],
        "exposure": {
            "from": None if entry.exposed is None else instant(entry.exposed[0]),
            "until": None if entry.exposed is None else instant(entry.exposed[1]),
            "days": None if days is None else round(days, 1),
            "ended": entry.state != OPEN,
        },
        "plan": None if entry.plan is None else {"hash": entry.plan.hash, "way": entry.plan.way.value},
        "steps": [_step(each) for each in entry.done],
        "proofs": [_proof(each) for each in entry.rounds],
        "next_proof_at": None if entry.next_proof_at is None else instant(entry.next_proof_at),
        "contents": _contents(finding),
        "use": _use(entry.use),
        "places": [_place(each) for each in finding.occurrences[:1000]],
        "places_total": finding.occurrences_total,
    }


def _step(each: Done) -> dict[str, Any]:
    return {
        "id": each.step.id,
        "does": each.step.does,
        "why": each.step.why,
        "method": each.step.call.method,
        "url": each.step.call.url,
        "mark": each.mark,
        "at": None if each.at is None else instant(each.at),
        "broke": list(each.step.breaks),
        "undo": each.step.undo,
    }


def _proof(each: Round) -> dict[str, Any]:
    answers = {"leaked": each.leaked, "flipped": each.flipped, "owner": each.owner}
    return {
        "at": instant(each.at),
        "verdict": str(each.verdict),
        **{name: {"status": answer.status, "code": answer.code} for name, answer in answers.items()},
    }


def _place(place: Place) -> dict[str, Any]:
    return {
        "target": place.target,
        "path": place.path,
        "line": place.line,
        "commit": place.commit,
        "in_head": place.in_head,
    }


def _contents(finding: Finding) -> dict[str, Any] | None:
    contents = finding.contents
    if contents is None:
        return None
    return {
        "items": contents.items,
        "bytes": contents.bytes,
        "complete": contents.complete,
        "kinds": [
            {"kind": each.kind, "items": each.items, "bytes": each.bytes, "severity": each.severity.value}
            for each in contents.kinds
        ],
    }


_USE = ("certain", "uses", "refused", "first_at", "last_at", "bytes_out", "bytes_in", "deeds", "addresses",
        "changed_total", "models_changed", "complete", "logs")  # fmt: skip


def _use(use: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if use is None else {name: use[name] for name in _USE if name in use}
