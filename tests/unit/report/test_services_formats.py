"""What GitLab, DefectDojo and OCSF's readers demand: their required keys, and no key that they refuse."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from report import samples
from tidegate.report import defectdojo, gitlab, ocsf

REPORTS = {
    "small": samples.small(),
    "thirty": samples.thirty(),
    "hostile": samples.hostile(),
    "asked": samples.asked(),
}
TEXT = {"type": "string", "minLength": 1}
URL = {"type": "string", "pattern": "^https?://.+"}
LINE = {"type": "number"}
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$"}


def record(required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required.split(), "properties": properties}


def rows(of: dict[str, Any], **more: int) -> dict[str, Any]:
    return {"type": "array", "items": of, **more}


DETAIL = {"$ref": "#/$defs/detail"}
TOOL = record(
    "id name version vendor", id=TEXT, name=TEXT, version=TEXT, url=URL, vendor=record("name", name=TEXT)
)
LOCATION = record(
    "commit",
    file={"type": "string"},
    start_line=LINE,
    end_line=LINE,
    commit=record("sha", sha=TEXT, author={"type": "string"}, date={"type": "string"}),
)
# What GitLab's secret-detection-report-format.json, version 15.2.5, demands of what we write, and stricter where
# it lets anything pass: a detail is of a type that we use, and no source code is quoted.
GITLAB = record(
    "version scan vulnerabilities",
    version={"const": "15.2.5"},
    scan=record(
        "analyzer scanner start_time end_time status type",
        analyzer=TOOL,
        scanner=TOOL,
        start_time=TIME,
        end_time=TIME,
        status={"enum": ["success", "failure"]},
        type={"const": "secret_detection"},
        messages=rows(record("level value", level={"enum": ["info", "warn", "fatal"]}, value=TEXT)),
    ),
    vulnerabilities=rows(
        record(
            "id identifiers location",
            id=TEXT,
            name={"type": "string", "maxLength": 255},
            description={"type": "string", "maxLength": 1 << 20},
            severity={"enum": ["Info", "Unknown", "Low", "Medium", "High", "Critical"]},
            solution={"type": "string", "maxLength": 7000},
            identifiers=rows(record("type name value", type=TEXT, name=TEXT, value=TEXT), minItems=1),
            location=LOCATION,
            details={
                "type": "object",
                "additionalProperties": {"allOf": [record("name", name=TEXT), DETAIL]},
            },
        )
        | {"not": {"required": ["raw_source_code_extract"]}}
    ),
) | {
    "$defs": {
        "detail": {
            "oneOf": [
                record("type value", type={"enum": ["text", "markdown"]}, value={"type": "string"}),
                record("type items", type={"const": "list"}, items=rows(DETAIL)),
                record("type rows", type={"const": "table"}, header=rows(DETAIL), rows=rows(rows(DETAIL))),
                record("type href", type={"const": "url"}, href=TEXT),
            ]
        }
    }
}
DOJO_KEYS = set(
    """date cwe cve epss_score epss_percentile cvssv3 cvssv3_score cvssv4 cvssv4_score mitigation impact
    steps_to_reproduce severity_justification references active verified false_p out_of_scope risk_accepted
    under_review is_mitigated thread_id mitigated numerical_severity param payload line file_path component_name
    component_version static_finding dynamic_finding scanner_confidence unique_id_from_tool vuln_id_from_tool
    sast_source_object sast_sink_object sast_source_line sast_source_file_path nb_occurences publish_date service
    planned_remediation_date planned_remediation_version effort_for_fixing tags title severity description
    endpoints files vulnerability_ids""".split()
)
"""Names of keys, all that its parser lets pass; with any other it refuses the file."""
DOJO_LENGTHS = {
    "title": 511,
    "service": 200,
    "file_path": 4000,
    "unique_id_from_tool": 500,
    "vuln_id_from_tool": 500,
}


@pytest.fixture(scope="module")
def ocsf_class() -> Draft202012Validator:
    """The published class, which lets no unknown attribute pass."""
    published = OcsfJsonSchemaEmbedded(get_ocsf_schema(ocsf.VERSION)).get_class_schema(
        "data_security_finding"
    )
    assert published["additionalProperties"] is False
    Draft202012Validator.check_schema(published)
    return Draft202012Validator(published)


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
        assert all(len(each.get(key, "")) <= most for key, most in DOJO_LENGTHS.items())
        assert all(isinstance(each.get(key, True), bool) for key in ("active", "verified", "static_finding"))
        assert each["severity"] in ("Critical", "High", "Medium", "Low", "Info")
        assert each["title"]
        assert each["description"]


@pytest.mark.parametrize("name", REPORTS)
def test_ocsf_is_of_the_published_class(name: str, ocsf_class: Draft202012Validator) -> None:
    events = json.loads(written(ocsf, name))
    assert len(events) == len(REPORTS[name].findings)
    for event in events:
        ocsf_class.validate(event)
        assert event["class_uid"] == 2006
        assert event["type_uid"] == 200600 + event["activity_id"]
        assert event["severity_id"] in range(1, 6)
        assert event["metadata"]["product"]["name"] == "Tidegate"
        assert event["finding_info"]["uid"].startswith("tg-")


def test_the_schemas_that_reports_are_held_to_refuse_what_is_wrong(ocsf_class: Draft202012Validator) -> None:
    (event,) = json.loads(written(ocsf, "small"))
    document = json.loads(written(gitlab, "small"))
    gitlab_format = Draft202012Validator(GITLAB)
    assert ocsf_class.is_valid(event)
    assert not ocsf_class.is_valid({**event, "remediation": {}})
    assert not ocsf_class.is_valid({**event, "time": "2026-11-26T12:00:00Z"})
    assert not gitlab_format.is_valid({**document, "version": "16"})
    (found,) = document["vulnerabilities"]
    for wrong in ({"details": {"a": {"type": "text", "value": "b"}}}, {"location": {}}, {"identifiers": []}):
        assert not gitlab_format.is_valid({**document, "vulnerabilities": [{**found, **wrong}]})
