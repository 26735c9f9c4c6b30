"""What an answer of the service changes in a judgement made on paper.

Refused: nothing is left of it, and what it would have been is said. Open: it rises, the more the worse what
lies behind it. Anything else changes nothing: silence is no proof. The weights are ours; tests fix what
they must give.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tidegate.assess.words import PERMISSION_WORDS, enumerate_words, many, size
from tidegate.model.contents import Contents
from tidegate.model.finding import Assessment
from tidegate.model.grant import Grant, Permission
from tidegate.model.reach import Reach, State
from tidegate.model.severity import Severity

Bands = Sequence[tuple[int, Severity]]

_CLOSED_SCORE = 5
_PROVED = 5
_ANYONE: Mapping[bool, int] = {True: 50, False: 30}
"""An open container: whether what is in it can be listed, or only be read by who knows the name."""
_BEHIND: Mapping[Severity, int] = {Severity.CRITICAL: 40, Severity.HIGH: 25, Severity.MEDIUM: 10}
"""The worst kind of what lies behind -> weight."""
_NAMED_KINDS = 3


def with_reach(
    paper: Assessment, grant: Grant, reach: Reach, contents: Contents | None, bands: Bands
) -> Assessment:
    """Return the judgement after the service was asked; `paper` is the one before."""
    when = f"{reach.checked_at:%Y-%m-%d}"
    if reach.state is State.CLOSED:
        refused = f"asked on {when}, and refused. {reach.reason}"
        would = f"lowered: if it worked, it would be {paper.severity} (score {paper.score})"
        lowered = () if paper.severity is Severity.INFO else (would,)
        # What is said on paper of an open address is that it should be asked: it was.
        rest = () if grant.kind == "anonymous" else paper.reasons
        return Assessment(severity=Severity.INFO, score=_CLOSED_SCORE, reasons=(refused, *lowered, *rest))
    if reach.state is State.UNKNOWN:
        asked = f"asked on {when}, and whether it works is still unknown" if reach.answers else "not asked"
        unclear = f"{asked}. {reach.reason}"
        reasons = (unclear,) if grant.kind == "anonymous" else (*paper.reasons, unclear)
        return Assessment(severity=paper.severity, score=paper.score, reasons=reasons)
    anyone = grant.kind == "anonymous"
    base = _ANYONE[Permission.LIST in reach.proved] if anyone else paper.score + _PROVED
    worst = _worst(contents)
    score = min(100, base + _BEHIND.get(worst, 0))
    shown = enumerate_words([PERMISSION_WORDS[each] for each in reach.proved])
    who = "anyone, without any credential, can" if anyone else "it works: it can"
    proof = f"{who} {shown}, shown on {when}"
    rest = () if anyone else paper.reasons
    severity = next(severity for least, severity in bands if score >= least)
    return Assessment(severity=severity, score=score, reasons=(proof, *_behind(contents), *rest))


def _worst(contents: Contents | None) -> Severity:
    kinds = contents.kinds if contents is not None else ()
    return max((kind.severity for kind in kinds if kind.items), key=lambda s: s.rank, default=Severity.INFO)


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
        f"{kind.kind.replace('_', ' ')}: {many(kind.items, 'item')}, {size(kind.bytes)}"
        for kind in bad[:_NAMED_KINDS]
    )
    return (said, f"among them, by their names, {named}") if named else (said,)
