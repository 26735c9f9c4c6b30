"""Exit codes: what a script may rely on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tidegate.model.finding import Severity
    from tidegate.model.report import Report

CLEAN, FOUND, USAGE, INCOMPLETE, REFUSED, INTERRUPTED = 0, 1, 2, 3, 4, 130

HELP = """\
exit codes:
  0    nothing at or above --fail-on, and everything was read
  1    findings at or above --fail-on
  2    the command, a configuration file, or the output is wrong
  3    no such findings, but something (or all) was not read, or Tidegate failed
  4    refused: out of scope or not authorised
  130  interrupted
"""


def of(report: Report, *, fail_on: Severity, exit_zero: bool) -> int:
    """Judge a report. Findings win over gaps; `exit_zero` forgives findings, never gaps."""
    if not exit_zero and any(finding.severity.rank >= fail_on.rank for finding in report.findings):
        return FOUND
    return CLEAN if report.complete else INCOMPLETE
