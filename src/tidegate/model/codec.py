"""A report to and from plain JSON values: the output contract `tidegate/1`, in one place.

What is written for one version stays readable for the next: readers ignore keys they do not know, keys
are only added, and a permission word from a later version is read as `unknown`, never dropped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tidegate.errors import ReportError
from tidegate.model.attack import AttackPath, AttackStep
from tidegate.model.contents import Contents, Estimate, Kind, Noted
from tidegate.model.finding import Factor, Finding, Severity
from tidegate.model.grant import Grant, Revocation, Scope, Validity
from tidegate.model.observation import Step
from tidegate.model.place import Place
from tidegate.model.reach import Answer, Reach, State
from tidegate.model.report import SCHEMA, Coverage, Gap, Report
from tidegate.model.saved import Node
from tidegate.records import fields

Json = dict[str, Any]


def instant(moment: datetime) -> str:
    """Write an aware instant as `2026-11-24T18:00:00Z`; a fraction only where there is one."""
    # Conversion overflows near the year 9999, and most values are UTC already.
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return utc.replace(tzinfo=None).isoformat() + "Z"


def _instant_or_none(moment: datetime | None) -> str | None:
    return None if moment is None else instant(moment)


def to_dict(report: Report) -> Json:
    """Return the report as the contract's object, keys in the contract's order."""
    return {**frame(report), "findings": [finding_to_dict(finding) for finding in report.findings]}


def frame(report: Report) -> Json:
    """Return all of it but the findings, which come last."""
    return {
        "schema": SCHEMA,
        "tool": {"name": "tidegate", "version": report.version},
        "started_at": instant(report.started_at),
        "ended_at": instant(report.ended_at),
        "targets": list(report.targets),
        "complete": report.complete,
        "gaps": [gap_to_dict(gap) for gap in report.gaps],
        "coverage": coverage_to_dict(report.coverage),
        "suppressed": suppressed_to_list(report.suppressed),
    }


def gap_to_dict(gap: Gap) -> Json:
    """Return one gap."""
    return {"stage": gap.stage, "subject": gap.subject, "reason": gap.reason}


def coverage_to_dict(coverage: Coverage) -> Json:
    """Return the counts of what was read."""
    return {each.name: getattr(coverage, each.name) for each in fields(Coverage)}


def suppressed_to_list(suppressed: Mapping[str, int]) -> list[Json]:
    """Return why and how often something did not alarm, by reason."""
    return [{"reason": reason, "count": count} for reason, count in sorted(suppressed.items())]


def finding_to_dict(finding: Finding, *, places: bool = True) -> Json:
    """Return one finding; without `places` its occurrences are left to a writer that makes them itself."""
    return {
        "id": finding.id,
        "rule": finding.rule,
        "title": finding.title,
        "severity": finding.severity.value,
        "score": finding.score,
        "confidence": finding.confidence,
        "reasons": list(finding.reasons),
        "grant": grant_to_dict(finding.grant),
        "secret": {"redacted": finding.redacted, "fingerprint": finding.fingerprint},
        "occurrences": [_place_to_dict(place) for place in finding.occurrences] if places else [],
        "occurrences_total": finding.occurrences_total,
        "reach": None if finding.reach is None else _reach_to_dict(finding.reach),
        "contents": None if finding.contents is None else contents_to_dict(finding.contents),
        "paths": [_path_to_dict(path) for path in finding.paths],
        "factors": [
            {each.name: getattr(factor, each.name) for each in fields(Factor)} for factor in finding.factors
        ],
        "possible": finding.possible,
        "fix": list(finding.fix),
    }


def grant_to_dict(grant: Grant) -> Json:
    """Return what a credential permits: the `grant` of a finding, and the whole answer of `decode`."""
    return {
        "provider": grant.provider,
        "kind": grant.kind,
        "account": grant.account,
        "container": grant.container,
        "key": grant.key,
        "endpoint": grant.endpoint,
        "scope": grant.scope.value,
        "services": list(grant.services),
        "permissions": [permission.value for permission in grant.permissions],
        "matrix": {name: [each.value for each in row] for name, row in grant.matrix.items()},
        "starts_at": _instant_or_none(grant.starts_at),
        "expires_at": _instant_or_none(grant.expires_at),
        "protocols": list(grant.protocols),
        "ip_range": grant.ip_range,
        "policy": grant.policy,
        "signer": grant.signer,
        "validity": grant.validity.value,
        "revocation": {
            "means": grant.revocation.means,
            "collateral": grant.revocation.collateral,
            "individually": grant.revocation.individually,
        },
        "facts": dict(grant.facts),
        "warnings": list(grant.warnings),
    }


def _reach_to_dict(reach: Reach) -> Json:
    return {
        "state": reach.state.value,
        "proved": [each.value for each in reach.proved],
        "untried": [each.value for each in reach.untried],
        "checked_at": instant(reach.checked_at),
        "reason": reach.reason,
        "answers": [
            {
                "asked": each.asked,
                "permission": None if each.permission is None else each.permission.value,
                "state": each.state.value,
                "status": each.status,
                "code": each.code,
                "words": each.words,
                "service": each.service,
            }
            for each in reach.answers
        ],
    }


def contents_to_dict(contents: Contents) -> Json:
    """Return what lies behind one credential or target."""
    return {
        "containers": contents.containers,
        "items": contents.items,
        "bytes": contents.bytes,
        "complete": contents.complete,
        "kinds": [
            {
                "kind": each.kind,
                "items": each.items,
                "bytes": each.bytes,
                "severity": each.severity.value,
                "estimated": each.estimated,
                "step": each.step.value,
                "proved": each.proved,
            }
            for each in contents.kinds
        ],
        "items_read": contents.items_read,
        "bytes_read": contents.bytes_read,
        "noted": [
            {
                "kind": each.kind,
                "severity": each.severity.value,
                "summary": each.summary,
                "path": each.path,
                "step": each.step.value,
                "phrase": each.phrase,
                "within": each.within,
            }
            for each in contents.noted
        ],
        "estimates": [
            {
                "kind": each.kind,
                "items": each.items,
                "read": each.read,
                "hits": each.hits,
                "bytes_read": each.bytes_read,
                "least": each.least,
                "most": each.most,
            }
            for each in contents.estimates
        ],
    }


def _path_to_dict(path: AttackPath) -> Json:
    """Return one attack path: its steps as sentences, and, apart, what supports each."""
    return {
        "id": path.id,
        "title": path.title,
        "steps": [step.text for step in path.steps],
        "details": [{"facts": list(step.facts), "certainty": step.certainty} for step in path.steps],
    }


def _place_to_dict(place: Place) -> Json:
    return {
        "source": place.source,
        "target": place.target,
        "path": place.path,
        "line": place.line,
        "column": place.column,
        "commit": place.commit,
        "author": place.author,
        "committed_at": _instant_or_none(place.committed_at),
        "in_head": place.in_head,
        "versions": place.versions,
        "unwrapped": list(place.unwrapped),
    }


def loads(text: str | bytes) -> Report:
    """Read a saved report. Raises `ReportError` when the text is no JSON, or not a report of ours."""
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise ReportError("the report is nested too deeply to be one of ours") from error
    except ValueError as error:  # no JSON, no UTF-8, or a number of thousands of digits
        raise ReportError(
            "the report is not JSON, or was cut off",
            hint="a report to read again is made with: tidegate scan TARGET --format json -o report.json",
        ) from error
    return from_dict(value)


def from_dict(value: object) -> Report:
    """Turn the contract's object back into a report.

    Raises `ReportError`, naming the spot (`findings[3].grant.scope`), when a value is missing or is not
    what the contract says.
    """
    root = Node(value, "")
    schema = root.need("schema").text()
    if schema != SCHEMA:
        raise ReportError(
            f"the report follows {schema[:40]!r}, not {SCHEMA!r}",
            hint="read it with the version of Tidegate that made it, or a later one",
        )
    if isinstance(value, dict) and "verdicts" in value and "coverage" not in value:
        raise ReportError(
            "this is what tidegate inspect wrote: items, and no findings",
            hint="tidegate report reads what scan, probe, list and close write with --format json",
        )
    counts = root.need("coverage")
    return Report(
        version=root.need("tool").need("version").text(),
        started_at=root.need("started_at").instant(),
        ended_at=root.need("ended_at").instant(),
        targets=root.need("targets").texts(),
        findings=tuple(_finding(node) for node in root.need("findings").items()),
        gaps=tuple(
            Gap(**{key: node.need(key).text() for key in ("stage", "subject", "reason")})
            for node in root.need("gaps").items()
        ),
        coverage=Coverage(**{each.name: counts.get(each.name, 0).integer() for each in fields(Coverage)}),
        suppressed={
            node.need("reason").text(): node.need("count").integer()
            for node in root.get("suppressed", []).items()
        },
    )


def _finding(node: Node) -> Finding:
    score = node.need("score").integer()
    if score > 100:
        node.need("score").fail("is not between 0 and 100")
    occurrences = tuple(_place(each) for each in node.need("occurrences").items())
    return Finding(
        id=node.need("id").text(),
        rule=node.need("rule").text(),
        title=node.need("title").text(),
        severity=node.need("severity").member(Severity),
        score=score,
        confidence=node.need("confidence").text(),
        reasons=node.need("reasons").texts(),
        grant=_grant(node.need("grant")),
        redacted=node.need("secret").need("redacted").text(),
        fingerprint=node.need("secret").need("fingerprint").text(),
        occurrences=occurrences,
        occurrences_total=node.get("occurrences_total", len(occurrences)).integer(),
        fix=node.need("fix").texts(),
        reach=node.get("reach", None).optional(_reach),
        contents=node.get("contents", None).optional(_contents),
        paths=tuple(_path(each) for each in node.get("paths", []).items()),
        factors=tuple(_factor(each) for each in node.get("factors", []).items()),
        possible=node.get("possible", 0).integer(),
    )


def _reach(node: Node) -> Reach:
    state, proved = node.need("state").member(State), node.need("proved").permissions()
    if (state is State.OPEN) != bool(proved):
        node.fail("is open without a proof, or has a proof without being open")
    return Reach(
        state=state,
        proved=proved,
        untried=node.get("untried", []).permissions(),
        checked_at=node.need("checked_at").instant(),
        reason=node.need("reason").text(),
        answers=tuple(
            Answer(
                asked=each.need("asked").text(),
                permission=each.need("permission").optional(Node.permission),
                state=each.need("state").member(State),
                status=each.need("status").optional(Node.integer),
                code=each.need("code").text(),
                words=each.need("words").text(),
                service=each.get("service", "").text(),
            )
            for each in node.get("answers", []).items()
        ),
    )


def _contents(node: Node) -> Contents:
    return Contents(
        containers=node.get("containers", 0).integer(),
        items=node.need("items").integer(),
        bytes=node.need("bytes").integer(),
        complete=node.need("complete").boolean(),
        kinds=tuple(
            Kind(
                kind=each.need("kind").text(),
                items=each.need("items").integer(),
                bytes=each.need("bytes").integer(),
                severity=each.need("severity").member(Severity),
                estimated=each.need("estimated").boolean(),
                step=each.get("step", Step.NAME.value).member(Step),
                proved=each.get("proved", 0).integer(),
            )
            for each in node.need("kinds").items()
        ),
        items_read=node.get("items_read", 0).integer(),
        bytes_read=node.get("bytes_read", 0).integer(),
        noted=tuple(
            Noted(
                kind=each.need("kind").text(),
                severity=each.need("severity").member(Severity),
                summary=each.need("summary").text(),
                path=each.get("path", "").text(),
                step=each.get("step", Step.NAME.value).member(Step),
                phrase=each.get("phrase", "").text(),
                within=each.get("within", "").text(),
            )
            for each in node.get("noted", []).items()
        ),
        estimates=tuple(_estimate(each) for each in node.get("estimates", []).items()),
    )


def _estimate(node: Node) -> Estimate:
    least, most = node.need("least").share(), node.need("most").share()
    if least > most:
        node.fail("has its ends the wrong way round")
    counts = {name: node.need(name).integer() for name in ("items", "read", "hits", "bytes_read")}
    return Estimate(kind=node.need("kind").text(), least=least, most=most, **counts)


def _factor(node: Node) -> Factor:
    words = {key: node.need(key).text() for key in ("factor", "word", "basis", "sentence")}
    return Factor(value=node.need("value").number(), **words)


def _path(node: Node) -> AttackPath:
    details = list(node.get("details", []).items())
    steps = []
    for number, text in enumerate(node.need("steps").texts()):
        known = details[number] if number < len(details) else Node({}, node.path)
        facts = known.get("facts", []).texts()
        certainty = known.get("certainty", "possible").text()
        steps.append(AttackStep(text=text, facts=facts, certainty=certainty))
    return AttackPath(id=node.need("id").text(), title=node.need("title").text(), steps=tuple(steps))


def _grant(node: Node) -> Grant:
    means = node.need("revocation")
    return Grant(
        provider=node.need("provider").text(),
        kind=node.need("kind").text(),
        account=node.need("account").optional(Node.text),
        container=node.need("container").optional(Node.text),
        key=node.need("key").optional(Node.text),
        endpoint=node.get("endpoint", None).optional(Node.text),
        scope=node.need("scope").member(Scope),
        services=node.need("services").texts(),
        permissions=node.need("permissions").permissions(),
        matrix={name: row.permissions() for name, row in node.get("matrix", {}).entries()},
        starts_at=node.need("starts_at").optional(Node.instant),
        expires_at=node.need("expires_at").optional(Node.instant),
        protocols=node.need("protocols").texts(),
        ip_range=node.need("ip_range").optional(Node.text),
        policy=node.need("policy").optional(Node.text),
        signer=node.get("signer", None).optional(Node.text),
        validity=node.need("validity").member(Validity),
        revocation=Revocation(
            means=means.need("means").text(),
            collateral=means.need("collateral").text(),
            individually=means.get("individually", False).boolean(),
        ),
        facts={name: each.text() for name, each in node.need("facts").entries()},
        warnings=node.get("warnings", []).texts(),
    )


def _place(node: Node) -> Place:
    return Place(
        source=node.need("source").text(),
        target=node.need("target").text(),
        path=node.need("path").text(),
        line=node.need("line").integer(),
        column=node.need("column").integer(),
        unwrapped=node.get("unwrapped", []).texts(),
        commit=node.need("commit").optional(Node.text),
        author=node.need("author").optional(Node.text),
        committed_at=node.need("committed_at").optional(Node.instant),
        in_head=node.get("in_head", None).optional(Node.boolean),
        versions=node.get("versions", 1).integer(),
    )
