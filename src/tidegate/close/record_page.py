"""The record of one closing as a page, in Markdown. Pure; no secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from tidegate.assess.words import many, sentence, size
from tidegate.close.record import OPEN, REFUSED, Record
from tidegate.model.finding import Finding
from tidegate.report._escape import markdown, markdown_code

_SHOWN: Final = 10


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
