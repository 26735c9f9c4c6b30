"""A report saved as JSON is read back whole, or refused with the spot that is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from report import samples
from tidegate.errors import ReportError
from tidegate.model import codec
from tidegate.model.attack import AttackPath, AttackStep
from tidegate.model.contents import Contents, Estimate, Kind, Noted
from tidegate.model.finding import Finding, Severity
from tidegate.model.grant import Grant, Permission, Revocation, Scope, Validity
from tidegate.model.observation import Step
from tidegate.model.place import Place
from tidegate.model.reach import Answer, Reach, State
from tidegate.model.report import Coverage, Gap, Report

texts = st.text(max_size=8)
maybe = st.none() | texts
rows = st.lists(texts, max_size=2).map(tuple)
instants = st.datetimes(timezones=st.just(UTC))
rights = st.lists(st.sampled_from(Permission), max_size=3).map(tuple)
numbers = st.integers(0, 2**63 - 1)

places = st.builds(
    Place, source=texts, target=texts, path=texts, line=numbers, column=numbers, unwrapped=rows, commit=maybe, author=maybe,
    committed_at=st.none() | instants, in_head=st.none() | st.booleans(), versions=numbers,
)  # fmt: skip
grants = st.builds(
    Grant, provider=texts, kind=texts, account=maybe, container=maybe, key=maybe, endpoint=maybe, scope=st.sampled_from(Scope),
    services=rows, permissions=rights, matrix=st.dictionaries(texts, rights, max_size=2), starts_at=st.none() | instants,
    expires_at=st.none() | instants, protocols=rows, ip_range=maybe, policy=maybe, signer=maybe,
    validity=st.sampled_from(Validity), facts=st.dictionaries(texts, texts, max_size=2), warnings=rows,
    revocation=st.builds(Revocation, means=texts, collateral=texts, individually=st.booleans()),
)  # fmt: skip
answers = st.builds(
    Answer, asked=texts, permission=st.none() | st.sampled_from(Permission), state=st.sampled_from(State),
    status=st.none() | st.integers(100, 599), code=texts, words=texts,
)  # fmt: skip
reaches = st.sampled_from(State).flatmap(
    lambda state: st.builds(
        Reach, state=st.just(state), proved=st.just((Permission.READ, Permission.LIST) if state is State.OPEN else ()),
        untried=rights, checked_at=instants, reason=texts, answers=st.lists(answers, max_size=2).map(tuple),
    )
)  # fmt: skip
kinds = st.builds(
    Kind,
    kind=texts,
    items=numbers,
    bytes=numbers,
    severity=st.sampled_from(Severity),
    estimated=st.booleans(),
    step=st.sampled_from(Step),
    proved=numbers,
)
noted = st.builds(
    Noted,
    kind=texts,
    severity=st.sampled_from(Severity),
    summary=texts,
    path=texts,
    step=st.sampled_from(Step),
)
shares = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted)
estimates = shares.flatmap(
    lambda ends: st.builds(
        Estimate, kind=texts, items=numbers, read=numbers, hits=numbers, bytes_read=numbers,
        least=st.just(ends[0]), most=st.just(ends[1]),
    )
)  # fmt: skip
steps = st.builds(
    AttackStep, text=texts, facts=rows, certainty=st.sampled_from(["proved", "granted", "possible"])
)
paths = st.builds(AttackPath, id=texts, title=texts, steps=st.lists(steps, max_size=2).map(tuple))
contents = st.builds(
    Contents,
    containers=numbers,
    items=numbers,
    bytes=numbers,
    complete=st.booleans(),
    kinds=st.lists(kinds, max_size=2).map(tuple),
    items_read=numbers,
    bytes_read=numbers,
    noted=st.lists(noted, max_size=2).map(tuple),
    estimates=st.lists(estimates, max_size=2).map(tuple),
)
findings = st.builds(
    Finding, id=texts, rule=texts, title=texts, severity=st.sampled_from(Severity), score=st.integers(0, 100), confidence=texts,
    reasons=rows, grant=grants, redacted=texts, fingerprint=texts, occurrences=st.lists(places, max_size=2).map(tuple),
    occurrences_total=numbers, fix=rows, reach=st.none() | reaches, contents=st.none() | contents,
    paths=st.lists(paths, max_size=2).map(tuple),
)  # fmt: skip
reports = st.builds(
    Report, version=texts, started_at=instants, ended_at=instants, targets=rows, findings=st.lists(findings, max_size=2).map(tuple),
    gaps=st.lists(st.builds(Gap, stage=texts, subject=texts, reason=texts), max_size=2).map(tuple),
    coverage=st.builds(Coverage, documents=numbers, bytes=numbers, requests=numbers), suppressed=st.dictionaries(texts, numbers, max_size=2),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(reports)
def test_a_report_survives_being_saved_and_read(report: Report) -> None:
    assert codec.loads(json.dumps(codec.to_dict(report))) == report


def test_the_keys_are_those_of_the_contract() -> None:
    value = codec.to_dict(samples.small())
    assert value["schema"] == "tidegate/1"
    assert value["tool"] == {"name": "tidegate", "version": "0.1.0"}
    assert value["started_at"] == "2026-11-24T17:59:55.800000Z"
    assert value["ended_at"] == "2026-11-24T18:00:00Z"
    assert value["complete"] is True
    assert set(value) == {
        "schema",
        "tool",
        "started_at",
        "ended_at",
        "targets",
        "complete",
        "gaps",
        "coverage",
        "suppressed",
        "findings",
    }
    (finding,) = value["findings"]
    assert set(finding) >= {
        "id",
        "rule",
        "title",
        "severity",
        "score",
        "confidence",
        "reasons",
        "grant",
        "secret",
        "occurrences",
        "fix",
    }
    assert (finding["reach"], finding["contents"], finding["paths"]) == (None, None, [])
    assert finding["grant"]["expires_at"] == "2051-10-06T07:00:00Z"
    assert finding["occurrences"][0]["in_head"] is True
    assert finding["occurrences_total"] == 39


def test_an_instant_of_another_zone_is_written_in_utc() -> None:
    assert (
        codec.instant(datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))) == "2025-12-31T23:00:00Z"
    )
    assert codec.instant(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)) == "9999-12-31T23:59:59Z"


def _spoil(change: Callable[[dict[str, Any]], object]) -> str:
    value = codec.to_dict(samples.thirty())
    change(value)
    with pytest.raises(ReportError) as raised:
        codec.from_dict(value)
    return str(raised.value)


@pytest.mark.parametrize(
    ("spot", "change"),
    [
        ("findings[3].grant.scope", lambda v: v["findings"][3]["grant"].update(scope="galaxy")),
        ("findings[0].occurrences[1].line", lambda v: v["findings"][0]["occurrences"][1].update(line="7")),
        ("findings[2].severity", lambda v: v["findings"][2].update(severity="dire")),
        ("findings[1].score", lambda v: v["findings"][1].update(score=101)),
        ("findings[1].score", lambda v: v["findings"][1].update(score=True)),
        (
            "findings[0].grant.expires_at",
            lambda v: v["findings"][0]["grant"].update(expires_at="2026-01-01T00:00:00"),
        ),
        (
            "findings[0].grant.expires_at",
            lambda v: v["findings"][0]["grant"].update(expires_at="9999-12-31T23:59:59-10:00"),
        ),
        ("findings[0].grant.facts.sp", lambda v: v["findings"][0]["grant"]["facts"].update(sp=1)),
        ("findings[0].secret.redacted", lambda v: v["findings"][0]["secret"].pop("redacted")),
        ("gaps[5].reason", lambda v: v["gaps"][5].update(reason=None)),
        ("coverage.bytes", lambda v: v["coverage"].update(bytes=-1)),
        ("coverage.bytes", lambda v: v["coverage"].update(bytes=2**70)),
        ("findings", lambda v: v.update(findings={})),
        ("targets[0]", lambda v: v.update(targets=[1])),
        ("tool", lambda v: v.update(tool="x")),
    ],
)
def test_a_wrong_value_is_named_by_its_spot(spot: str, change: Callable[[dict[str, Any]], object]) -> None:
    assert f" {spot}:" in _spoil(change)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "nan",
        '{"schema": 1}',
        '{"schema": "other/9"}',
        "[" * 100_000,
        "9" * 9_999,
        b"\xff\xfe",
    ],
)
def test_what_is_no_report_is_refused(text: str | bytes) -> None:
    with pytest.raises(ReportError):
        codec.loads(text)


def test_a_right_from_a_later_version_is_read_as_unknown_and_not_dropped() -> None:
    value = codec.to_dict(samples.small())
    value["findings"][0]["grant"]["permissions"].append("teleport")
    assert codec.from_dict(value).findings[0].grant.permissions[-1] is Permission.UNKNOWN


def test_keys_that_a_leaner_writer_leaves_out_have_their_defaults() -> None:
    value = codec.to_dict(samples.small())
    del value["suppressed"], value["findings"][0]["occurrences_total"]
    for key in ("matrix", "endpoint", "warnings", "signer"):
        del value["findings"][0]["grant"][key]
    for place in value["findings"][0]["occurrences"]:
        del place["in_head"], place["versions"]
    assert codec.from_dict(value).findings[0].occurrences_total == 2


def test_keys_of_a_later_version_are_passed_over() -> None:
    value = codec.to_dict(samples.small())
    value["later"] = value["findings"][0]["later"] = value["findings"][0]["grant"]["later"] = {"x": 1}
    assert codec.from_dict(value) == samples.small()


def test_a_saved_reach_that_proves_nothing_and_is_open_is_refused() -> None:
    value = codec.to_dict(samples.small())
    reach = {"state": "open", "proved": [], "checked_at": "2026-11-24T18:00:00Z", "reason": "it answered"}
    value["findings"][0]["reach"] = reach
    with pytest.raises(ReportError, match=r"findings\[0\]\.reach: is open without a proof"):
        codec.loads(json.dumps(value))
    value["findings"][0]["reach"] = {**reach, "proved": ["read"]}
    read = codec.loads(json.dumps(value)).findings[0].reach
    assert read is not None
    assert (read.state, read.proved, read.untried, read.answers) == (State.OPEN, (Permission.READ,), (), ())
