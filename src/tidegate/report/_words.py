"""Phrases that several formats share. All of them come out raw: the renderer escapes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from tidegate.assess import words
from tidegate.model.finding import Finding, Severity
from tidegate.model.grant import Grant, Permission, Scope, Validity
from tidegate.model.place import Place
from tidegate.model.report import Coverage, Gap, Report
from tidegate.providers._time import lifetime_words
from tidegate.records import dataclass

WORST_FIRST: tuple[Severity, ...] = tuple(reversed(Severity))

UNNAMED = "not known"
"""What a grant opens of which no name is known, such as a private key."""
_PROVIDERS = {"azure": "Azure", "aws": "AWS", "gcp": "Google Cloud"}


def duration(seconds: float) -> str:
    """Say how long something took: `0.4 s`, `3 min 20 s`."""
    if seconds < 100:
        return f"{max(0.0, seconds):.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def by_severity(findings: Iterable[Finding]) -> dict[Severity, int]:
    """Count findings, worst first; a severity without one is 0."""
    counted = Counter(finding.severity for finding in findings)
    return {severity: counted[severity] for severity in WORST_FIRST}


def counts(findings: Iterable[Finding]) -> list[tuple[Severity, str]]:
    """Return `(CRITICAL, "2 critical")` for each severity that occurs, worst first."""
    return [(severity, f"{count:,} {severity}") for severity, count in by_severity(findings).items() if count]


def verdict(report: Report) -> str:
    """Say in one sentence what the report as a whole means, where nothing was found."""
    if not report.coverage.documents:
        return "Nothing was read, so this says nothing about the target."
    if report.gaps:
        gaps = words.many(len(report.gaps), "thing was", "things were")
        return f"Nothing found, but {gaps} not looked at: this is not a clean result."
    other = "other " if report.suppressed else ""
    return f"No {other}link, token or key to cloud storage was found."


def read(report: Report) -> str:
    """Say how much was read, and how fast."""
    coverage: Coverage = report.coverage
    parts = [words.many(coverage.documents, "document"), words.size(coverage.bytes)]
    if coverage.requests and not coverage.documents:
        parts = []
    if coverage.commits:
        parts.append(words.many(coverage.commits, "commit"))
    if coverage.requests:
        parts.append(words.many(coverage.requests, "request"))
    if coverage.items_listed:
        parts.append(f"{words.many(coverage.items_listed, 'item')} listed")
    return f"{', '.join(parts)} in {duration((report.ended_at - report.started_at).total_seconds())}"


def subject(grant: Grant) -> str:
    """Name what a grant opens: `contosomodels/models/big.ckpt`; its endpoint where no name is known."""
    if grant.scope is Scope.ACCOUNT and grant.account:
        return grant.account
    # Elsewhere than in Azure a bucket's name is enough, and `account` is who signed.
    account = grant.account if grant.provider == "azure" or not grant.container else None
    names = [name for name in (account, grant.container, grant.key) if name]
    return "/".join(names) or grant.endpoint or UNNAMED


def label(finding: Finding) -> str:
    """Name a finding in few words: what it opens, or its title where that is not known."""
    opens = subject(finding.grant)
    return finding.title if opens == UNNAMED else opens


def headline(finding: Finding) -> str:
    """Name a finding in a line: its title, and what it opens where that is known."""
    opens = subject(finding.grant)
    return finding.title if opens == UNNAMED else f"{finding.title} {opens}"


def provider(grant: Grant) -> str:
    """Return the provider's name as people write it."""
    return _PROVIDERS.get(grant.provider, grant.provider)


def ends(grant: Grant, now: datetime) -> str:
    """Say when a grant ends by itself."""
    if grant.expires_at is None:
        if grant.policy:
            return f"decided by the stored policy {grant.policy}"
        if grant.facts.get("session"):
            return "with its session"
        if grant.kind == "anonymous":
            return "when it is closed to the public, where it is open"
        endless = grant.validity is Validity.VALID or {Permission.MINT, Permission.ADMIN} & set(
            grant.permissions
        )
        return "never by itself" if endless else "not said by its text"
    if grant.validity is Validity.EXPIRED or grant.expires_at <= now:
        return f"{words.day(grant.expires_at)}, {lifetime_words(grant.expires_at, now)} ago"
    return f"{words.day(grant.expires_at)}, in {lifetime_words(now, grant.expires_at)}"


def spot(place: Place) -> str:
    """Return `path:line:column`, which editors and terminals can open."""
    return f"{place.path}:{place.line}:{place.column}"


def where(report: Report, place: Place) -> str:
    """Return the spot; of a report on several targets with the one in which it is."""
    several = len(report.targets) > 1 and place.target != place.path
    return f"{place.target}: {spot(place)}" if several else spot(place)


def short_commit(place: Place) -> str:
    """Return the first seven digits of the commit; empty where there is none."""
    return (place.commit or "")[:7]


def author(place: Place) -> str:
    """Return the author's name without the address, which the machine formats have."""
    return (place.author or "").split(" <")[0].strip()


@dataclass(frozen=True, slots=True)
class GapGroup:
    """Gaps with one reason."""

    stage: str
    reason: str
    subjects: Sequence[str]


def group_gaps(gaps: Iterable[Gap]) -> Iterator[GapGroup]:
    """Group gaps by stage and reason, the largest group first."""
    groups: dict[tuple[str, str], list[str]] = {}
    for gap in gaps:
        groups.setdefault((gap.stage, gap.reason), []).append(gap.subject)
    for (stage, reason), subjects in sorted(groups.items(), key=lambda group: (-len(group[1]), group[0])):
        yield GapGroup(stage, reason, subjects)
