"""Prints annotations for the job's log and writes its outputs, from a report in JSON."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

MOST = 50
"""Annotations; a service shows few, and the report has them all."""
LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "notice", "info": "notice"}


def main(report: str, outputs: str) -> None:
    told = json.loads(Path(report).read_text(encoding="utf-8"))
    findings = told["findings"]
    for finding in findings[:MOST]:
        place = next((each for each in finding["occurrences"] if each["in_head"] is not False), None)
        where = f"file={_property(place['path'])},line={place['line']}," if place else ""
        title = _property(f"Tidegate: {finding['severity']}")
        text = _data(f"{finding['title']}. {finding['reasons'][0] if finding['reasons'] else ''}")
        print(f"::{LEVELS[finding['severity']]} {where}title={title}::{text}")
    critical = sum(finding["severity"] == "critical" for finding in findings)
    sarif = os.environ["SARIF"].replace("\n", " ").replace("\r", " ")
    with Path(outputs).open("a", encoding="utf-8") as out:
        out.write(f"findings={len(findings)}\ncritical={critical}\n")
        out.write(f"complete={str(told['complete']).lower()}\nsarif-file={sarif}\n")


def _data(text: str) -> str:
    """Escape a message. Source: actions/toolkit, packages/core/src/command.ts describes which characters."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


if __name__ == "__main__":
    main(*sys.argv[1:])
