"""SARIF 2.1.0 as code-scanning services read it.

Sources: the OASIS standard; GitHub's documentation, "SARIF support for code scanning".
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterable, Sequence
from typing import IO, Any
from urllib.parse import quote

from tidegate.assess import words
from tidegate.detect.rules import Rule, load_rules
from tidegate.model.codec import instant
from tidegate.model.finding import Finding
from tidegate.model.place import Place
from tidegate.model.report import Report
from tidegate.report import _words
from tidegate.report._escape import markdown, safe
from tidegate.report._json import dumps

SCHEMA_URI = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

MAX_RESULTS = 25_000
"""GitHub refuses a run with more; the worst come first, the rest is counted in a notification."""
MAX_RELATED = 20
MAX_TEXT = 1_000
"""GitHub cuts texts at 1,024 characters."""
MAX_NOTIFICATIONS = 500

_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
_SECURITY_SEVERITY = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0"}
"""GitHub's bands: above 9.0 critical, from 7.0 high, from 4.0 medium, from 0.1 low. Info has none."""
_WHY = "Whoever reads this text can do what it permits; taking it out of the text does not end that."
_FIX = "Revoke it first, then take it out of the repository, then share with less."
_PRECISION = {"high": "very-high", "medium": "high", "low": "medium"}


class Sarif:
    """Writes one run. No snippet, because a snippet would hold the secret."""

    id = "sarif"

    def write(self, report: Report, out: IO[str], *, colour: bool = False, width: int = 80) -> None:  # noqa: ARG002
        log = {"$schema": SCHEMA_URI, "version": "2.1.0", "runs": [_run(report)]}
        out.write(dumps(log, indent=1) + "\n")


def _run(report: Report) -> dict[str, Any]:
    findings = report.findings[:MAX_RESULTS]
    rules = _rules(findings)
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    return {
        "tool": {
            "driver": {
                "name": "Tidegate",
                "semanticVersion": report.version,
                "rules": rules,
            }
        },
        # GitHub takes what stands before the last slash for the category: the same target, the same category.
        "automationDetails": {"id": f"tidegate/{_category(report)}/{instant(report.started_at)}"},
        "invocations": [
            {
                "executionSuccessful": True,
                "startTimeUtc": instant(report.started_at),
                "endTimeUtc": instant(report.ended_at),
                "toolExecutionNotifications": list(_notifications(report)),
            }
        ],
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The top of the scanned target."}}},
        "results": [_result(finding, report, index) for finding in findings],
        "properties": {
            "complete": report.complete,
            "coverage": {"documents": report.coverage.documents, "bytes": report.coverage.bytes},
            "suppressed": dict(sorted(report.suppressed.items())),
        },
    }


def _category(report: Report) -> str:
    names = [posixpath.basename(target.rstrip("/")) or "root" for target in report.targets[:3]]
    return re.sub(r"[^A-Za-z0-9._+-]+", "-", "+".join(names)).strip("-")[:100] or "target"


def _rule_id(finding: Finding) -> str:
    # Services show the severity of the rule, not of the result; so every severity has a rule of its own.
    return f"{finding.rule}/{finding.severity}"


