"""A closing in words for people: what is known, the plans, how far it got, what the probes said. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from tidegate.close.plan import Call, Plan, Step, Study, Way
from tidegate.close.prove import Answer, Round, Verdict, next_due
from tidegate.close.store import Proof

_LABEL = 14
_TITLES = {
    Way.FAST: "fast: contain at once",
    Way.NO_DOWNTIME: "no-downtime: move everyone first, then end it for good",
}
MOST_LINES = 8
"""Of one kind (who breaks, what lives on) shown on a screen; the JSON has all."""


def study_lines(study: Study, *, width: int = 100) -> Iterator[str]:
    """Yield what was learnt, and each plan with its hash."""
    last = ""
    for label, words in study.facts:
        yield from _told(label if label != last else "", words, width)
        last = label
    for each in study.missing:
        yield from _told("not possible", each, width)
    for plan in study.plans:
        yield ""
        yield from plan_lines(plan, width=width)
    reads = dict.fromkeys(call for plan in study.plans for call in plan.reads)
    if reads:
        yield ""
    for call in reads:
        yield from _told("only read", f"{call.method} {call.url} {call.body}".rstrip(), 10_000)


def plan_lines(plan: Plan, *, width: int = 100) -> Iterator[str]:
    """Yield one plan: what people do, each step with its exact request and its cost, what lives on."""
    back = "can be taken back" if all(step.undo for step in plan.steps) else "cannot be taken back"
    yield f"{_TITLES[plan.way]} ({back})   hash {plan.hash}"
    yield from _many("first, you", plan.first, width)
    for number, step in enumerate(plan.steps, 1):
        yield from _told(f"step {number}", step.does, width)
        yield from _told("  why", step.why, width)
        yield from _told("  request", f"{step.call.method} {step.call.url}", 10_000)
        for name, value in step.call.headers:
            yield from _told("", f"{name}: {value}", width)
        if step.call.body:
            yield from _told("", step.call.body, 10_000)
        yield from _many("  breaks", step.breaks, width)
        yield from _told("  needs", step.permission, width)
        if step.undo:
            yield from _told("  undo", step.undo, width)
    yield from _many("lives on", plan.spares, width)
    yield from _many("then, you", plan.then, width)


def round_lines(one: Round) -> Iterator[str]:
    """Yield the three answers of one round."""
    yield f"{one.at:%Y-%m-%d %H:%M:%S} UTC: {one.verdict}"
    names = ("the leaked one", "a forged copy", "its owner")
    for name, answer in zip(names, (one.leaked, one.flipped, one.owner), strict=True):
        yield f"  {name:<15} {_answer(answer)}"


def state_line(proof: Proof, command: str) -> str:
    """Say in one line what has been shown until now. command: what asks again."""
    due = next_due(proof.closed_at, proof.rounds, proof.after)
    last = proof.rounds[-1] if proof.rounds else None
    if last is None:
        return f"Not asked yet: {command}"
    if last.verdict is Verdict.ALIVE:
        return f"NOT CLOSED: it still works. Ask again: {command}"
    if last.verdict is not Verdict.DEAD:
        return f"NOT PROVED ({last.verdict}). Ask again: {command}"
    asked = sum(1 for each in proof.after if proof.closed_at + each <= last.at)
    if due is None:
        proofs = (
            f"all {len(proof.after)} proofs hold" if len(proof.after) > 1 else "the one proof asked for holds"
        )
        return f"CLOSED: refused as a forged copy is, while its owner is served; {proofs}."
    return (
        f"Refused so far ({asked} of {len(proof.after)} proofs). Next at {due:%Y-%m-%d %H:%M} UTC: {command}"
    )


def left_lines(plan: Plan | None) -> Iterator[str]:
    """Yield what is left to people once a plan is carried out, and how it is taken back."""
    if plan is None:
        return
    for each in plan.then:
        yield f"Left to you: {each}"
    for step in plan.steps:
        if step.undo is not None:
            yield f"To take it back: {step.undo}"


def _answer(answer: Answer) -> str:
    if answer.status is None:
        return "no answer"
    return f"{answer.status} {answer.code}".strip()


def _many(label: str, lines: Sequence[str], width: int) -> Iterator[str]:
    for number, each in enumerate(lines[:MOST_LINES]):
        yield from _told(label if not number else "", each, width)
    if len(lines) > MOST_LINES:
        yield from _told("", f"and {len(lines) - MOST_LINES} more (--format json has all)", width)


def _told(label: str, text: str, width: int) -> Iterable[str]:
    lines = textwrap.wrap(
        text, max(40, width - _LABEL - 2), break_long_words=False, break_on_hyphens=False
    ) or [""]
    return [f"  {label if not number else '':<{_LABEL}}{line}".rstrip() for number, line in enumerate(lines)]


def to_dict(
    study: Study | None,
    plans: Sequence[Plan],
    notes: Sequence[tuple[str, str, datetime, str]],
    proof: Proof | None,
) -> dict[str, object]:
    """Return the `closing` object of the JSON output. notes: step, mark, time and reason, in order."""
    due = next_due(proof.closed_at, proof.rounds, proof.after) if proof is not None else None
    return {
        "facts": [{"label": label, "words": words} for label, words in study.facts]
        if study is not None
        else [],
        "missing": list(study.missing) if study is not None else [],
        "plans": [_plan(each) for each in plans],
        "journal": [{"step": s, "mark": m, "at": _instant(at), "reason": r} for s, m, at, r in notes],
        "proof": None
        if proof is None
        else {
            "closed_at": _instant(proof.closed_at),
            "after_s": [each.total_seconds() for each in proof.after],
            "rounds": [_round(each) for each in proof.rounds],
            "next_due": None if due is None else _instant(due),
            "proved": due is None,
        },
    }


def _plan(plan: Plan) -> dict[str, object]:
    return {
        "hash": plan.hash,
        "way": plan.way.value,
        "account": plan.account,
        "first": list(plan.first),
        "steps": [_step(each) for each in plan.steps],
        "then": list(plan.then),
        "spares": list(plan.spares),
        "reads": [_call(each) for each in plan.reads],
    }


def _step(step: Step) -> dict[str, object]:
    return {
        "id": step.id,
        "does": step.does,
        "why": step.why,
        "call": _call(step.call),
        "permission": step.permission,
        "breaks": list(step.breaks),
        "undo": step.undo,
        "reversible": step.undo is not None,
    }


def _call(call: Call) -> dict[str, object]:
    return {"method": call.method, "url": call.url, "headers": dict(call.headers), "body": call.body}


def _round(one: Round) -> dict[str, object]:
    answers = {
        name: {"status": answer.status, "code": answer.code}
        for name, answer in (("leaked", one.leaked), ("flipped", one.flipped), ("owner", one.owner))
    }
    return {"at": _instant(one.at), "verdict": one.verdict.value, **answers}


def _instant(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
