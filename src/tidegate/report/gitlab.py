"""GitLab's secret-detection report, version 15.2.5.

Source: gitlab.com/gitlab-org/security-products/security-report-schemas, secret-detection-report-format.json.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import IO, Any, Final

from tidegate.assess.words import ACTIONS
from tidegate.model.finding import Finding, Severity
from tidegate.model.place import Place
from tidegate.model.report import Report
from tidegate.report._json import dumps
from tidegate.report._rights import rights
from tidegate.report._words import subject

VERSION: Final = "15.2.5"
MAX_SOLUTION: Final = 7000
MAX_TEXT: Final = 1 << 16
_NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_DNS, "tidegate.finding")
_SEVERITIES: Final = {
    Severity.CRITICAL: "Critical",
    Severity.HIGH: "High",
    Severity.MEDIUM: "Medium",
    Severity.LOW: "Low",
    Severity.INFO: "Info",
}


class Gitlab:
    """One vulnerability a finding, at its first place; other places and the rights stand in the details."""

    id = "gitlab"

    def write(self, report: Report, out: IO[str], *, colour: bool = False, width: int = 80) -> None:  # noqa: ARG002
        tool = {
            "id": "tidegate",
            "name": "Tidegate",
            "version": report.version,
            "vendor": {"name": "Tidegate"},
        }
        document = {
            "version": VERSION,
            "scan": {
                "analyzer": tool,
                "scanner": tool,
                "start_time": _time(report.started_at),
                "end_time": _time(report.ended_at),
                "status": "success",
                "type": "secret_detection",
                "messages": [
                    {"level": "warn", "value": f"not looked at: {gap.subject}: {gap.reason}"}
                    for gap in report.gaps
                ]
                + [
                    {"level": "info", "value": f"muted: {reason}: {count:,}"}
                    for reason, count in sorted(report.suppressed.items())
                ],
            },
            "vulnerabilities": [_vulnerability(finding) for finding in report.findings],
        }
        out.write(dumps(document, indent=1) + "\n")


def _vulnerability(finding: Finding) -> dict[str, Any]:
    place = finding.occurrences[0] if finding.occurrences else None
    details: dict[str, Any] = {
        "permissions": {
            "type": "table",
            "name": "What it permits",
            "header": _texts("service", *ACTIONS),
            "rows": [_texts(service, *row.values()) for service, row in rights(finding).items()],
        },
        "redacted": {"type": "text", "name": "Seen as", "value": finding.redacted[:MAX_TEXT]},
    }
    if len(finding.occurrences) > 1:
        details["places"] = {
            "type": "list",
            "name": "Further places",
            "items": [
                {"type": "text", "value": f"{each.path}:{each.line}"} for each in finding.occurrences[1:50]
            ],
        }
    found: dict[str, Any] = {
        "id": str(uuid.uuid5(_NAMESPACE, finding.id)),
        "name": finding.title[:255],
        "description": "\n".join((subject(finding.grant), *finding.reasons))[:MAX_TEXT],
        "severity": _SEVERITIES[finding.severity],
        "solution": "\n".join(finding.fix)[:MAX_SOLUTION],
        "identifiers": [
            {"type": "tidegate_rule", "name": finding.rule, "value": finding.rule},
            {"type": "tidegate_finding", "name": finding.id, "value": finding.id},
        ],
        "location": _location(place),
        "details": details,
    }
    return found


def _texts(*values: str) -> list[dict[str, Any]]:
    return [{"type": "text", "value": value} for value in values]


def _location(place: Place | None) -> dict[str, Any]:
    if place is None:
        return {"file": "", "commit": {"sha": "0000000"}}
    commit: dict[str, Any] = {"sha": place.commit or "0000000"}
    if place.author:
        commit["author"] = place.author
    if place.committed_at:
        commit["date"] = _time(place.committed_at)
    return {"file": place.path, "start_line": place.line, "end_line": place.line, "commit": commit}


def _time(at: datetime) -> str:
    """Write `2026-11-26T13:00:00`: neither zone nor fraction is allowed."""
    return f"{at:%Y-%m-%dT%H:%M:%S}"


PLUGIN = Gitlab()
