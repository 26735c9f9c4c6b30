"""One finding in full: words first, then where, what to do, and the pictures."""

from __future__ import annotations

from collections.abc import Iterator

from tidegate.assess import words
from tidegate.model.contents import Contents
from tidegate.model.finding import Finding
from tidegate.model.report import Report
from tidegate.report import _reach, _words
from tidegate.report._card import history
from tidegate.report._html import attack, estimates, matrix
from tidegate.report._html.parts import bullets, code, kind_words, table, tag, text

PLACES, PATHS, NOTED, KINDS, ANSWERS = 12, 6, 20, 20, 20


def card(report: Report, finding: Finding, number: int, *, opened: bool) -> Iterator[str]:
    """Yield one finding, folded unless `opened`. number: unique on the page."""
    subject = _words.subject(finding.grant)
    yield f'<details class="f"{" open" if opened else ""}><summary>{tag(finding.severity)}'
    yield f"{text(finding.title, 160)} {code(subject, 160)}</summary>"
    # The mark stands inside, so that a link to it unfolds the finding.
    yield f'<div id="f-{number}">'
    yield f"<h3>{text(words.sentence(finding.grant, report.ended_at, finding.reach))}</h3>"
    yield from _facts(report, finding)
    for heading, texts, ordered in (("Close it", finding.fix, True), ("Why", finding.reasons, False)):
        if texts:
            yield f"<h4>{heading}</h4>{bullets(texts[:30], ordered=ordered)}"
    if finding.grant.warnings:
        yield f"<h4>Mind</h4>{bullets(finding.grant.warnings[:12])}"
    yield from _where(finding)
    permits = list(matrix.one(finding, subject[:80]))
    if permits:
        yield "<h4>Permissions</h4>"
        yield from permits
    if finding.contents is not None:
        yield from _contents(finding.contents, number)
    if finding.paths:
        yield f"<h4>What somebody could do</h4><p class='faint small'>{text(attack.LEGEND)}</p>"
        for count, path in enumerate(finding.paths[:PATHS]):
            yield from attack.graph(path, f"path-{number}-{count}")
        if len(finding.paths) > PATHS:
            yield f"<p>{words.many(len(finding.paths) - PATHS, 'more path')} in the JSON report.</p>"
    yield "</div></details>\n"


def _facts(report: Report, finding: Finding) -> Iterator[str]:
    rows = [("ends", text(_words.ends(finding.grant, report.ended_at)))]
    if finding.reach is not None:
        rows.append(("asked", text(_reach.reach(finding.reach))))
        if finding.reach.untried:
            untried = ", ".join(each.replace("_", " ") for each in finding.reach.untried)
            rows.append(("untried", text(f"{untried}: granted on paper, never exercised")))
    if finding.contents is not None:
        rows.append(("behind it", text(_reach.amount(finding.contents))))
    rows += [
        ("score", f"{finding.score} of 100, a rank; {text(finding.confidence, 20)} confidence"),
        ("seen as", code(finding.redacted)),
        ("id", f"{code(finding.id, 80)}, rule {code(finding.rule, 80)}"),
    ]
    yield f"<dl>{''.join(f'<dt>{name}</dt><dd>{value}</dd>' for name, value in rows)}</dl>"


def _where(finding: Finding) -> Iterator[str]:
    if not finding.occurrences:
        return
    yield "<h4>Where it stands</h4><ul class='plain'>"
    for place in finding.occurrences[:PLACES]:
        note = history(place, dot=" · ")
        yield f"<li>{code(_words.spot(place))}{f' <span class=faint>{text(note)}</span>' if note else ''}</li>"
    more = finding.occurrences_total - min(PLACES, len(finding.occurrences))
    yield f"<li>and {words.many(more, 'more place')}</li></ul>" if more > 0 else "</ul>"


def _contents(found: Contents, number: int) -> Iterator[str]:
    yield "<h4>What lies behind it</h4>"
    if found.items_read:
        yield f"<p>Looked into: {words.many(found.items_read, 'item')}, of which {words.size(found.bytes_read)} were read.</p>"
    if found.noted:
        yield "<ul class='plain'>"
        for each in found.noted[:NOTED]:
            where = f" {code(each.path, 200)}" if each.path else ""
            yield f"<li>{tag(each.severity)}{text(each.summary)}{where}</li>"
        more = len(found.noted) - NOTED
        yield f"<li>and {more:,} more in the JSON report</li></ul>" if more > 0 else "</ul>"
    if found.kinds:
        cells = [
            [text(kind_words(kind.kind, 2)), tag(kind.severity),
             f"{'about ' if kind.estimated else ''}{kind.items:,}", f"{kind.proved:,}", words.size(kind.bytes)]
            for kind in found.kinds[:KINDS]
        ]  # fmt: skip
        heads = ["kind", "sensitivity", "items", "of these read", "size"]
        yield from table("By kind", heads, cells, right=(2, 3, 4))
    if found.estimates:
        yield from estimates.chart(found.estimates, f"estimate-{number}")
