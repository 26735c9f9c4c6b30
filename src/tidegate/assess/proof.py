"""What an answer of the service changes in a judgement made on paper.

Refused: nothing is left of it, and what it would have been is said. Open: judged by what was shown, and by
what lies behind it. Anything else changes nothing: silence is no proof.
"""

from __future__ import annotations

from tidegate.assess.tables import INFO_SCORE
from tidegate.assess.words import PERMISSION_WORDS, enumerate_words, many, size
from tidegate.kinds.table import kinds
from tidegate.model.contents import Contents, Kind
from tidegate.model.finding import Assessment
from tidegate.model.grant import Grant
from tidegate.model.observation import Step
from tidegate.model.reach import Reach
from tidegate.model.severity import Severity
from tidegate.records import replace

_NAMED_KINDS = 3


def refused(paper: Assessment, grant: Grant, reach: Reach) -> Assessment:
    """Return the judgement of what the service refuses."""
    said = f"asked on {reach.checked_at:%Y-%m-%d}, and refused. {reach.reason}"
    would = f"lowered: if it worked, it would be {paper.severity} (score {paper.score})"
    lowered = () if paper.severity is Severity.INFO else (would,)
    # What is said on paper of an open address is that it should be asked: it was.
    rest = () if grant.kind == "anonymous" else paper.reasons
    reasons = (said, *lowered, *rest)
    return replace(paper, severity=Severity.INFO, score=min(INFO_SCORE, paper.score), reasons=reasons)


def unanswered(paper: Assessment, grant: Grant, reach: Reach) -> Assessment:
    """Return the judgement where nothing was proved: that on paper."""
    when = f"{reach.checked_at:%Y-%m-%d}"
    asked = f"asked on {when}, and whether it works is still unknown" if reach.answers else "not asked"
    unclear = f"{asked}. {reach.reason}"
    return replace(paper, reasons=(unclear,) if grant.kind == "anonymous" else (*paper.reasons, unclear))


def answered(
    paper: Assessment, judged: Assessment, grant: Grant, reach: Reach, contents: Contents | None
) -> Assessment:
    """Return `judged`, made of what was shown, with the proof before its reasons."""
    anyone = grant.kind == "anonymous"
    shown = enumerate_words([PERMISSION_WORDS[each] for each in reach.proved])
    who = "anyone, without any credential, can" if anyone else "it works: it can"
    proof = f"{who} {shown}, shown on {reach.checked_at:%Y-%m-%d}"
    lowered = tuple(each for each in judged.reasons if each.startswith("lowered: "))
    rest = lowered if anyone else judged.reasons
    if paper.score > judged.score and not lowered:
        rest = (*rest, "lowered: the answer settled what its text left open")
    return replace(
        judged,
        reasons=(proof, *_behind(contents), *rest),
        unlowered=max(judged.unlowered, 0 if anyone else paper.score),
    )


def _behind(contents: Contents | None) -> tuple[str, ...]:
    """Say how much lies behind it, and the worst of it."""
    if contents is None or not (contents.items or contents.containers):
        return ()
    where = f" in {many(contents.containers, 'container')}" if contents.containers > 1 else ""
    least = "" if contents.complete else "at least "
    lie = "lies" if contents.items == 1 else "lie"
    said = f"behind it {lie} {least}{many(contents.items, 'item')}, {size(contents.bytes)}{where}"
    bad = sorted(
        (kind for kind in contents.kinds if kind.severity.rank >= Severity.MEDIUM.rank and kind.items),
        key=lambda kind: (-kind.severity.rank, -kind.bytes),
    )
    named = ", ".join(
        f"{many(kind.items, *_words(kind))} ({size(kind.bytes)})" for kind in bad[:_NAMED_KINDS]
    )
    how = ", by their names" if all(k.step is Step.NAME for k in bad[:_NAMED_KINDS]) else ""
    return (said, f"among them{how}: {named}") if named else (said,)


def _words(kind: Kind) -> tuple[str, str]:
    """Return what one thing and what several things of a kind are called."""
    known = kinds().get(kind.kind)
    name = kind.kind.replace("_", " ")
    return (known.one, known.many) if known else (name, name)
