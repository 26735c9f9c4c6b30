"""Every JSON output and its schema: the types say most of it, what is written otherwise is said here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tidegate.model.attack import AttackPath
from tidegate.model.contents import Contents
from tidegate.model.finding import Finding
from tidegate.model.grant import Grant
from tidegate.model.observation import Inspection, Verdict
from tidegate.model.place import Place
from tidegate.model.report import SCHEMA, Coverage, Gap, Report
from tidegate.schema.closing import close, closure
from tidegate.schema.shapes import COUNT, INSTANT, TEXT, YES_NO, Json, Shapes, many, maybe, said, thing
from tidegate.schema.sharing import share
from tidegate.trace.summary import Trace
from tidegate.watch import changes
from tidegate.watch.diff import Event

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_CERTAINTY: Final = {"enum": ["proved", "granted", "possible"]}
_SUPPRESSED: Final = many(thing({"reason": TEXT, "count": COUNT}))
_TOOL: Final = thing({"name": {"const": "tidegate"}, "version": TEXT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One form of output."""

    id: str
    printed_by: str
    """Commands, for a sentence."""
    line: bool
    """The schema is of one line of JSON lines, not of the whole."""
    shape: Callable[[Shapes], Json]


def schema(document: Document) -> Json:
    """Return the whole schema."""
    shapes = _shapes()
    shape = document.shape(shapes)
    what = "One line of what is" if document.line else "What is"
    return {
        "$schema": DRAFT,
        "$id": f"urn:tidegate:schema:{document.id}",
        "title": f"{what} printed by {document.printed_by}",
        **shape,
        "$defs": dict(sorted(shapes.defs.items())),
    }


def _shapes() -> Shapes:
    shapes = Shapes()
    secret = thing({"redacted": TEXT, "fingerprint": TEXT}, "The value itself is nowhere.")
    details = many(thing({"facts": many(TEXT), "certainty": _CERTAINTY}))
    shapes.own = {
        Finding: lambda: shapes.fields(Finding, without=("redacted", "fingerprint"), more={"secret": secret}),
        AttackPath: lambda: shapes.fields(
            AttackPath,
            without=("steps",),
            more={
                "steps": said(many(TEXT), "Sentences."),
                "details": said(details, "Of each step: what supports it, and how sure that is."),
            },
        ),
        Place: lambda: shapes.fields(Place, without=("rank",)),
        Inspection: lambda: shapes.fields(Inspection, without=("size_bytes",), more={"size": COUNT}),
    }
    return shapes


def _report(shapes: Shapes) -> Json:
    more = {
        "schema": {"const": SCHEMA},
        "tool": _TOOL,
        "complete": said(YES_NO, "Everything that was to be read or asked was, and that was not nothing."),
        "suppressed": said(_SUPPRESSED, "What did not alarm, and why. Muted is counted, never silent."),
    }
    return shapes.fields(Report, without=("version", "suppressed"), more=more)


def _report_line(shapes: Shapes) -> Json:
    end = _end(shapes, {"findings": COUNT, "suppressed": _SUPPRESSED})
    return {"oneOf": [_typed(shapes, "finding", Finding), _typed(shapes, "gap", Gap), end]}


def _inspect_line(shapes: Shapes) -> Json:
    end = _end(shapes, _inspected(shapes))
    return {"oneOf": [_typed(shapes, "item", Inspection), _typed(shapes, "gap", Gap), end]}


def _inspect(shapes: Shapes) -> Json:
    lists = {"items": shapes.of(tuple[Inspection, ...]), "gaps": shapes.of(tuple[Gap, ...])}
    return thing({**_ending(shapes), **_inspected(shapes), **lists})


def _inspected(shapes: Shapes) -> Json:
    verdicts = {each.value: COUNT for each in Verdict}
    return {
        "items": COUNT,
        "verdicts": said(thing(verdicts, at_times=tuple(verdicts)), "Of model files, by verdict."),
        "contents": shapes.of(tuple[Contents, ...]),
        "places": said(many(TEXT), "Of each of `contents` the target."),
    }


def _ending(shapes: Shapes) -> Json:
    counts = shapes.fields(Coverage)["properties"]
    names = {"schema": {"const": SCHEMA}, "version": TEXT, "targets": many(TEXT)}
    return {"complete": YES_NO, **counts, "gaps": COUNT, **names, "started_at": INSTANT, "ended_at": INSTANT}


def _end(shapes: Shapes, more: Json) -> Json:
    return thing(
        {"type": {"const": "end"}, **_ending(shapes), **more}, "The last line: without it, it was cut off."
    )


def _typed(shapes: Shapes, word: str, kind: type) -> Json:
    """Return the object of a type with `type` before its own keys."""
    whole = shapes.defs[shapes.of(kind)["$ref"].rpartition("/")[2]]
    return thing({"type": {"const": word}, **whole["properties"]}, whole["description"])


def _grant(shapes: Shapes) -> Json:
    return shapes.of(Grant)


def _trace(shapes: Shapes) -> Json:
    change = thing({"item": TEXT, "at": maybe(INSTANT), "deed": TEXT})
    more = {
        "schema": {"const": "tidegate-trace/1"},
        "logs": thing({"files": COUNT, "bytes": COUNT, "formats": shapes.of(dict[str, int])}),
        "complete": YES_NO,
        "gaps": shapes.of(tuple[Gap, ...]),
        "changed": said(many(change), "At most 1,000, by name."),
        "changed_total": COUNT,
        "models_changed": said(many(change), "The latest first; with --since from then on."),
    }
    return shapes.fields(Trace, without=("changed", "changed_more"), more=more)


def _changes(shapes: Shapes) -> Json:
    return thing({"schema": {"const": changes.SCHEMA}, "events": shapes.of(tuple[Event, ...])})


def _close(shapes: Shapes) -> Json:
    return close(shapes, _report(shapes))


def _document(name: str, printed_by: str, shape: Callable[[Shapes], Json], *, line: bool = False) -> Document:
    return Document(id=name, printed_by=printed_by, line=line, shape=shape)


_ASKING: Final = "scan, probe, list and report with --format"
DOCUMENTS: Final = {
    each.id: each
    for each in (
        _document("report", f"{_ASKING} json", _report),
        _document("report-line", f"{_ASKING} jsonl", _report_line, line=True),
        _document("inspect", "inspect --format json", _inspect),
        _document("inspect-line", "inspect --format jsonl", _inspect_line, line=True),
        _document("grant", "decode --format json", _grant),
        _document("trace", "trace --format json", _trace),
        _document("changes", "report --compare --format json", _changes),
        _document("close", "close --format json", _close),
        _document("closure", "close --apply and --prove into record.json", closure),
        _document("share", "share create, list, revoke and check with --format json", share),
    )
}
"""By id. A file of each stands in docs/schema/."""
