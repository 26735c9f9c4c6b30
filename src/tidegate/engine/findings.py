"""From groups of sightings to findings, worst first."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

from tidegate import plugins
from tidegate.assess.fix import fixes
from tidegate.assess.paths._all import attack_paths
from tidegate.assess.paths._case import Case
from tidegate.assess.severity import assess
from tidegate.detect.rules import Rule
from tidegate.engine.collect import Collector, Group, identity
from tidegate.engine.occurrences import without_copies
from tidegate.engine.plan import Plan
from tidegate.model.finding import Finding
from tidegate.model.grant import Grant
from tidegate.model.place import Place
from tidegate.model.sighting import Sighting

MAX_OCCURRENCES = 1_000
"""Places listed in a finding; all are counted."""
_LATE = datetime.max.replace(tzinfo=UTC)
_STITCHED = "what it belongs to stands apart from it in the same text, and was joined by nearness: check it"


def findings(collector: Collector, plan: Plan) -> list[Finding]:
    """Return what is to be decided on; what is muted is counted in `collector.suppressed`."""
    rules = {rule.id: rule for rule in plan.rules}
    found = []
    for group in collector.groups.values():
        if not group.places and not group.named:
            collector.suppressed["excluded by its path"] += 1
            continue
        group.places = [collector.mask.place(place) for place in without_copies(group.places)]
        if group.asked.contents is not None:
            from tidegate.engine import unnamed  # noqa: PLC0415 - an offline scan does without

            group.asked.contents = unnamed.contents(collector.mask, group.asked.contents)
        finding = _finding(group, plan.now, rules[group.best.rule], collector.decoders)
        if plan.baseline is not None and finding.id in plan.baseline:
            collector.suppressed["in the baseline"] += 1
            if not plan.include_suppressed:
                continue
        found.append(finding)
    return sorted(found, key=lambda f: (-f.severity.rank, -f.score, f.id))


def finding_id(sighting: Sighting, grant: Grant) -> str:
    """Return the id that all sightings of one credential share."""
    digest = hashlib.sha256(b"tidegate/finding/1\x00" + identity(sighting, grant).encode())
    return f"tg-{digest.hexdigest()[:16]}"


def _finding(group: Group, now: datetime, rule: Rule, decoders: Mapping[str, plugins.Decoder]) -> Finding:
    best = group.best
    asked = group.asked
    verdict = assess(
        group.grant,
        confidence=best.confidence,
        now=now,
        reach=asked.reach,
        contents=asked.contents,
        places=group.places,
    )
    reasons = verdict.reasons
    if best.stitched:
        reasons = (*reasons, _STITCHED)
    if group.suppressed is not None:
        reasons = (f"suppressed: {group.suppressed}", *reasons)
    steps = fixes(group.grant, now, asked.reach)
    if not rule.built_in:  # what its author says comes first
        steps = (rule.fix, *steps)
    places = sorted(group.places, key=_order)
    case = Case(grant=group.grant, reach=asked.reach, contents=asked.contents, places=places)
    return Finding(
        id=finding_id(best, group.grant),
        rule=best.rule,
        title=rule.title,
        severity=verdict.severity,
        score=verdict.score,
        confidence=best.confidence,
        reasons=reasons,
        grant=group.grant,
        redacted=decoders[best.provider].redact(best),
        fingerprint=best.secret.fingerprint,
        occurrences=tuple(places[:MAX_OCCURRENCES]),
        occurrences_total=len(places),
        fix=steps,
        reach=asked.reach,
        contents=asked.contents,
        paths=attack_paths(case),
        factors=verdict.factors,
        possible=verdict.possible,
    )


def _order(place: Place) -> tuple[bool, bool, datetime, bool, str, str, int, int]:
    """Put what stands there now first, then the oldest."""
    return (
        place.in_head is False,
        place.committed_at is None,
        place.committed_at or _LATE,
        "__pycache__" in place.path,
        place.target,
        place.path,
        place.line,
        place.column,
    )
