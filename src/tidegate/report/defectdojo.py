"""DefectDojo's Generic Findings Import. A key that it does not know makes it refuse the whole file.

Source: github.com/DefectDojo/django-DefectDojo, dojo/tools/generic/json_parser.py.
"""

from __future__ import annotations

from typing import IO, Any, Final

from tidegate.model.finding import Finding
from tidegate.model.reach import State
from tidegate.model.report import Report
from tidegate.report._json import dumps
from tidegate.report._words import subject

_CWE_EXPOSED_CREDENTIALS: Final = 522
_CWE_PUBLIC: Final = 732
MAX_TITLE: Final = 511
MAX_SERVICE: Final = 200
MAX_PATH: Final = 4000
"""Characters that its tables hold."""


class DefectDojo:
    """One finding a finding; a partial scan must be imported without closing old findings."""

    id = "defectdojo"

    def write(self, report: Report, out: IO[str], *, colour: bool = False, width: int = 80) -> None:  # noqa: ARG002
        document = {
            "name": "Tidegate",
            "type": "Tidegate Scan",
            "version": report.version,
            "findings": [_finding(each) for each in report.findings],
        }
        out.write(dumps(document, indent=1) + "\n")


def _finding(finding: Finding) -> dict[str, Any]:
    reach = finding.reach
    found: dict[str, Any] = {
        "title": f"{finding.title}: {subject(finding.grant)}"[:MAX_TITLE],
        "severity": finding.severity.value.capitalize(),
        "description": "\n\n".join((*finding.reasons, f"Seen as: {finding.redacted}")),
        "mitigation": "\n".join(f"{number}. {text}" for number, text in enumerate(finding.fix, 1)),
        "impact": "\n".join(path.title for path in finding.paths),
        "unique_id_from_tool": finding.id,
        "vuln_id_from_tool": finding.rule,
        "cwe": _CWE_PUBLIC if finding.grant.kind == "anonymous" else _CWE_EXPOSED_CREDENTIALS,
        "service": (finding.grant.account or finding.grant.container or finding.grant.provider)[:MAX_SERVICE],
        "tags": [finding.grant.provider, finding.grant.kind],
        "active": reach is None or reach.state is not State.CLOSED,
        "verified": reach is not None and reach.state is State.OPEN,
        "static_finding": reach is None,
        "dynamic_finding": reach is not None,
    }
    if finding.occurrences:
        place = finding.occurrences[0]
        found["file_path"], found["line"] = place.path[:MAX_PATH], place.line
    return found


PLUGIN = DefectDojo()
