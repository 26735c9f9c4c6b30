"""A comment for a pull request: a table to see it at a glance, the details folded away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from tidegate.assess import words
from tidegate.model.finding import Finding
from tidegate.model.place import Place
from tidegate.model.report import Report
from tidegate.report import _reach, _words
from tidegate.report._escape import markdown, markdown_code, markup
from tidegate.report._steps import pieces

MAX_CHARACTERS = 60_000
"""GitHub refuses a comment of more than 65,536 characters."""
ROWS, PLACES, GAP_GROUPS, GAP_SUBJECTS = 40, 5, 10, 3
MAX_TEXT = 400
"""Characters shown of one text from outside; the JSON report has all of it."""

_SIGNS = {"critical": "🔴", "high": "🟠", "medium": "🟡", "low": "🔵", "info": "⚪"}


class Markdown:
    """Writes GitHub-flavoured Markdown; nothing in it links, mentions or loads anything from outside."""

    id = "markdown"

    def write(self, report: Report, out: IO[str], *, colour: bool = False, width: int = 80) -> None:  # noqa: ARG002
        out.writelines(f"{line}\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    counted = ", ".join(text for _, text in _words.counts(report.findings))
    yield f"### Tidegate: {counted or 'nothing found'}"
    yield ""
    if report.gaps or not report.coverage.documents:
        gaps = words.many(len(report.gaps), "thing was", "things were")
        said = (
            _words.verdict(report)
            if not report.findings
            else f"Not everything was read: {gaps} not looked at."
        )
        yield f"> **Incomplete.** {said}"
        yield ""
    elif not report.findings:
        yield _words.verdict(report)
        yield ""
    tail = list(_tail(report))
    left = MAX_CHARACTERS - sum(len(line) + 1 for line in tail)
    yield from _body(report, left)
    yield from tail


def _body(report: Report, left: int) -> Iterator[str]:
    """Write the table and the details, as much as `left` characters hold."""
    if not report.findings:
        return
    rows = ["| severity | opens | where | ends |", "| --- | --- | --- | --- |"]
    rows += [_row(report, finding) for finding in report.findings[:ROWS]]
    rows.append("")
    while sum(len(row) + 1 for row in rows) > left // 2 and len(rows) > 4:
        rows.pop(-2)
    listed = len(rows) - 3
    yield from rows
    left -= sum(len(row) + 1 for row in rows) + 200
    if len(report.findings) > listed:
        yield f"and {len(report.findings) - listed:,} more findings, in the JSON report"
        yield ""
    for number, finding in enumerate(report.findings[:ROWS]):
        details = list(_details(report, finding))
        left -= sum(len(line) + 1 for line in details)
        if left < 0:
            yield f"Details of {words.many(len(report.findings) - number, 'finding')} are left out here."
            yield ""
            return
        yield from details


def _row(report: Report, finding: Finding) -> str:
    severity = f"{_SIGNS[finding.severity.value]} {finding.severity}"
    where = _code(_words.spot(finding.occurrences[0])) if finding.occurrences else ""
    more = f" +{finding.occurrences_total - 1:,}" if finding.occurrences_total > 1 else ""
    what = f"{_text(finding.title)}<br>{_code(_words.subject(finding.grant))}"
    return f"| {severity} | {what} | {where}{more} | {_text(_words.ends(finding.grant, report.ended_at))} |"


def _details(report: Report, finding: Finding) -> Iterator[str]:
    yield "<details>"
    # Inside of <summary> no Markdown is read: HTML, with names in <code>, where no mention is looked for.
    name = markup(_cut(finding.title))
    if (opens := _words.subject(finding.grant)) != _words.UNNAMED:
        name += f" <code>{markup(_cut(opens))}</code>"
    yield f"<summary>{_SIGNS[finding.severity.value]} {finding.severity}: {name}</summary>"
    yield ""
    yield f"**{_text(words.sentence(finding.grant, report.ended_at, finding.reach))}**"
    yield ""
    if finding.reach is not None:
        yield f"Asked: {_text(_reach.reach(finding.reach))}"
        yield ""
    if finding.contents is not None:
        yield f"Behind it: {_text(_reach.behind(finding.contents))}"
        yield ""
    for place in finding.occurrences[:PLACES]:
        yield f"- {_place(report, place)}"
    more = finding.occurrences_total - min(PLACES, len(finding.occurrences))
    if more > 0:
        yield f"- and {words.many(more, 'more place')}"
    yield ""
    for heading, texts, sign in (
        ("Close it", [_step(each) for each in finding.fix], "1."),
        ("What could be done with it", [_text(path.title) for path in finding.paths[:3]], "-"),
        ("Why", [_text(each) for each in finding.reasons], "-"),
    ):
        if texts:
            yield f"{heading}:"
            yield ""
            yield from (f"{sign} {text}" for text in texts)
            yield ""
    yield f"{_code(finding.redacted)} · {_code(finding.id)} · {_code(finding.rule)}"
    yield ""
    yield "</details>"
    yield ""


def _place(report: Report, place: Place) -> str:
    parts = [_code(_words.where(report, place))]
    if place.in_head is not None:
        parts.append("in HEAD" if place.in_head else "in history only")
    if place.commit:
        when = f" {place.committed_at:%Y-%m-%d}" if place.committed_at else ""
        parts.append(
            f"since {_code(_words.short_commit(place))}{when} by {_code(_words.author(place) or '?')}"
        )
    return ", ".join(parts)


def _tail(report: Report) -> Iterator[str]:
    groups = list(_words.group_gaps(report.gaps))
    if groups:
        yield f"<details><summary>{words.many(len(report.gaps), 'gap')}: not looked at</summary>"
        yield ""
        for group in groups[:GAP_GROUPS]:
            names = ", ".join(_code(subject) for subject in group.subjects[:GAP_SUBJECTS])
            more = len(group.subjects) - GAP_SUBJECTS
            yield f"- {_text(group.reason)}: {names}{f' and {more:,} more' if more > 0 else ''}"
        if len(groups) > GAP_GROUPS:
            yield f"- and {len(groups) - GAP_GROUPS} other reasons"
        yield ""
        yield "</details>"
        yield ""
    yield f"Read {_words.read(report)}."
    if report.suppressed:
        muted = ", ".join(
            f"{_text(reason)}: {count:,}" for reason, count in sorted(report.suppressed.items())[:20]
        )
        yield f"Muted: {muted}."


def _text(text: str) -> str:
    return markdown(_cut(text))


def _step(text: str) -> str:
    """Write a step of what is to be done, with its commands as code."""
    parts = [markdown_code(each) if at % 2 else markdown(each) for at, each in enumerate(pieces(_cut(text)))]
    return " ".join(filter(None, parts))


def _code(text: str) -> str:
    return markdown_code(_cut(text))


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


PLUGIN = Markdown()
