"""What GitLab, DefectDojo and OCSF's readers demand: their required keys, and no key that they refuse."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from report import samples
from tidegate.report import defectdojo, gitlab, ocsf

REPORTS = {
    "small": samples.small(),
    "thirty": samples.thirty(),
    "hostile": samples.hostile(),
    "asked": samples.asked(),
}
TEXT = {"type": "string", "minLength": 1}
TOOL = {"type": "object", "required": ["id", "name", "version", "vendor"]}
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$"}
GITLAB = {
    "type": "object",
    "required": ["version", "scan", "vulnerabilities"],
    "properties": {
        "version": {"const": "15.2.5"},
        "scan": {
            "type": "object",
            "required": ["analyzer", "scanner", "start_time", "end_time", "status", "type"],
            "properties": {
                "analyzer": TOOL,
                "scanner": TOOL,
                "start_time": TIME,
                "end_time": TIME,
                "status": {"enum": ["success", "failure"]},
                "type": {"const": "secret_detection"},
            },
        },
        "vulnerabilities": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "identifiers", "location"],
                "properties": {
                    "id": TEXT,
                    "name": {"type": "string", "maxLength": 255},
                    "severity": {"enum": ["Info", "Unknown", "Low", "Medium", "High", "Critical"]},
                    "solution": {"type": "string", "maxLength": 7000},
                    "identifiers": {
                        "type": "array",
                        "minItems": 1,
                        "items": {"type": "object", "required": ["type", "name", "value"]},
                    },
                    "location": {"type": "object", "required": ["file", "commit"]},
                },
                "not": {"required": ["raw_source_code_extract"]},
            },
        },
    },
}
DOJO_KEYS = {
    *("title", "severity", "description", "mitigation", "impact", "unique_id_from_tool", "vuln_id_from_tool"),
    *(
        "cwe",
        "service",
        "tags",
        "active",
        "verified",
        "static_finding",
        "dynamic_finding",
        "file_path",
        "line",
    ),
}


def written(module: Any, name: str) -> str:
    out = io.StringIO()
    module.PLUGIN.write(REPORTS[name], out)
    return out.getvalue()


@pytest.mark.parametrize("name", REPORTS)
def test_gitlab_takes_it(name: str) -> None:
    document = json.loads(written(gitlab, name))
    Draft202012Validator(GITLAB).validate(document)
    ids = [each["id"] for each in document["vulnerabilities"]]
    assert len(set(ids)) == len(ids) == len(REPORTS[name].findings)


@pytest.mark.parametrize("name", REPORTS)
def test_defectdojo_knows_every_key(name: str) -> None:
    document = json.loads(written(defectdojo, name))
    assert set(document) == {"name", "type", "version", "findings"}
    for each in document["findings"]:
        assert set(each) <= DOJO_KEYS
        assert each["severity"] in ("Critical", "High", "Medium", "Low", "Info")
        assert each["title"]
        assert each["description"]


@pytest.mark.parametrize("name", REPORTS)
def test_ocsf_has_what_the_class_requires(name: str) -> None:
    events = json.loads(written(ocsf, name))
    assert len(events) == len(REPORTS[name].findings)
    for event in events:
        assert event["class_uid"] == 2006
        assert event["type_uid"] == 200600 + event["activity_id"]
        assert event["severity_id"] in range(1, 6)
        assert isinstance(event["time"], int)
        assert event["metadata"]["product"]["name"] == "Tidegate"
        assert event["finding_info"]["uid"].startswith("tg-")
