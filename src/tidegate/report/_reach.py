"""What a service answered, and how much lies behind a grant, laid out for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from tidegate.assess import words
from tidegate.model.contents import Contents
from tidegate.model.finding import Finding, Severity
from tidegate.model.reach import Reach, State
from tidegate.report._grant import LABEL, block
from tidegate.report._terminal import Paper, columns, table

KINDS = 8
"""Kinds that get a line; the rest are counted."""

_STYLES = {State.OPEN: "critical", State.CLOSED: "good", State.UNKNOWN: "medium"}


def lines(paper: Paper, finding: Finding, *, contents: bool = True) -> Iterator[str]:
    """Write what was asked of the service, if anything was; with `contents` how much lies behind."""
    if finding.reach is not None:
        yield from block(
            paper, "asked", paper.clean(reach(finding.reach)), style=_STYLES[finding.reach.state]
        )
        if finding.reach.untried and finding.reach.state is not State.CLOSED:
            untried = ", ".join(each.replace("_", " ") for each in finding.reach.untried)
            yield from block(paper, "untried", paper.clean(f"{untried}: granted on paper, never exercised"))
    if contents and finding.contents is not None:
        yield from block(paper, "behind", paper.clean(amount(finding.contents)))
        yield from _kinds(paper, finding.contents)


def reach(answer: Reach) -> str:
    """Say the state, what was shown, and when (raw)."""
    shown = ", ".join(each.replace("_", " ") for each in answer.proved)
    proof = f", shown: {shown}" if shown else ""
    return f"{answer.state.upper()}{proof}. {answer.reason} ({answer.checked_at:%Y-%m-%d %H:%M} UTC)"


def amount(found: Contents) -> str:
    """Say how much lies behind (raw)."""
    least = "" if found.complete else "at least "
    where = words.many(found.containers, "container")
    return f"{least}{words.many(found.items, 'item')}, {words.size(found.bytes)} in {where}"


def _kinds(paper: Paper, found: Contents) -> Iterator[str]:
    rows = [
        [kind.kind.replace("_", " "), f"{kind.items:,}", words.size(kind.bytes), _severity(kind.severity)]
        for kind in found.kinds[:KINDS]
    ]
    lines = [
        "".join(cells).rstrip() for cells in table([[paper.clean(cell) for cell in row] for row in rows])
    ]
    wide = LABEL + max(map(columns, lines), default=0) > paper.width
    yield from (paper.shorten(line, paper.width) if wide else " " * LABEL + line for line in lines)
    if len(found.kinds) > KINDS:
        yield f"{' ' * LABEL}and {words.many(len(found.kinds) - KINDS, 'more kind')}"


def _severity(severity: Severity) -> str:
    return "" if severity is Severity.INFO else severity.value
