"""Inspected model files as a CycloneDX 1.6 bill of materials.

Source: cyclonedx.org/docs/1.6/json, component type `machine-learning-model`.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import Any, TextIO

from tidegate.model.codec import instant
from tidegate.model.inspected import Inspected
from tidegate.model.observation import Inspection
from tidegate.report._escape import safe
from tidegate.report._json import dumps


def write(result: Inspected, out: TextIO) -> None:
    """Write the model files; what is no model file is left out."""
    models = [item for item in result.items if item.verdict is not None]
    serial = uuid.uuid5(uuid.NAMESPACE_URL, f"tidegate:{result.targets}:{instant(result.started_at)}")
    whole = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "timestamp": instant(result.started_at.replace(microsecond=0)),
            "tools": {"components": [{"type": "application", "name": "tidegate", "version": result.version}]},
            "properties": [{"name": "tidegate:complete", "value": str(result.complete).lower()}],
        },
        "components": [_component(item) for item in models],
    }
    out.write(dumps(whole, indent=1) + "\n")


def _component(item: Inspection) -> dict[str, Any]:
    assert item.verdict is not None
    told = {
        "kind": item.kind,
        "verdict": item.verdict.value,
        "executes": item.executes.value if item.executes else "no",
        "evidence": item.evidence.value,
        "complete": str(item.complete).lower(),
        "size_bytes": str(item.size_bytes),
        "bytes_read": str(item.bytes_read),
    }
    properties = [{"name": f"tidegate:{name}", "value": value} for name, value in told.items()]
    properties += [
        {"name": f"tidegate:observation:{each.kind}", "value": safe(each.summary)[:500]}
        for each in item.observations[:20]
    ]
    name = safe(item.path.rpartition("/")[2]) or "model"
    return {
        "type": "machine-learning-model",
        # The path alone: the file itself is not read whole, so that there is no hash of it to tell.
        "bom-ref": hashlib.sha256(item.path.encode("utf-8", "surrogateescape")).hexdigest()[:32],
        "name": name,
        "description": safe(item.path),
        "properties": properties,
    }
