"""The report as one page: nothing loads, nothing runs, and it reads well on paper."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from tidegate.assess import words
from tidegate.model.finding import Finding
from tidegate.model.report import Report
from tidegate.model.severity import Severity
from tidegate.report import _words
from tidegate.report._html import behind, finding, lead, matrix, severities, style, timeline
from tidegate.report._html.parts import bullets, code, text, wide
from tidegate.report._stores import stores

DETAILS = 50
"""Findings that are told in full; the worst come first."""
ROWS = 10_000
"""Findings that get a line of the table; beyond that they are counted."""
OPEN = 1
"""Findings that are unfolded."""
GAP_GROUPS, GAP_SUBJECTS, TARGETS = 40, 5, 5


class Html:
    """Writes one self-contained page, light or dark as the reader's system is. Needs no script."""

    id = "html"

    def write(self, report: Report, out: IO[str], *, colour: bool = False, width: int = 80) -> None:  # noqa: ARG002
        out.writelines(_page(report))


def _page(report: Report) -> Iterator[str]:
    css = style.css()
    title = f"Tidegate: {_targets(report)}"
    yield '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{style.policy(css)}">\n'
    yield '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
    yield '<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">\n'
    yield f"<title>{text(title, 120)}</title>\n<style>{css}</style></head>\n<body>"
    yield '<a class="skip" href="#content">Skip to the content</a>\n'
    parts = list(_parts(report))
    yield from _header(report, [(name, heading) for name, heading, _ in parts])
    yield '<main id="content" tabindex="-1">\n'
    for name, heading, body in parts:
        yield f'<section aria-labelledby="{name}"><h2 id="{name}">{heading}</h2>\n'
        yield from body
        yield "</section>\n"
    yield "</main>\n"
    yield (
        f"<footer><p>Made by Tidegate {text(report.version, 40)} on {words.day(report.ended_at)}. "
        "No secret stands in this page. A score is a rank, not a probability.</p></footer></body></html>\n"
    )


def _targets(report: Report) -> str:
    shown = ", ".join(report.targets[:TARGETS])
    more = len(report.targets) - TARGETS
    return f"{shown} and {more:,} more" if more > 0 else shown


def _header(report: Report, parts: list[tuple[str, str]]) -> Iterator[str]:
    yield f'<header><p class="faint small">Tidegate report, {words.day(report.ended_at)}</p>'
    yield f"<h1>{text(_targets(report), 300)}</h1>"
    yield '<div class="lead">' + "".join(f"<p>{each}</p>" for each in lead.summary(report)) + "</div>"
    if not report.complete:
        yield f'<div class="note"><p><strong>Incomplete.</strong> {text(_incomplete(report))}</p></div>'
    if len(parts) > 1:
        yield '<nav aria-label="Contents"><ul>'
        yield "".join(f'<li><a href="#{name}">{heading}</a></li>' for name, heading in parts)
        yield "</ul></nav>"
    yield "</header>\n"


def _incomplete(report: Report) -> str:
    if not report.gaps:
        return "Nothing was read, so this says nothing about the target."
    return (
        f"{words.many(len(report.gaps), 'thing was', 'things were')} not looked at: see the end of this page."
    )


def _parts(report: Report) -> Iterator[tuple[str, str, Iterator[str]]]:
    """Yield (anchor, heading, what stands there), in the order of the page."""
    findings = report.findings
    if findings:
        yield (
            "severity",
            "Findings by severity",
            wide("Picture: findings by severity", severities.chart(report)),
        )
        yield "first", "What to do first", lead.fixes(report, DETAILS)
    if any(each.paths for each in findings[:DETAILS]):
        yield "risks", "What somebody could do", lead.risks(report, DETAILS)
    permits = list(matrix.whole(findings))
    if permits:
        yield "permissions", "What is permitted", _permits(permits)
    shown = timeline.lines(findings, report.ended_at)
    if shown:
        yield "exposure", "Since when, until when", _exposure(report, shown)
    found = behind.piles(findings)
    if found:
        yield "behind", "What lies behind", _behind(found)
    if findings:
        yield "findings", "The findings", _findings(report)
        if len(findings) > DETAILS:
            yield "others", "The other findings", _others(report)
    yield "gaps", "Coverage and gaps", _coverage(report)


def _permits(permits: list[str]) -> Iterator[str]:
    yield f'<p class="faint small">{text(matrix.LEGEND)}</p>'
    yield from permits


