"""One JSON object a line, for pipes and logs that cut by line."""

from __future__ import annotations

from typing import IO

from tidegate.model import codec
from tidegate.model.report import SCHEMA, Report
from tidegate.report._finding import finding_text
from tidegate.report._json import dumps


class JsonLines:
    """Writes findings, gaps, and an `end` line: a file without one was cut off."""

    id = "jsonl"

    def write(self, report: Report, out: IO[str], *, colour: bool = False, width: int = 80) -> None:  # noqa: ARG002
        for finding in report.findings:
            out.write(f'{{"type": "finding", {finding_text(finding)[1:]}\n')
        for gap in report.gaps:
            out.write(dumps({"type": "gap", **codec.gap_to_dict(gap)}) + "\n")
        end = {
            "type": "end",
            "complete": report.complete,
            "findings": len(report.findings),
            **codec.coverage_to_dict(report.coverage),
            "gaps": len(report.gaps),
            "suppressed": codec.suppressed_to_list(report.suppressed),
            "schema": SCHEMA,
            "version": report.version,
            "targets": list(report.targets),
            "started_at": codec.instant(report.started_at),
            "ended_at": codec.instant(report.ended_at),
        }
        out.write(dumps(end) + "\n")


PLUGIN = JsonLines()
