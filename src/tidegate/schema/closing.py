"""The schemas of what ends a leak, and of its record."""

from __future__ import annotations

from typing import Final

from tidegate.close.prove import Verdict
from tidegate.close.record import CLOSED, OPEN, REFUSED, SCHEMA, Moment
from tidegate.model.closing import Call, Plan, Step
from tidegate.model.contents import Kind
from tidegate.schema.shapes import COUNT, INSTANT, TEXT, YES_NO, Json, Shapes, many, maybe, said, thing

_ANSWER: Final = thing({"status": maybe(COUNT), "code": TEXT}, "`status` is null when no answer came.")
_ROUND: Final = thing(
    {
        "at": INSTANT,
        "verdict": {"enum": [each.value for each in Verdict]},
        "leaked": _ANSWER,
        "flipped": said(_ANSWER, "The same with one character of its signature changed."),
        "owner": said(_ANSWER, "The owner's own request for the same thing."),
    },
    "Three probes of the same minute. Only `dead` closes.",
)


def close(shapes: Shapes, report: Json) -> Json:
    """Return the object of `close`: a report, and what closing adds to it."""
    more = {"closing": _closing(shapes), "repository": _repository()}
    return {**report, "properties": {**report["properties"], **more}}


def _closing(shapes: Shapes) -> Json:
    shapes.names[Step] = "ClosingStep"  # there is a step of an observation, too
    call = {"headers": {"type": "object", "additionalProperties": TEXT}}
    shapes.own[Call] = lambda: shapes.fields(Call, without=("headers",), more=call)
    reversible = {"reversible": said(YES_NO, "Whether `undo` says how.")}
    shapes.own[Step] = lambda: shapes.fields(Step, without=("before", "after", "repeatable"), more=reversible)
    hashed = {"hash": said(TEXT, "Over every word of the plan: what `--yes` takes.")}
    plan = shapes.fields(Plan, without=("finding", "provider"), more=hashed)
    proof = {
        "closed_at": INSTANT,
        "after_s": said(many({"type": "number"}), "When to ask, in seconds after the last step."),
        "rounds": many(_ROUND),
        "next_due": maybe(INSTANT),
        "proved": said(YES_NO, "Refused at every time asked: it may be called closed."),
    }
    properties = {
        "facts": many(thing({"label": TEXT, "words": TEXT})),
        "missing": said(many(TEXT), "What could not be learnt or planned, and why."),
        "plans": many(plan),
        "journal": many(thing({"step": TEXT, "mark": TEXT, "at": INSTANT, "reason": TEXT})),
        "proof": maybe(thing(proof)),
        "record": said(TEXT, "Path of the record that was written."),
    }
    return thing(properties, "The plan, what was done, and the proof.", at_times=("record",))


def _repository() -> Json:
    properties = {
        "dead_since": maybe(INSTANT),
        "proved": YES_NO,
        "versions": said(COUNT, "Objects of the repository that hold it."),
        "by_hand": said(COUNT, "Of these, so many can only be dropped whole, or be cleaned by a person."),
        "refs": many(TEXT),
        "first_commits": many(TEXT),
        "files": said(many(thing({"path": TEXT, "says": TEXT})), "What was written."),
    }
    return thing(properties, "With `--repository`: what takes it out of one.")


def closure(shapes: Shapes) -> Json:
    """Return the object of `record.json`."""
    credential = dict.fromkeys(("title", "provider", "kind", "redacted", "fingerprint", "severity"), TEXT)
    step = dict.fromkeys(("id", "does", "why", "method", "url", "mark"), TEXT)
    place = {"target": TEXT, "path": TEXT, "line": COUNT, "commit": maybe(TEXT), "in_head": maybe(YES_NO)}
    kind = {name: shapes.fields(Kind)["properties"][name] for name in ("kind", "items", "bytes", "severity")}
    contents = {"items": COUNT, "bytes": COUNT, "complete": YES_NO, "kinds": many(thing(kind))}
    exposure = {"from": maybe(INSTANT), "until": maybe(INSTANT), "days": maybe({"type": "number"})}
    return thing(
        {
            "schema": {"const": SCHEMA},
            "made_at": INSTANT,
            "finding": TEXT,
            "state": {"enum": [CLOSED, REFUSED, OPEN]},
            "credential": thing({**credential, "account": maybe(TEXT), "container": maybe(TEXT)}),
            "timeline": many(shapes.fields(Moment)),
            "exposure": thing({**exposure, "ended": YES_NO}, "When anybody could have used it."),
            "plan": maybe(thing({"hash": TEXT, "way": TEXT})),
            "steps": many(thing({**step, "at": maybe(INSTANT), "broke": many(TEXT), "undo": maybe(TEXT)})),
            "proofs": many(_ROUND),
            "next_proof_at": maybe(INSTANT),
            "contents": maybe(thing(contents)),
            "use": maybe({"type": "object", "description": "Of `trace`, what its schema says."}),
            "places": said(many(thing(place)), "At most 1,000."),
            "places_total": COUNT,
        }
    )