def _exposure(report: Report, shown: list[timeline.Line]) -> Iterator[str]:
    left_out = len(report.findings) - len(shown)
    more = f" The worst {len(shown)} are drawn; {left_out:,} are not." if left_out > 0 else ""
    yield "<figure><figcaption>From the first commit that holds it to its end. The axis is to scale up to a year "
    yield f"from now, and broken after that.{more}</figcaption>"
    yield from wide("Picture: since when, until when", timeline.chart(shown, report.ended_at))
    yield '</figure><details class="more"><summary>The dates as a table</summary>'
    yield from timeline.rows(shown, report.ended_at)
    yield "</details>"


def _behind(found: list[behind.Pile]) -> Iterator[str]:
    worst = found[0]
    areas = "numbers of items" if behind.counts_items(found) else "bytes"
    yield f"<figure><figcaption>Areas are {areas}; colours say how bad it is that a kind is exposed"
    yield f", from critical to info. Worst: {text(behind.said(worst))}.</figcaption>"
    yield from wide("Picture: what lies behind", behind.chart(found))
    yield "</figure>"
    yield from behind.rows(found)


def _findings(report: Report) -> Iterator[str]:
    shown = report.findings[:DETAILS]
    if len(report.findings) > DETAILS:
        left = len(report.findings) - DETAILS
        yield f"<p>The worst {DETAILS} in full; the other {left:,} stand in the table below.</p>"
    for number, each in enumerate(shown):
        yield from finding.card(report, each, number, opened=number < OPEN)


def _others(report: Report) -> Iterator[str]:
    rest = report.findings[DETAILS:ROWS]
    groups: dict[Severity, list[tuple[int, Finding]]] = {}
    for number, each in enumerate(rest, DETAILS):
        groups.setdefault(each.severity, []).append((number, each))
    left = len(report.findings) - DETAILS - len(rest)
    if left > 0:
        yield f"<p>{words.many(left, 'finding')} beyond these are left out here; the JSON report has them.</p>"
    for severity, members in groups.items():
        count = words.many(len(members), f"{severity} finding")
        # Only those that matter most are unfolded: a page of ten thousand lines is slow to lay out.
        opened = " open" if len(members) <= 200 else ""
        yield f'<details class="more"{opened}><summary>{count}</summary>'
        yield from _rows(report, count, members)
        yield "</details>\n"


def _rows(report: Report, caption: str, members: list[tuple[int, Finding]]) -> Iterator[str]:
    yield f'<table class="cards"><caption>{text(caption)}, one a line</caption><thead><tr>'
    yield "".join(f'<th scope="col">{head}</th>' for head in ("opens", "what", "where", "ends"))
    yield "</tr></thead><tbody>\n"
    for number, each in members:
        where = code(_words.spot(each.occurrences[0]), 120) if each.occurrences else ""
        more = f" +{each.occurrences_total - 1:,}" if each.occurrences_total > 1 else ""
        yield (
            f'<tr id="f-{number}"><th scope="row">{text(_words.subject(each.grant), 80)}</th>'
            f"<td>{text(each.title, 60)}</td><td>{where}{more}</td>"
            f"<td>{text(_words.ends(each.grant, report.ended_at), 80)}</td></tr>\n"
        )
    yield "</tbody></table>"


def _coverage(report: Report) -> Iterator[str]:
    yield f"<p>Read: {text(_words.read(report))}.</p>"
    coverage = report.coverage
    read = [each for each in stores(report.findings) if each.items_read]
    items = coverage.items_read or sum(each.items_read for each in read)
    if items:
        size = words.size(coverage.bytes_read or sum(each.bytes_read for each in read))
        yield f"<p>Looked into {words.many(items, 'item')}: {size}.</p>"
    if report.suppressed:
        muted = [f"{reason}: {count:,}" for reason, count in sorted(report.suppressed.items())[:40]]
        yield f"<h3>Muted</h3>{bullets(muted)}"
    groups = list(_words.group_gaps(report.gaps))
    if not groups:
        yield "<p>No gaps: nothing that was to be looked at was left out.</p>" if report.complete else ""
        return
    yield f"<h3>{words.many(len(report.gaps), 'gap')}: not looked at</h3><ul class='plain'>"
    for group in groups[:GAP_GROUPS]:
        names = ", ".join(code(subject, 160) for subject in group.subjects[:GAP_SUBJECTS])
        more = len(group.subjects) - GAP_SUBJECTS
        yield f"<li>{text(group.reason)} ({text(group.stage, 40)}): {names}{f' and {more:,} more' if more > 0 else ''}</li>"
    yield "</ul>"
    if len(groups) > GAP_GROUPS:
        yield f"<p>{words.many(len(groups) - GAP_GROUPS, 'other reason')} in the JSON report.</p>"


PLUGIN = Html()
