"""How the page begins: what is open, what lies behind, what to do first, and what somebody could do."""

from __future__ import annotations

from collections.abc import Iterator

from tidegate.assess import words
from tidegate.model.attack import AttackPath
from tidegate.model.contents import Contents
from tidegate.model.report import Report
from tidegate.model.severity import Severity
from tidegate.report import _lies, _reach, _words
from tidegate.report._html import severities
from tidegate.report._html.parts import code, kind_words, step, steps, text

FIXES, RISKS, NAMED = 8, 8, 5
FEW_STEPS, THEN = 2, 3
"""Of so few first steps the next ones stand beside them: so many in all."""


def summary(report: Report) -> Iterator[str]:
    """Yield three sentences: what was found, what is worst, what to do first."""
    if not report.findings:
        yield text(_words.verdict(report))
        return
    yield text(severities.sentence(report))
    worst = report.findings[0]
    parts = [text(words.sentence(worst.grant, report.ended_at, worst.reach)).removesuffix(".")]
    if worst.occurrences:
        more = worst.occurrences_total - 1
        beside = f" and in {words.many(more, 'more place')}" if more > 0 else ""
        parts.append(f"it stands in {code(_words.where(report, worst.occurrences[0]), 160)}{beside}")
    if worst.contents is not None and worst.contents.items:
        parts.append(text(_behind_it(worst.contents)))
    yield f"{'; '.join(parts)}."
    if worst.fix:
        yield f"First: {step(worst.fix[0])}"


def _behind_it(found: Contents) -> str:
    """Say how much lies behind the worst finding, and what of it matters (raw)."""
    what = _lies.sentence(found, loaded=True) if found.noted else ""
    bad = [e for e in _lies.by_severity(found) if e.items and e.severity.rank >= Severity.MEDIUM.rank]
    if not what:
        what = words.enumerate_words(
            f"{each.items:,} {kind_words(each.kind, each.items)}" for each in bad[:NAMED]
        )
    lie = "lies" if found.items == 1 else "lie"
    return f"behind it {lie} {_reach.amount(found)}{_lies.after(found) if what else ''}{what}"


def fixes(report: Report, most: int) -> Iterator[str]:
    """Yield the first steps of the worst findings, each once, with the findings that they close.

    most: findings that can be linked to.
    """
    firsts: dict[str, list[int]] = {}
    for number, each in enumerate(report.findings[:most]):
        if each.fix and each.severity is not Severity.INFO:
            firsts.setdefault(each.fix[0], []).append(number)
    if not firsts:
        yield "<p>Nothing is urgent.</p>"
        return
    yield '<ol class="plain">'
    for todo, numbers in list(firsts.items())[:FIXES]:
        first = report.findings[numbers[0]]
        more = f" and {len(numbers) - 1:,} more" if len(numbers) > 1 else ""
        link = f'<a href="#f-{numbers[0]}">{text(_words.label(first), 80)}</a>'
        then = steps(first.fix[1:THEN]) if len(firsts) <= FEW_STEPS else ""
        yield f'<li>{step(todo)} <span class="faint">for</span> {link}{more}{f"; then:{then}" if then else ""}</li>'
    yield "</ol>"
    if len(firsts) > FIXES:
        yield f'<p class="faint">{words.many(len(firsts) - FIXES, "more first step")} with the findings below.</p>'


def risks(report: Report, most: int) -> Iterator[str]:
    """Yield the attack paths of the worst findings, each sentence once, with the finding that draws it.

    most: findings that can be linked to.
    """
    found: dict[str, list[tuple[int, AttackPath]]] = {}
    for number, each in enumerate(report.findings[:most]):
        for path in each.paths:
            found.setdefault(path.title, []).append((number, path))
    yield '<ul class="plain up">'
    for title, paths in list(found.items())[:RISKS]:
        number, path = paths[0]
        link = f'<a href="#f-{number}">{text(_words.label(report.findings[number]), 80)}</a>'
        more = f" and {len(paths) - 1:,} more" if len(paths) > 1 else ""
        rests = dict.fromkeys(fact for step in path.steps[1:] for fact in step.facts)
        facts = (
            f'<br><span class="faint small">{text("; ".join(list(rests)[:NAMED]))}</span>' if rests else ""
        )
        yield f'<li>{text(title)} <span class="faint">by</span> {link}{more}{facts}</li>'
    yield "</ul>"
    if len(found) > RISKS:
        yield f'<p class="faint">{words.many(len(found) - RISKS, "more way")} with the findings below.</p>'
