"""Changes between two reports, written for a terminal, as JSON and as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TextIO

from tidegate.model import codec
from tidegate.report._escape import markdown, safe
from tidegate.report._json import dumps
from tidegate.report._words import spot, subject
from tidegate.watch.diff import Change, Event

SCHEMA = "tidegate-changes/1"


def write(events: Sequence[Event], form: str, out: TextIO) -> None:
    """Write the changes in one form: `text`, `json` or `markdown`."""
    {"text": _text, "json": _json, "markdown": _markdown}[form](events, out)


def _sum(events: Sequence[Event]) -> str:
    counted = Counter(each.change for each in events)
    return ", ".join(f"{counted[change]:,} {change}" for change in Change if counted[change]) or "no change"


def _text(events: Sequence[Event], out: TextIO) -> None:
    out.write(f"{_sum(events)}\n")
    for each in events:
        finding = each.finding
        where = spot(finding.occurrences[0]) if finding.occurrences else ""
        what = f"{finding.title}: {subject(finding.grant)}"
        out.write(f"{each.change:<7} {finding.severity:<9} {safe(what)}  {safe(where)}\n")
        out.write(f"        {safe(each.why)}  ({finding.id})\n")


def _json(events: Sequence[Event], out: TextIO) -> None:
    told = [
        {"change": each.change.value, "why": each.why, "finding": codec.finding_to_dict(each.finding)}
        for each in events
    ]
    out.write(dumps({"schema": SCHEMA, "events": told}, indent=1) + "\n")


def _markdown(events: Sequence[Event], out: TextIO) -> None:
    out.write(f"**{_sum(events)}**\n\n| change | severity | finding | why |\n|---|---|---|---|\n")
    for each in events:
        what = markdown(f"{each.finding.title}: {subject(each.finding.grant)}")
        out.write(f"| {each.change} | {each.finding.severity} | {what} | {markdown(each.why)} |\n")
