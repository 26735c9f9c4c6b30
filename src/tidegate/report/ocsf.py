"""OCSF: a list of Data Security Findings (class 2006).

Source: github.com/ocsf/ocsf-schema, events/findings/data_security_finding.json.
"""

from __future__ import annotations

from datetime import datetime
from typing import IO, Any, Final

from tidegate.model.finding import Finding, Severity
from tidegate.model.reach import State
from tidegate.model.report import Report
from tidegate.report._json import dumps
from tidegate.report._words import subject

_CLASS: Final = 2006
_SEVERITIES: Final = {
    Severity.INFO: 1,
    Severity.LOW: 2,
    Severity.MEDIUM: 3,
    Severity.HIGH: 4,
    Severity.CRITICAL: 5,
}
_BUCKETS: Final = {"aws": 1, "azure": 2, "gcp": 3}
_CONFIDENCE: Final = {"low": 1, "medium": 2, "high": 3}
_CREATE: Final = 1
_CLOSE: Final = 3
_COMPLETE: Final = 1
_PARTIAL: Final = 2
_REGULAR_FILE: Final = 1
VERSION: Final = "1.5.0"


class Ocsf:
    """Findings that were refused when asked are closed ones."""

    id = "ocsf"

    def write(self, report: Report, out: IO[str], *, colour: bool = False, width: int = 80) -> None:  # noqa: ARG002
        events = [_event(report, finding) for finding in report.findings]
        out.write(dumps(events, indent=1) + "\n")


def _event(report: Report, finding: Finding) -> dict[str, Any]:
    grant, reach, contents = finding.grant, finding.reach, finding.contents
    closed = reach is not None and reach.state is State.CLOSED
    activity = _CLOSE if closed else _CREATE
    first = min((each.committed_at for each in finding.occurrences if each.committed_at), default=None)
    event: dict[str, Any] = {
        "activity_id": activity,
        "category_uid": 2,
        "class_uid": _CLASS,
        "type_uid": _CLASS * 100 + activity,
        "severity_id": _SEVERITIES[finding.severity],
        "status_id": 4 if closed else 1,
        "time": _millis(report.ended_at),
        "message": f"{finding.title}: {subject(grant)}",
        "metadata": {
            "version": VERSION,
            "product": {"name": "Tidegate", "vendor_name": "Tidegate", "version": report.version},
        },
        "finding_info": {
            "uid": finding.id,
            "title": finding.title,
            "desc": " ".join(finding.reasons),
            "types": [finding.rule],
            **({"first_seen_time": _millis(first)} if first else {}),
        },
        "confidence_id": _CONFIDENCE.get(finding.confidence, 0),
        "risk_score": finding.score,
        "data_security": {"detection_system_id": 12, "data_lifecycle_state_id": 1},
        "unmapped": {
            "score": finding.score,
            "fix": list(finding.fix),
            "redacted": finding.redacted,
            "places": [f"{each.path}:{each.line}" for each in finding.occurrences[:50]],
        },
    }
    if grant.provider in _BUCKETS and (grant.container or grant.account):
        event["databucket"] = {
            "name": grant.container or grant.account,
            "type_id": _BUCKETS[grant.provider],
            "is_public": grant.kind == "anonymous" and reach is not None and reach.state is State.OPEN,
            **({"size": contents.bytes} if contents is not None else {}),
        }
    if contents is not None:
        event["data_security"] |= {
            "status_id": _COMPLETE if contents.complete else _PARTIAL,
            "total": contents.items,
            "size": contents.bytes,
        }
    if finding.occurrences:
        path = finding.occurrences[0].path
        event["file"] = {"name": path.rsplit("/", 1)[-1] or path, "path": path, "type_id": _REGULAR_FILE}
    return event


def _millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)


PLUGIN = Ocsf()
