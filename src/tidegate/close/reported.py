"""The report of a closing: the finding as it stands after the last proof. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from tidegate.assess.severity import assess
from tidegate.close.prove import Answer, Round, Verdict, next_due
from tidegate.close.store import Proof
from tidegate.model.finding import Finding
from tidegate.model.reach import Answer as Asked
from tidegate.model.reach import Reach, State
from tidegate.model.report import Gap, Report

_WITH: Final = ("with the leaked credential", "with a forged copy of it", "as its owner")


def report_of(
    report: Report, finding: Finding, proof: Proof | None, *, started_at: datetime, now: datetime
) -> Report:
    """Return the report of a closing: the finding as it stands now; not complete until all proofs hold."""
    gaps: list[Gap] = []
    if proof is not None and proof.rounds:
        last = proof.rounds[-1]
        due = next_due(proof.closed_at, proof.rounds, proof.after)
        finding = _proved(finding, last, due)
        if last.verdict is Verdict.DEAD and due is not None:
            when = f"{due:%Y-%m-%d %H:%M} UTC"
            gaps.append(
                Gap(
                    stage="prove",
                    subject=finding.id,
                    reason=f"refused so far; the next proof is due at {when}",
                )
            )
        elif last.verdict not in (Verdict.DEAD, Verdict.ALIVE):
            gaps.append(
                Gap(stage="prove", subject=finding.id, reason=f"{last.verdict}: see the three answers")
            )
    return replace(report, findings=(finding,), gaps=tuple(gaps), started_at=started_at, ended_at=now)


def _asked(name: str, answer: Answer) -> Asked:
    state = State.OPEN if answer.open else State.UNKNOWN
    words = "no answer" if answer.status is None else "answered" if answer.open else "refused"
    return Asked(
        asked=f"the same read, {name}",
        permission=None,
        state=state,
        status=answer.status,
        code=answer.code,
        words=words,
    )


def _proved(finding: Finding, last: Round, due: datetime | None) -> Finding:
    """Return the finding with what the last round shows."""
    state = {Verdict.DEAD: State.CLOSED, Verdict.ALIVE: State.OPEN}.get(last.verdict, State.UNKNOWN)
    code = f" ({last.leaked.code})" if last.leaked.code else ""
    words = {
        Verdict.DEAD: f"refused as a forged copy is, while its owner is served{code}; "
        + ("all proofs hold" if due is None else "further proofs are due"),
        Verdict.ALIVE: "it still works",
    }.get(last.verdict, f"{last.verdict}{code}")
    answers = (last.leaked, last.flipped, last.owner)
    old = finding.reach
    proved = old.proved if old is not None and state is State.OPEN else ()
    if state is State.OPEN and not proved:
        state = State.UNKNOWN
    reach = Reach(
        state=state,
        proved=proved,
        untried=old.untried if old is not None and state is not State.CLOSED else (),
        checked_at=last.at,
        reason=words[0].upper() + words[1:] + ".",
        answers=tuple(_asked(name, answer) for name, answer in zip(_WITH, answers, strict=True)),
    )
    verdict = assess(
        finding.grant,
        confidence=finding.confidence,
        now=last.at,
        reach=reach,
        contents=finding.contents,
        places=list(finding.occurrences),
    )
    return replace(
        finding,
        reach=reach,
        severity=verdict.severity,
        score=verdict.score,
        reasons=verdict.reasons,
        factors=verdict.factors,
        possible=verdict.possible,
    )
