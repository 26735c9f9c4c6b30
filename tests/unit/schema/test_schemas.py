"""The schemas say what is printed: values made of the types, written and held against them, key by key."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from jsonschema import Draft202012Validator

from corpus.schemas import hold
from tidegate.api.sharing import Ended, Made
from tidegate.cli import _shares
from tidegate.close import record, words
from tidegate.close.prove import AFTER, Round
from tidegate.close.record import Record
from tidegate.close.store import Proof
from tidegate.model import codec
from tidegate.model.attack import AttackStep
from tidegate.model.closing import Plan, Step, Study
from tidegate.model.finding import Finding
from tidegate.model.grant import Grant, Permission
from tidegate.model.inspected import Inspected
from tidegate.model.observation import Inspection
from tidegate.model.reach import Reach, State
from tidegate.model.report import Report
from tidegate.model.secret import Secret
from tidegate.model.share import Minted, Tried
from tidegate.report import _items, jsonl
from tidegate.schema.documented import fields_of
from tidegate.schema.documents import DOCUMENTS, schema
from tidegate.share.ledger import Share
from tidegate.share.look import Looked
from tidegate.watch import changes
from tidegate.watch.diff import Event


def sample(kind: Any, *, full: bool) -> Any:
    """Return a value of the type: with everything in it, or with as little as may be."""
    simple = {str: "a", int: 1, bool: True, float: 0.5, datetime: datetime(2026, 11, 26, tzinfo=UTC)}
    if kind in simple:
        return simple[kind]
    origin, inner = get_origin(kind), get_args(kind)
    if origin is types.UnionType:
        return sample(inner[0], full=True) if full else None
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"a": sample(inner[1], full=True)} if full else {}
    if origin is tuple and inner[-1] is not ...:
        return tuple(sample(each, full=full) for each in inner)
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return (sample(inner[0], full=full),) if full else ()
    if issubclass(kind, StrEnum):
        return list(kind)[0 if full else -1]
    assert is_dataclass(kind)
    hints = get_type_hints(kind)
    if kind is Step:
        return Step(
            **{
                f.name: "b" if f.name == "after" else sample(get_type_hints(Step)[f.name], full=full)
                for f in fields(Step)
            }
        )
    if kind is AttackStep:
        return AttackStep(text="a", facts=("a",) if full else (), certainty="granted")
    if kind is Reach and not full:
        return replace(sample(Reach, full=True), state=State.UNKNOWN, proved=(), untried=(), answers=())
    return kind(**{each.name: sample(hints[each.name], full=full) for each in fields(kind)})


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_schema_is_one_of_its_draft(name: str) -> None:
    Draft202012Validator.check_schema(schema(DOCUMENTS[name]))


@pytest.mark.parametrize("full", [True, False])
def test_what_is_written_of_a_report_is_what_its_schemas_say(full: bool) -> None:
    report = sample(Report, full=full)
    hold("report", codec.json.dumps(codec.to_dict(report)))
    hold("grant", codec.json.dumps(codec.grant_to_dict(sample(Grant, full=full))))
    lines, changed = StringIO(), StringIO()
    jsonl.PLUGIN.write(report, lines)
    hold("report-line", lines.getvalue())
    changes.write([sample(Event, full=full)], "json", changed)
    hold("changes", changed.getvalue())


@pytest.mark.parametrize("full", [True, False])
def test_what_is_written_of_items_is_what_their_schemas_say(full: bool) -> None:
    result = sample(Inspected, full=full)
    whole, lines = StringIO(), StringIO()
    _items.write_json(result, whole)
    _items.write_jsonl(result, lines)
    hold("inspect", whole.getvalue())
    hold("inspect-line", lines.getvalue())


@pytest.mark.parametrize("full", [True, False])
def test_what_is_written_of_closing_is_what_its_schemas_say(full: bool) -> None:
    at = datetime(2026, 11, 26, tzinfo=UTC)
    plan, rounds = sample(Plan, full=True), [sample(Round, full=full)]
    proof = Proof(path=Path("a"), closed_at=at, after=AFTER, rounds=rounds)
    closing = words.to_dict(
        sample(Study, full=full), [plan], [("a", "done", at, "a")], proof if full else None
    )
    whole = {**codec.to_dict(sample(Report, full=full)), "closing": closing}
    hold("close", codec.json.dumps(whole))
    entry = Record(
        finding=sample(Finding, full=full), plan=plan if full else None, rounds=tuple(rounds), state=record.OPEN,
        done=(record.Done(step=plan.steps[0], mark="done", at=at if full else None),),
        timeline=(record.Moment(what="found", at=at, says="a"),), exposed=(at, at) if full else None,
        next_proof_at=at if full else None, use={"uses": 1} if full else None, made_at=at,
    )  # fmt: skip
    hold("closure", codec.json.dumps(record.to_dict(entry)))


@pytest.mark.parametrize("full", [True, False])
def test_what_is_written_of_sharing_is_what_its_schema_says(full: bool) -> None:
    row = replace(sample(Share, full=full), ends_at="2026-11-26T00:00:00+00:00", parameters={})
    minted = Minted(link=Secret("a"), kind="a", revocation="a")
    looked = Looked(sums=[], models=[sample(Inspection, full=True)]) if full else None
    tried = Tried(status=403 if full else None, code="a")
    made = Made(share=row, minted=minted, looked=looked, notes=("a",))
    ended = Ended(verdict="dead", closed=True, words=("a",), probes=(tried, tried, tried), others=("a",))
    for printed in (_shares.made(made, "a"), _shares.ended("a", ended)):
        hold("share", codec.json.dumps(printed))


def test_a_wrong_word_a_missing_key_and_a_wrong_type_do_not_pass() -> None:
    report = codec.to_dict(sample(Report, full=True))
    finding = report["findings"][0]
    validator = Draft202012Validator(schema(DOCUMENTS["report"]))
    assert validator.is_valid(report)
    assert validator.is_valid({**report, "added": 1}), "readers of today read what later versions add"
    for wrong in ({"severity": "worst"}, {"score": "100"}, {"reach": {}}, {"occurrences": None}):
        assert not validator.is_valid({**report, "findings": [{**finding, **wrong}]})
    assert not validator.is_valid({key: each for key, each in report.items() if key != "complete"})


def test_the_text_below_a_field_is_found_and_that_of_a_member() -> None:
    assert fields_of(Report)["version"] == "Version of Tidegate that made it."
    assert fields_of(Permission)["PERMANENT_DELETE"] == "Past soft delete."
    assert "started_at" not in fields_of(Report)
