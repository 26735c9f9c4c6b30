"""One finding in full: words first, then where, what to do, and the pictures."""

from __future__ import annotations

from collections.abc import Iterator

from tidegate.assess import words
from tidegate.model.contents import Contents
from tidegate.model.finding import Finding
from tidegate.model.report import Report
from tidegate.report import _lies, _reach, _words
from tidegate.report._card import history
from tidegate.report._html import attack, estimates, matrix
from tidegate.report._html.parts import bullets, code, kind_words, steps, table, tag, text

PLACES, PATHS, NOTED, KINDS, ANSWERS, FACTORS = 12, 6, 20, 20, 20, 12
FORMULA = (
    "25 × inside × ∛(opens × reach × time) × write, at most 100; then times each factor of what lowers it"
)


def card(report: Report, finding: Finding, number: int, *, opened: bool) -> Iterator[str]:
    """Yield one finding, folded unless `opened`. number: unique on the page."""
    subject = _words.subject(finding.grant)
    yield f'<details class="f"{" open" if opened else ""}><summary>{tag(finding.severity)}'
    where = _words.where(report, finding.occurrences[0]) if finding.occurrences else ""
    more = f" +{finding.occurrences_total - 1:,}" if finding.occurrences_total > 1 else ""
    stands = f'<span class="at faint">{text(where, 160)}{more}</span>' if where else ""
    opens = "" if subject == _words.UNNAMED else code(subject, 160)
    yield f"{text(finding.title, 160)} {opens}{stands}</summary>"
    # The mark stands inside, so that a link to it unfolds the finding.
    yield f'<div id="f-{number}">'
    yield f"<h3>{text(words.sentence(finding.grant, report.ended_at, finding.reach))}</h3>"
    yield from _facts(report, finding)
    if finding.fix:
        yield f"<h4>Close it</h4>{steps(finding.fix[:30], ordered=True)}"
    if finding.reasons:
        yield f"<h4>Why</h4>{bullets(finding.reasons[:30], sentences=True)}"
    yield from _score(finding)
    if finding.grant.warnings:
        yield f"<h4>Mind</h4>{bullets(finding.grant.warnings[:12], sentences=True)}"
    yield from _where(report, finding)
    permits = list(matrix.one(finding, subject[:80]))
    if permits:
        yield "<h4>Permissions</h4>"
        yield from permits
    yield from _asked(finding)
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
        if untried := _reach.untried(finding.reach):
            rows.append(("untried", text(untried)))
    if finding.contents is not None:
        rows.append(("behind it", text(_reach.amount(finding.contents))))
    worse = (
        f"; {finding.possible} if the worst there is lay behind it"
        if finding.possible > finding.score
        else ""
    )
    rows += [
        ("score", f"{finding.score} of 100, a rank{worse}; {text(finding.confidence, 20)} confidence"),
        ("seen as", code(finding.redacted)),
        ("id", f"{code(finding.id, 80)}, rule {code(finding.rule, 80)}"),
    ]
    yield f"<dl>{''.join(f'<dt>{name}</dt><dd>{value}</dd>' for name, value in rows)}</dl>"


def _score(finding: Finding) -> Iterator[str]:
    """Yield what the score is made of."""
    if not finding.factors:
        return
    cells = [
        [text(each.factor, 40), text(each.word.replace("_", " "), 80), f"{each.value:g}", text(each.basis, 40), text(each.sentence)]
        for each in finding.factors[:FACTORS]
    ]  # fmt: skip
    yield '<details class="more"><summary>How the score comes about</summary>'
    yield from table(
        FORMULA, ["factor", "is", "value", "rests on", "because"], cells, right=(2,), short=(0, 3)
    )
    yield "</details>\n"


def _asked(finding: Finding) -> Iterator[str]:
    """Yield the requests of the probe, and what came back."""
    answers = finding.reach.answers if finding.reach is not None else ()
    if not answers:
        return
    cells = [
        [text(each.asked, 120), text(each.service, 40), each.state.value,
         text(" ".join(part for part in (str(each.status or ""), each.code) if part), 80), text(each.words)]
        for each in answers[:ANSWERS]
    ]  # fmt: skip
    yield '<details class="more"><summary>What was asked, and what came back</summary>'
    yield from table(
        "Each request of the probe", ["asked", "service", "says", "answer", "means"], cells, short=(1, 2)
    )
    if len(answers) > ANSWERS:
        yield f"<p>{words.many(len(answers) - ANSWERS, 'more request')} in the JSON report.</p>"
    yield "</details>\n"


def _where(report: Report, finding: Finding) -> Iterator[str]:
    if not finding.occurrences:
        return
    yield "<h4>Where it stands</h4><ul class='plain'>"
    for place in finding.occurrences[:PLACES]:
        note = history(place, dot=" · ")
        beside = f" <span class=faint>{text(note)}</span>" if note else ""
        yield f"<li>{code(_words.where(report, place))}{beside}</li>"
    more = finding.occurrences_total - min(PLACES, len(finding.occurrences))
    yield f"<li>and {words.many(more, 'more place')}</li></ul>" if more > 0 else "</ul>"


def _contents(found: Contents, number: int) -> Iterator[str]:
    yield "<h4>What lies behind it</h4>"
    if found.items_read:
        yield f"<p>Looked into: {words.many(found.items_read, 'item')}, of which {words.size(found.bytes_read)} were read.</p>"
    notes = _reach.alike(found.noted)
    if notes:
        yield "<ul class='plain'>"
        for note in notes[:NOTED]:
            where = ", ".join(code(each, 200) for each in note.paths[:NOTED])
            yield f"<li>{tag(note.severity)}{text(note.summary)} {where}</li>"
        more = len(notes) - NOTED
        yield f"<li>and {more:,} more in the JSON report</li></ul>" if more > 0 else "</ul>"
    if found.kinds:
        cells = [
            [text(kind_words(kind.kind, 2)), tag(kind.severity),
             f"{'about ' if kind.estimated else ''}{kind.items:,}", f"{kind.proved:,}", words.size(kind.bytes)]
            for kind in _lies.by_severity(found)[:KINDS]
        ]  # fmt: skip
        heads = ["kind", "sensitivity", "items", "of these read", "size"]
        yield from table("By kind, the worst first", heads, cells, right=(2, 3, 4))
    if found.estimates:
        yield from estimates.chart(found.estimates, f"estimate-{number}", whole=_reach.is_whole(found))
