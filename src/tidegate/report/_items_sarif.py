"""Inspected items as SARIF 2.1.0: one rule a kind of observation, one result an observation."""

from __future__ import annotations

import hashlib
from typing import Any, TextIO
from urllib.parse import quote

from tidegate.kinds.table import kinds
from tidegate.model.codec import instant
from tidegate.model.inspected import Inspected
from tidegate.model.observation import Inspection, Observation
from tidegate.model.severity import Severity
from tidegate.report._escape import safe
from tidegate.report._json import dumps
from tidegate.report.sarif import MAX_RESULTS, SCHEMA_URI

_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
_SECURITY_SEVERITY = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
}
MAX_TEXT = 1_000


def write(result: Inspected, out: TextIO) -> None:
    """Write one run. Of more than 25,000 results the worst; services take no more."""
    seen = [(item, each) for item in result.items for each in item.observations if _told(each)]
    rules: dict[str, dict[str, Any]] = {}
    results = []
    for item, each in seen[:MAX_RESULTS]:
        rules.setdefault(_rule_id(each), _rule(each))
        results.append(_result(item, each))
    run = {
        "tool": {
            "driver": {
                "name": "Tidegate",
                "semanticVersion": result.version,
                "rules": list(rules.values()),
            }
        },
        "invocations": [
            {
                "executionSuccessful": True,
                "startTimeUtc": instant(result.started_at),
                "endTimeUtc": instant(result.ended_at),
                "toolExecutionNotifications": [
                    {
                        "level": "warning",
                        "message": {"text": safe(f"not looked at: {gap.subject}: {gap.reason}")[:MAX_TEXT]},
                    }
                    for gap in result.gaps[:500]
                ],
            }
        ],
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {
            "complete": result.complete,
            "items": len(result.items),
            "left_out": len(seen) - len(results),
        },
    }
    out.write(dumps({"$schema": SCHEMA_URI, "version": "2.1.0", "runs": [run]}, indent=1) + "\n")


def _told(seen: Observation) -> bool:
    """Tell whether it is worth an alert: what is only a fact is not."""
    return seen.severity is not Severity.INFO


def _rule_id(seen: Observation) -> str:
    # Services show the severity of the rule, not of the result.
    return f"{_group(seen)}/{seen.kind}/{seen.severity}"


def _group(seen: Observation) -> str:
    """Return `data` for what lies there, `model` for what would run."""
    return "data" if seen.kind in kinds() or seen.inspector in ("secrets", "personal") else "model"


def _rule(seen: Observation) -> dict[str, Any]:
    model = _group(seen) == "model"
    what = "Model file" if model else "Contents"
    where = "Seen in a model file, without loading it" if model else "Seen in what is stored"
    properties: dict[str, Any] = {"tags": ["security", "model-file" if model else "contents", seen.inspector]}
    if seen.severity in _SECURITY_SEVERITY:
        properties["security-severity"] = _SECURITY_SEVERITY[seen.severity]
    words = seen.kind.replace("_", " ")
    return {
        "id": _rule_id(seen),
        "shortDescription": {"text": f"{what}: {words}"},
        "fullDescription": {"text": f"{where}: {words} ({seen.severity})."},
        "defaultConfiguration": {"level": _LEVELS[seen.severity]},
        "properties": properties,
    }


def _result(item: Inspection, seen: Observation) -> dict[str, Any]:
    where = " ".join(part for part in (seen.member, seen.loader) if part)
    text = f"{seen.summary} ({where})" if where else seen.summary
    print_ = f"{item.path}:{seen.member}:{seen.kind}:{seen.summary}"
    physical: dict[str, Any] = {"artifactLocation": {"uri": quote(item.path.lstrip("/"), safe="/!")}}
    if seen.offset is not None:
        physical["region"] = {"byteOffset": seen.offset, "byteLength": 1}
    return {
        "ruleId": _rule_id(seen),
        "level": _LEVELS[seen.severity],
        "message": {"text": safe(text)[:MAX_TEXT]},
        "locations": [{"physicalLocation": physical}],
        "partialFingerprints": {
            "tidegateItem/v1": hashlib.sha256(print_.encode("utf-8", "replace")).hexdigest()
        },
        "properties": {
            "verdict": None if item.verdict is None else item.verdict.value,
            "confidence": seen.confidence,
        },
    }
