"""The record of one closing: when what happened, what was done, what shows that it worked. Pure; no secret.

It is for whoever asks afterwards: an auditor, a lawyer, the team's own review. What is not known is said so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from tidegate.assess.words import many, sentence, size
from tidegate.close.plan import Plan, Step
from tidegate.close.prove import AFTER, Answer, Round, next_due
from tidegate.model.codec import instant
from tidegate.model.finding import Finding
from tidegate.report._escape import markdown, markdown_code

SCHEMA: Final = "tidegate-closure/1"
CLOSED, REFUSED, OPEN = "closed", "refused so far", "not closed"
"""CLOSED: every proof that is asked for holds. REFUSED: done, and refused whenever asked until now."""

_SHOWN = 10


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
        "steps": [
            {
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
            for each in entry.done
        ],
        "proofs": [
            {
                "at": instant(each.at),
                "verdict": str(each.verdict),
                **{
                    name: {"status": answer.status, "code": answer.code}
                    for name, answer in (
                        ("leaked", each.leaked),
                        ("flipped", each.flipped),
                        ("owner", each.owner),
                    )
                },
            }
            for each in entry.rounds
        ],
        "next_proof_at": None if entry.next_proof_at is None else instant(entry.next_proof_at),
        "contents": _contents(finding),
        "use": _use(entry.use),
        "places": [
            {
                "target": place.target,
                "path": place.path,
                "line": place.line,
                "commit": place.commit,
                "in_head": place.in_head,
            }
            for place in finding.occurrences[:1000]
        ],
        "places_total": finding.occurrences_total,
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


def to_markdown(entry: Record) -> str:
    """Return the record as Markdown."""
    return "".join(f"{line}\n" for line in _lines(entry))


def _lines(entry: Record) -> Iterator[str]:
    finding = entry.finding
    yield f"# Closure record of {finding.id}: {entry.state.upper()}"
    yield ""
    yield f"{markdown(finding.title)}, {markdown_code(finding.redacted)}"
    yield ""
    yield f"> {markdown(sentence(finding.grant, _found_at(entry), finding.reach))}"
    yield ""
    if entry.state == OPEN:
        yield "**It is not shown to be dead.** " + _why_open(entry)
    elif entry.state == REFUSED:
        due = _when(entry.next_proof_at)
        yield f"**It is refused so far, and not called closed yet:** the next proof is due at {due}."
    else:
        yield "**It is closed:** refused like a forged copy at every time asked, while its owner was served."
    yield ""
    yield from _exposure(entry)
    yield ""
    yield "## Timeline"
    yield ""
    yield "| when | what | |"
    yield "| --- | --- | --- |"
    yield from (f"| {_when(each.at)} | {each.what} | {markdown(each.says)} |" for each in entry.timeline)
    yield ""
    yield "## What was done"
    yield ""
    if entry.plan is None:
        yield "Nothing by Tidegate: somebody ended it otherwise."
    else:
        way = "the fast way" if entry.plan.way == "fast" else "without downtime"
        yield f"Plan `{entry.plan.hash}`, {way}:"
        yield ""
    for number, each in enumerate(entry.done, 1):
        at = f", {_when(each.at)}" if each.at else ""
        yield f"{number}. {markdown(each.step.does)}: **{each.mark}**{at}"
        yield f"   - why: {markdown(each.step.why)}"
        yield f"   - call: {markdown_code(f'{each.step.call.method} {each.step.call.url}')}"
        for broken in each.step.breaks[:_SHOWN]:
            yield f"   - broke: {markdown(broken)}"
        back = markdown_code(each.step.undo) if each.step.undo else "it cannot be taken back"
        yield f"   - undo: {back}"
    yield ""
    yield from _behind(finding)
    yield ""
    yield from _used(entry.use)
    yield ""
    yield "## Where it stood"
    yield ""
    for place in finding.occurrences[:_SHOWN]:
        where = markdown_code(f"{place.path}:{place.line}")
        since = f", since commit {markdown_code(place.commit[:12])}" if place.commit else ""
        head = ", still in HEAD when it was found" if place.in_head else ""
        yield f"- {where}{since}{head}"
    if finding.occurrences_total > _SHOWN:
        yield f"- and {finding.occurrences_total - _SHOWN:,} more"


def _found_at(entry: Record) -> datetime:
    return next(each.at for each in entry.timeline if each.what == "found")


def _why_open(entry: Record) -> str:
    left = [each for each in entry.done if each.mark != "done"]
    if left or (entry.plan is not None and len(entry.done) < len(entry.plan.steps)):
        return f"{many(len(left) or 1, 'step')} of the plan left to do."
    if not entry.rounds:
        return "The service was not asked since the last step."
    return f"The last answer says: {entry.rounds[-1].verdict}."


def _exposure(entry: Record) -> Iterator[str]:
    days = entry.exposure_days
    if entry.exposed is None or days is None:
        yield "How long it was exposed is not known: no commit says when it was published."
        return
    begin, end = entry.exposed
    until = "until" if entry.state != OPEN or end < entry.made_at else "so far, until"
    long = f"{days:,.1f} days" if days >= 2 else f"{days * 24:,.1f} hours"
    yield f"**Exposed for {long}**, from {_when(begin)} {until} {_when(end)}."


def _behind(finding: Finding) -> Iterator[str]:
    yield "## What lay behind it"
    yield ""
    contents = finding.contents
    if contents is None:
        yield "Nothing was listed: what lay behind it is not known."
        return
    least = "" if contents.complete else "at least "
    yield f"{least}{many(contents.items, 'item')}, {size(contents.bytes)}."
    yield ""
    for each in contents.kinds[:_SHOWN]:
        yield f"- {markdown(each.kind.replace('_', ' '))}: {many(each.items, 'item')}, {size(each.bytes)}"
    for noted in contents.noted[:_SHOWN]:
        yield f"- {markdown(noted.summary)}"


def _used(use: Mapping[str, Any] | None) -> Iterator[str]:
    yield "## Whether it was used"
    yield ""
    if use is None:
        yield "No log was read: whether anybody used it is not known. `tidegate trace` reads them."
        return
    uses, refused = _count(use, "uses"), _count(use, "refused")
    if not uses:
        yield "No use stands in the logs that were read. That says nothing of what they do not cover."
    else:
        went = f"{uses - refused:,} requests went through, {refused:,} were refused"
        yield f"From {use.get('first_at') or '?'} to {use.get('last_at') or '?'}: {went}, "
        changed = many(_count(use, "changed_total"), "item was", "items were")
        yield f"{size(_count(use, 'bytes_out'))} went out, {changed} written or deleted."
    if not use.get("certain", False):
        yield "The logs mask the signature: other links with the same dates and rights look the same."
    if not use.get("complete", True):
        yield "Not every log could be read."
    addresses = use.get("addresses")
    if isinstance(addresses, Mapping) and addresses:
        yield ""
        yield from (
            f"- from {markdown_code(str(name))}: {count}" for name, count in list(addresses.items())[:_SHOWN]
        )
    models = use.get("models_changed")
    if isinstance(models, Sequence) and models:
        yield ""
        changed = many(len(models), "model file was", "model files were")
        yield f"**{changed} changed after the leak:** do not load them."
        yield ""
        yield from (
            f"- {markdown_code(str(each.get('item')))}"
            for each in models[:_SHOWN]
            if isinstance(each, Mapping)
        )


def _count(use: Mapping[str, Any], name: str) -> int:
    value = use.get(name, 0)
    return value if isinstance(value, int) else 0


def _when(at: datetime | None) -> str:
    return "?" if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"