def _rules(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Describe what occurs, in order of appearance, free of any one finding's names."""
    known = {rule.id: rule for rule in load_rules()} if findings else {}
    found: dict[str, dict[str, Any]] = {}
    for finding in findings:
        name = _rule_id(finding)
        if name not in found:
            found[name] = _rule(finding, name, known.get(finding.rule))
    return list(found.values())


def _rule(finding: Finding, name: str, rule: Rule | None) -> dict[str, Any]:
    """Describe one rule; `None` is one that a saved report names and this version does not have."""
    severity = finding.severity
    properties: dict[str, Any] = {
        "tags": ["security", "secret", "cloud-storage", finding.grant.provider, finding.grant.kind],
        "precision": _PRECISION.get(finding.confidence, "medium"),
    }
    if severity.value in _SECURITY_SEVERITY:
        properties["security-severity"] = _SECURITY_SEVERITY[severity.value]
    why, fix = (" ".join(text.split()) for text in ((rule.why, rule.fix) if rule else (_WHY, _FIX)))
    links = rule.references[:5] if rule else ()
    more = "".join(f"\n\n<{link}>" for link in links)
    described: dict[str, Any] = {
        "id": name,
        "name": _camel(finding.rule),
        "shortDescription": {"text": _cut(finding.title, 250)},
        "fullDescription": {"text": _cut(f"{finding.title} ({severity}). {why}", MAX_TEXT)},
        "help": {
            "text": _cut(f"{why} {fix} Each result says how.", MAX_TEXT),
            "markdown": f"{markdown(why)}\n\n**{markdown(fix)}** Each result says how.{more}",
        },
        "defaultConfiguration": {"level": _LEVELS[severity.value]},
        "properties": properties,
    }
    if links:
        described["helpUri"] = links[0]
    return described


def _asked(finding: Finding) -> dict[str, Any]:
    """Return what the service answered, where it was asked."""
    found: dict[str, Any] = {}
    if finding.reach is not None:
        found["reach"] = finding.reach.state.value
        found["proved"] = [each.value for each in finding.reach.proved]
    if finding.contents is not None:
        found["items"], found["bytes"] = finding.contents.items, finding.contents.bytes
    return found


def _camel(rule: str) -> str:
    return "".join(word.capitalize() for word in re.split(r"[^A-Za-z0-9]+", rule))[:250] or "Rule"


def _result(finding: Finding, report: Report, index: dict[str, int]) -> dict[str, Any]:
    name = _rule_id(finding)
    places = _best_first(finding.occurrences)
    result: dict[str, Any] = {
        "ruleId": name,
        "ruleIndex": index[name],
        "level": _LEVELS[finding.severity.value],
        "message": {"text": _message(finding, report, places)},
        "locations": [_location(places[0])] if places else [],
        # The id depends on the credential and not on where it stands: a moved line is the same alert.
        "partialFingerprints": {
            "primaryLocationLineHash": _line_hash(finding),
            "tidegateFindingId/v1": finding.id,
        },
        "rank": float(finding.score),
        "properties": {
            "severity": finding.severity.value,
            "confidence": finding.confidence,
            "redacted": _cut(finding.redacted, MAX_TEXT),
            "fingerprint": finding.fingerprint,
            "occurrencesTotal": finding.occurrences_total,
            "fix": list(finding.fix),
            **_asked(finding),
        },
    }
    if len(places) > 1:
        related = places[1 : 1 + MAX_RELATED]
        result["relatedLocations"] = [
            {"id": number, **_location(each)} for number, each in enumerate(related, 1)
        ]
    return result


def _line_hash(finding: Finding) -> str:
    return f"{hashlib.sha256(finding.id.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}:1"


def _message(finding: Finding, report: Report, places: Sequence[Place]) -> str:
    parts = [words.sentence(finding.grant, report.ended_at, finding.reach)]
    if places and places[0].in_head is False:
        commit = _words.short_commit(places[0])
        parts.append(f"It stands in the history only{f', since commit {commit}' if commit else ''}.")
    if finding.occurrences_total > 1:
        parts.append(f"It stands in {words.many(finding.occurrences_total, 'place')}.")
    if finding.fix:
        parts.append(f"First: {finding.fix[0]}")
    return _plain(_cut(" ".join(parts), MAX_TEXT))


def _best_first(places: Sequence[Place]) -> list[Place]:
    """Put first what a code-scanning service can show: a file, and one that is still there."""
    return sorted(places, key=lambda place: (place.path.startswith("<"), place.in_head is False))


def _location(place: Place) -> dict[str, Any]:
    outer, _, inner = place.path.partition("!/")
    physical: dict[str, Any] = {
        "artifactLocation": {"uri": _uri(_from_root(place, outer)), "uriBaseId": "%SRCROOT%"},
        # A line inside a container is no line of the file that a service can show.
        "region": {"startLine": 1} if inner else _region(place),
    }
    location: dict[str, Any] = {"physicalLocation": physical}
    notes = []
    if inner:
        notes.append(f"inside it: {inner}:{place.line}:{place.column}")
    if place.commit:
        notes.append(f"since commit {place.commit}")
    if notes:
        location["message"] = {"text": _cut(_plain("; ".join(notes)), MAX_TEXT)}
    return location


def _from_root(place: Place, path: str) -> str:
    """Return the path as the repository's top sees it, when a folder or file below it was the target.

    Services want paths from the top, and the command is run there. A target elsewhere stays out of it.
    """
    target = posixpath.normpath(place.target)
    if place.source != "tree" or target.startswith(("/", "..")) or target == ".":
        return path
    return target if posixpath.basename(target) == path else f"{target}/{path}"


def _plain(text: str) -> str:
    # In a message, brackets make links and braces are placeholders (SARIF 2.1.0, sections 3.11.5 and 3.11.6).
    return re.sub(r"([\[\]\\])", r"\\\1", safe(text)).replace("{", "{{").replace("}", "}}")


def _region(place: Place) -> dict[str, int]:
    return {"startLine": max(1, place.line), "startColumn": max(1, place.column)}


def _uri(path: str) -> str:
    """Return a relative URI reference: a name with `:` or a leading `/` must not turn into something else."""
    return quote(path.lstrip("/").encode("utf-8", "surrogateescape") or b".", safe="/") or "."


def _notifications(report: Report) -> Iterable[dict[str, Any]]:
    hidden = len(report.findings) - MAX_RESULTS
    if hidden > 0:
        yield _notice(
            f"{hidden:,} findings are left out: a run may hold {MAX_RESULTS:,}. The worst are here.", "error"
        )
    for gap in report.gaps[:MAX_NOTIFICATIONS]:
        yield _notice(f"Not looked at: {gap.subject}: {gap.reason} ({gap.stage})", "warning")
    more = len(report.gaps) - MAX_NOTIFICATIONS
    if more > 0:
        yield _notice(f"Not looked at: {words.many(more, 'more place')}.", "warning")
    if not report.coverage.documents:
        yield _notice(_words.verdict(report), "error")


def _notice(text: str, level: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": _plain(_cut(text, MAX_TEXT))}, "descriptor": {"id": "gap"}}


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


PLUGIN = Sarif()
