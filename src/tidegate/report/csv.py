"""A table for a spreadsheet: one row a place, so that one can filter by file, author or commit."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import IO

from tidegate.model.codec import instant
from tidegate.model.finding import Finding
from tidegate.model.place import Place
from tidegate.model.report import Report
from tidegate.report._escape import csv_cell

COLUMNS = (
    *("record", "id", "severity", "score", "confidence", "rule", "title"),
    *("provider", "kind", "account", "container", "key", "scope", "permissions", "expires_at", "validity"),
    *("source", "target", "path", "line", "column", "commit", "author", "committed_at", "in_head"),
    *("redacted", "fingerprint", "reasons", "fix"),
    *("reach", "proved", "checked_at", "items", "bytes"),
)
"""`record` is `finding`, `gap` or `muted`. A finding has a row for every place that the report lists, all of
its own cells repeated; one without a place has one row. A gap has its stage in `source`, its subject in
`path` and its reason in `reasons`. What is muted has in `reasons` why, and how many findings that are."""


class Csv:
    """Writes rows whose every cell is quoted, and that no spreadsheet takes for a formula."""

    id = "csv"

    def write(self, report: Report, out: IO[str], *, colour: bool = False, width: int = 80) -> None:  # noqa: ARG002
        rows = csv.DictWriter(out, COLUMNS, restval="", quoting=csv.QUOTE_ALL, lineterminator="\n")
        rows.writeheader()
        for finding in report.findings:
            for row in _rows(finding):
                rows.writerow({column: csv_cell(text) for column, text in row.items()})
        for gap in report.gaps:
            row = {"record": "gap", "source": gap.stage, "path": gap.subject, "reasons": gap.reason}
            rows.writerow({column: csv_cell(text) for column, text in row.items()})
        for reason, count in sorted(report.suppressed.items()):
            row = {"record": "muted", "reasons": f"{reason}: {count:,}"}
            rows.writerow({column: csv_cell(text) for column, text in row.items()})


def _rows(finding: Finding) -> Iterator[dict[str, str]]:
    grant = finding.grant
    own = {
        "record": "finding",
        "id": finding.id,
        "severity": finding.severity.value,
        "score": str(finding.score),
        "confidence": finding.confidence,
        "rule": finding.rule,
        "title": finding.title,
        "provider": grant.provider,
        "kind": grant.kind,
        "account": grant.account or "",
        "container": grant.container or "",
        "key": grant.key or "",
        "scope": grant.scope.value,
        "permissions": " ".join(grant.permissions),
        "expires_at": instant(grant.expires_at) if grant.expires_at else "",
        "validity": grant.validity.value,
        "redacted": finding.redacted,
        "fingerprint": finding.fingerprint,
        "reasons": " ".join(finding.reasons),
        "fix": " ".join(finding.fix),
    }
    if finding.reach is not None:
        own["reach"] = finding.reach.state.value
        own["proved"] = " ".join(finding.reach.proved)
        own["checked_at"] = instant(finding.reach.checked_at)
    if finding.contents is not None:
        own["items"], own["bytes"] = str(finding.contents.items), str(finding.contents.bytes)
    if not finding.occurrences:
        yield own
    for place in finding.occurrences:
        yield own | _place(place)


def _place(place: Place) -> dict[str, str]:
    return {
        "source": place.source,
        "target": place.target,
        "path": place.path,
        "line": str(place.line),
        "column": str(place.column),
        "commit": place.commit or "",
        "author": place.author or "",
        "committed_at": instant(place.committed_at) if place.committed_at else "",
        "in_head": {True: "yes", False: "no", None: ""}[place.in_head],
    }


PLUGIN = Csv()
