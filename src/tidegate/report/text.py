"""The report for a person at a terminal: the worst first, and what to do about it on the first screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO, TYPE_CHECKING

from tidegate.assess import words
from tidegate.model.finding import Finding, Severity
from tidegate.model.report import Report
from tidegate.report import _reach, _words
from tidegate.report._card import card
from tidegate.report._grant import block
from tidegate.report._steps import unmarked
from tidegate.report._terminal import Paper, table

if TYPE_CHECKING:
    from tidegate.model.inspected import Inspected

CARDS = 30
"""Findings that get a card; the following ones get a line each."""
LINES = 200
"""Findings that get a line, in each table; beyond that they are counted: a longer list is for a program."""
INFO_LINES = 20
"""Findings of no severity that get a line, in each of their tables."""
GLANCE = 6
"""Findings listed before the first card."""
GAP_GROUPS, GAP_SUBJECTS = 12, 3


class Text:
    """Writes as wide as `width`, with signs and colours that the stream can show."""

    id = "text"

    def write(self, report: Report, out: IO[str], *, colour: bool = False, width: int = 80) -> None:
        paper = Paper.of(getattr(out, "encoding", None), colour=colour, width=width)
        out.writelines(line.rstrip() + "\n" for line in lines(paper, report))


def lines(paper: Paper, report: Report) -> Iterator[str]:
    """Return the report line by line."""
    loud = [finding for finding in report.findings if finding.severity is not Severity.INFO]
    quiet = [finding for finding in report.findings if finding.severity is Severity.INFO]
    yield from _head(paper, report)
    yield from _glance(paper, loud)
    yield from _cards(paper, report, loud[:CARDS])
    yield from _more(paper, loud[CARDS:])
    yield from _info(paper, quiet)
    yield from gaps(paper, report)
    yield from _summary(paper, report)


def _head(paper: Paper, report: Report) -> Iterator[str]:
    shown, more = report.targets[:3], len(report.targets) - 3
    names = ", ".join(paper.shorten(paper.clean(target), 4 * paper.width) for target in shown) + (
        f" and {more} more" if more > 0 else ""
    )
    yield from paper.wrap(f"{paper.paint('tidegate', 'bold')} {paper.clean(report.version)}  {names}")
    if report.findings:
        yield from paper.wrap(_tally(paper, report))
    yield ""


def _tally(paper: Paper, report: Report) -> str:
    parts = [
        paper.paint(text.replace(" ", "\xa0"), severity.value)
        for severity, text in _words.counts(report.findings)
    ]
    if report.gaps:
        parts.append(f"{words.many(len(report.gaps), 'gap')}: not all was read")
    return paper.signs.dot.join(parts)


def _glance(paper: Paper, findings: Sequence[Finding]) -> Iterator[str]:
    """List the worst few before the first card, so that one screen shows how far it goes."""
    if len(findings) <= GLANCE // 2:
        return
    yield from _rows(paper, findings[:GLANCE])
    if len(findings) > GLANCE:
        yield f" and {len(findings) - GLANCE:,} more below"
    yield ""


def _cards(paper: Paper, report: Report, findings: Sequence[Finding]) -> Iterator[str]:
    shown: dict[tuple[str, ...], str] = {}
    for finding in findings:
        same = shown.get(finding.fix) if finding.fix else None
        shown.setdefault(finding.fix, finding.id)
        yield from card(paper, finding, report.ended_at, target=len(report.targets) > 1, same_fix=same)


def _more(paper: Paper, findings: Sequence[Finding]) -> Iterator[str]:
    if not findings:
        return
    yield paper.rule(f"{words.many(len(findings), 'more finding')}, one a line")
    yield from _rows(paper, findings[:LINES])
    yield from _cut(paper, len(findings), LINES)
    yield ""


def _rows(paper: Paper, findings: Sequence[Finding]) -> Iterator[str]:
    for severity, *rest in table([[each.severity.value, *_columns(paper, each)] for each in findings]):
        word = severity.rstrip()
        yield f" {paper.paint(word, word)}{severity[len(word) :]}{''.join(rest)}"


def _columns(paper: Paper, finding: Finding) -> list[str]:
    """Return what is opened and where it was first seen, cut to what a line can hold."""
    room = paper.width - 14
    what = paper.shorten(paper.clean(_words.subject(finding.grant)), room * 2 // 5)
    place = _words.spot(finding.occurrences[0]) if finding.occurrences else ""
    more = f" +{finding.occurrences_total - 1:,}" if finding.occurrences_total > 1 else ""
    return [what, paper.shorten(paper.clean(place), room - room * 2 // 5 - len(more)) + more]


def _cut(paper: Paper, count: int, shown: int) -> Iterator[str]:
    if count > shown:
        yield from paper.wrap(f"and {count - shown:,} more; all of them: --format json", first=" ")


def _info(paper: Paper, findings: Sequence[Finding]) -> Iterator[str]:
    plain = [each for each in findings if each.grant.kind == "anonymous" and each.reach is None]
    other = [each for each in findings if each.grant.kind != "anonymous" or each.reach is not None]
    if other:
        yield paper.rule("INFO", middle=f"{words.many(len(other), 'finding')} of little weight", style="info")
        for finding in other[:INFO_LINES]:
            what, place = _columns(paper, finding)
            yield f" {what}  {place}"
            why = finding.reasons[0] if finding.reasons else ""
            said = why if finding.reach is None else _reach.reach(finding.reach)
            yield from paper.wrap(paper.clean(f"{finding.title}: {said}"), first="   ", style="faint")
        yield from _cut(paper, len(other), INFO_LINES)
        yield ""
    if plain:
        yield paper.rule(
            "INFO", middle=words.many(len(plain), "storage address", "storage addresses"), style="info"
        )
        yield from paper.wrap(
            "No credential in it. Worth asking whether it is open to anyone:"
            if len(plain) == 1
            else "No credential in them. Worth asking whether they are open to anyone:",
            first=" ",
        )
        for cells in table([_columns(paper, finding) for finding in plain[:INFO_LINES]]):
            yield f"   {''.join(cells)}"
        yield from _cut(paper, len(plain), INFO_LINES)
        yield ""


def gaps(paper: Paper, report: Report | Inspected) -> Iterator[str]:
    """Write what was not looked at, grouped by the reason."""
    if not report.gaps:
        return
    yield paper.rule("NOT LOOKED AT", middle=words.many(len(report.gaps), "gap"), style="medium")
    groups = list(_words.group_gaps(report.gaps))
    for group in groups[:GAP_GROUPS]:
        count = f"{len(group.subjects):,} times: " if len(group.subjects) > 1 else ""
        yield from paper.wrap(paper.clean(f"{count}{group.reason} ({group.stage})"), first=" ", rest="   ")
        for subject in group.subjects[:GAP_SUBJECTS]:
            yield f"   {paper.shorten(paper.clean(subject), paper.width - 3)}"
        if len(group.subjects) > GAP_SUBJECTS:
            yield f"   and {len(group.subjects) - GAP_SUBJECTS:,} more"
    if len(groups) > GAP_GROUPS:
        rest = sum(len(group.subjects) for group in groups[GAP_GROUPS:])
        yield f" and {words.many(rest, 'gap')} for {len(groups) - GAP_GROUPS} other reasons"
    yield ""


def _summary(paper: Paper, report: Report) -> Iterator[str]:
    yield paper.rule()
    if report.findings:
        yield from paper.wrap(_tally(paper, report), first=" ")
    else:
        style = "good" if report.complete else "medium"
        yield from paper.wrap(_words.verdict(report), first=" ", style=style)
    yield from block(paper, "read", _words.read(report))
    if report.suppressed:
        muted = ", ".join(f"{reason}: {count:,}" for reason, count in sorted(report.suppressed.items()))
        yield from block(paper, "muted", paper.clean(muted))
    worst = report.findings[0] if report.findings else None
    if worst and worst.severity is not Severity.INFO:
        where = f", {_words.where(report, worst.occurrences[0])}" if worst.occurrences else ""
        yield from block(paper, "worst", paper.clean(f"{_words.headline(worst)}{where}"))
        if worst.fix:
            yield from block(paper, "do first", paper.clean(unmarked(worst.fix[0])))


PLUGIN = Text()
