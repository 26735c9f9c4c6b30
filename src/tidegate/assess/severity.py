"""How bad a grant is, and why: one model of five factors, on paper and after the service was asked.

Inside x Opens x Reach x Time x Write (numbers in `tables.py`), each `proven`, `estimated` or `possible`.
More rights, a wider scope, a longer life, worse contents or more readers never lower the score; whatever
lowers it is said as `lowered: …`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tidegate.assess import proof
from tidegate.assess.inside import inside
from tidegate.assess.lowers import lowers_of
from tidegate.assess.rights import ADDS, CHANGES, LISTS, READS, rights_words
from tidegate.assess.shown import as_shown
from tidegate.assess.tables import (
    BANDS,
    FLAT,
    FLOOR,
    INFO_SCORE,
    INSIDE_OF_SEVERITY,
    INSIDE_WORST,
    LOWERS,
    OPEN_TO_ANYONE_FLOOR,
    OPENS,
    REACH,
    SHARED_FOLDER,
    SHARED_WRITE,
    TIME_BEYOND,
    TIMES,
    WRITE,
    band,
    raw,
)
from tidegate.assess.words import day, many, where_words
from tidegate.kinds.table import kind as kind_of_thing
from tidegate.model.contents import Contents
from tidegate.model.finding import Assessment, Factor, Severity
from tidegate.model.grant import Grant, Permission, Scope, Validity
from tidegate.model.observation import Step
from tidegate.model.place import Place
from tidegate.model.reach import Reach, State
from tidegate.providers._time import lifetime_words
from tidegate.records import dataclass, replace

__all__ = ["BANDS", "assess"]

P = Permission

_MINTS = frozenset({P.MINT, P.ADMIN})
_WEB = ("https://", "http://", "git@", "ssh://git@")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    grant: Grant
    confidence: str
    now: datetime
    reach: Reach | None
    contents: Contents | None
    places: Sequence[Place]


def assess(
    grant: Grant,
    *,
    confidence: str = "high",
    now: datetime,
    reach: Reach | None = None,
    contents: Contents | None = None,
    places: Sequence[Place] = (),
) -> Assessment:
    """Judge a grant; the reasons come most important first, then those that lower it.

    `confidence` is the rule's: `high`, `medium` or `low`. `reach` and `contents` are what was shown of it,
    `places` where it stands.
    """
    paper = _judge(
        _Case(grant=grant, confidence=confidence, now=now, reach=None, contents=None, places=places)
    )
    if reach is None:
        return paper
    if reach.state is State.CLOSED:
        return proof.refused(paper, grant, reach)
    if reach.state is State.UNKNOWN:
        return proof.unanswered(paper, grant, reach)
    # It answered: whatever it looks like, it is one.
    shown = _Case(
        grant=as_shown(grant, reach),
        confidence="high",
        now=now,
        reach=reach,
        contents=contents,
        places=places,
    )
    return proof.answered(paper, _judge(shown), grant, reach, contents)


def _judge(case: _Case) -> Assessment:
    grant = case.grant
    if grant.validity is Validity.EXPIRED and grant.expires_at is not None:
        return _expired(case)
    if grant.kind in FLAT and not (grant.kind == "anonymous" and case.reach is not None):
        return _flat(grant, case.confidence)
    factors = [_write(case), _opens(case), _reach(case), _time(case), _inside(case)]
    value = {each.factor: each.value for each in factors}
    rest = (value["opens"], value["reach"], value["time"], value["write"])
    full = raw(value["inside"], *rest)
    # Nobody has read all of it: the worst that could lie there, shown beside the rank.
    possible = raw(max(value["inside"], INSIDE_WORST), *rest)
    known = raw(max(value["inside"], _unread(case)), *rest)
    lowers = lowers_of(grant, case.confidence)
    total = full
    for part, _ in lowers:
        total, possible = total * part, possible * part
    anyone = grant.kind == "anonymous"
    floor = 0 if anyone else FLOOR
    if _published(case) and factors[-1].basis == "proven" and value["inside"] >= INSIDE_WORST:
        floor = OPEN_TO_ANYONE_FLOOR
    score = min(100, max(floor, round(total)))
    lowered = [f"lowered: {text}" for _, text in lowers]
    if round(known) > round(full):
        lowered.append("lowered: all that lies behind it was looked into, and nothing worse was found")
    raising = sorted(factors[:4], key=lambda each: -_order(each))
    said = [
        each.sentence for each in raising if each.factor != "reach" or each.value > REACH["unknown hands"]
    ]
    return Assessment(
        severity=band(score),
        score=score,
        reasons=(*said, *_notes(grant), *lowered),
        factors=tuple(factors),
        possible=max(score, min(100, round(possible))),
        unlowered=max(score, round(known)),
    )


def _order(factor: Factor) -> float:
    """Order reasons: breadth tells more than time where both are great."""
    return factor.value + (0.3 if factor.factor == "opens" else -0.5 if factor.factor == "reach" else 0.0)


def _expired(case: _Case) -> Assessment:
    grant = case.grant
    assert grant.expires_at is not None
    alive = _judge(replace(case, grant=replace(grant, validity=Validity.UNKNOWN, expires_at=None)))
    reasons = [f"it expired on {day(grant.expires_at)}, {lifetime_words(grant.expires_at, case.now)} ago"]
    reasons.append(f"while it lived, it opened {where_words(grant)}")
    if alive.score > INFO_SCORE:
        reasons.append(
            f"lowered: it has ended; without an end it would be {alive.severity} (score {alive.score})"
        )
    return Assessment(severity=Severity.INFO, score=INFO_SCORE, reasons=tuple(reasons), unlowered=alive.score)


def _flat(grant: Grant, confidence: str) -> Assessment:
    base, why = FLAT[grant.kind]
    score = float(base)
    reasons = [why]
    if grant.kind == "share_link":
        changes = set(grant.permissions) & CHANGES
        score += SHARED_FOLDER if grant.scope is not Scope.OBJECT else 0
        score += SHARED_WRITE if changes else 0
        reasons.append(
            f"it leads to {'one file' if grant.scope is Scope.OBJECT else 'what may be a whole folder'}"
        )
    unlowered = round(score)
    if grant.kind == "share_link" and grant.facts.get("service", "").startswith("Google") and not changes:
        # README files are full of them on purpose.
        score = INFO_SCORE
        reasons.append(
            "lowered: the id in such a link is no key: whether it lets anyone in, its owner decides"
        )
    for word in ("encrypted" if grant.facts.get("encrypted") else "", confidence):
        if word in LOWERS and score > INFO_SCORE:
            part, text = LOWERS[word]
            score = max(FLOOR, score * part)
            reasons.append(f"lowered: {text}")
    final = round(score)
    return Assessment(
        severity=band(final), score=final, reasons=tuple(reasons), possible=unlowered, unlowered=unlowered
    )


def _basis(case: _Case, held: set[Permission] | frozenset[Permission]) -> str:
    return "proven" if case.reach is not None and held & set(case.reach.proved) else "possible"


def _write(case: _Case) -> Factor:
    held = set(case.grant.permissions)
    if case.reach is not None and case.grant.kind == "anonymous":
        held = {*case.reach.proved, *case.reach.untried}
    if held & (CHANGES | _MINTS):
        word, what = "overwrites", held & (CHANGES | _MINTS)
    elif held & ADDS:
        word, what = "adds", held & ADDS
    elif held & READS:
        by_name = case.grant.scope is not Scope.OBJECT and not held & LISTS
        word, what = "reads by name" if by_name else "reads", held & READS
    else:
        word, what = ("lists", held & LISTS) if held & LISTS else ("nothing", set())
    if held & _MINTS:
        said = "it is a key: it may do whatever its owner may, and make further links"
    else:
        said = rights_words(held, case.grant.policy)
    return Factor(factor="write", word=word, value=WRITE[word], basis=_basis(case, what), sentence=said)


def _opens(case: _Case) -> Factor:
    grant, word = case.grant, str(case.grant.scope)
    services = f" ({', '.join(grant.services)})" if len(grant.services) > 1 else ""
    said = f"it opens {where_words(grant)}{services}"
    basis = "proven" if case.reach is not None else "possible"
    if grant.scope is Scope.UNKNOWN:
        said = "how much it opens cannot be told: judged as the widest"
        basis = "possible"
    wide = grant.scope in (Scope.ACCOUNT, Scope.UNKNOWN)
    if wide and (set(grant.permissions) & _MINTS or _keys_read(case.contents)):
        word = "account and more"
    if grant.kind == "anonymous" and case.reach is not None:
        # Names of what lies beside the object that is named are shown, too.
        word = str(Scope.CONTAINER) if P.LIST in case.reach.proved and not wide else word
    return Factor(factor="opens", word=word, value=OPENS[word], basis=basis, sentence=said)


def _opens_more(kind: str) -> bool:
    """Tell whether it lets one into other systems; a key made for tests does not."""
    row = kind_of_thing(kind)
    return row.group == "key" and row.inside >= INSIDE_OF_SEVERITY[Severity.HIGH]


def _keys_read(contents: Contents | None) -> bool:
    kinds = contents.kinds if contents is not None else ()
    return any(
        each.items
        and (each.proved or (each.step is not Step.NAME and not each.estimated))
        and _opens_more(each.kind)
        for each in kinds
    )


def _published(case: _Case) -> bool:
    return case.grant.kind == "anonymous" or any(each.target.startswith(_WEB) for each in case.places)


def _reach(case: _Case) -> Factor:
    places = len(case.places)
    where = f"it stands in {many(places, 'place')}"
    basis = "possible"
    if case.grant.kind == "anonymous":
        word, said, basis = "anyone", "nobody needs a credential for it", "proven"
    elif _published(case):
        word, said, basis = "published", f"{where}, and was read from the web", "estimated"
    elif places >= 100:
        word, said = "a hundred places", where
    elif places >= 10:
        word, said = "ten places", where
    else:
        word = "unknown hands"
        said = f"{where if places else 'whoever has it can use it'}; who has read it is not known"
    return Factor(factor="reach", word=word, value=REACH[word], basis=basis, sentence=said)


def _time(case: _Case) -> Factor:
    grant, now = case.grant, case.now
    word, value = TIME_BEYOND
    basis = "possible"
    if grant.expires_at is None or grant.validity is Validity.UNKNOWN:
        if grant.policy and grant.kind.endswith("_sas"):
            said = f"when it ends is held by the policy {grant.policy}: judged as never"
        elif grant.facts.get("session"):
            said = "when its session ends cannot be told"
        elif grant.kind == "anonymous":
            said = "it stays open until somebody closes it"
        elif grant.expires_at is None and set(grant.permissions) & _MINTS:
            said, basis = "it never ends by itself", "proven"
        else:
            said = "its text gives no end: judged as never"
        return Factor(factor="time", word=word, value=value, basis=basis, sentence=said)
    span = left = grant.expires_at - now
    said = f"it works until {day(grant.expires_at)}, {lifetime_words(now, grant.expires_at)} from now"
    first = min((each.committed_at for each in case.places if each.committed_at), default=None)
    if first is not None and first < now:
        span = left + (now - first)
        said += f", and has been readable since {first:%Y-%m-%d}"
    for longest, name, weight in TIMES:
        if span < longest or (span == longest and longest != TIMES[1][0]):
            word, value = name, weight
            break
    return Factor(factor="time", word=word, value=value, basis="proven", sentence=said)


def _changes_known(case: _Case) -> bool:
    held = set(case.grant.permissions)
    if case.reach is not None and case.grant.kind == "anonymous":
        held = {*case.reach.proved, *case.reach.untried}
    return bool(held & (CHANGES - {P.UNKNOWN} | _MINTS))


def _lists(case: _Case) -> bool:
    return case.reach is not None and P.LIST in case.reach.proved


def _inside(case: _Case) -> Factor:
    return inside(
        case.contents,
        scope=case.grant.scope,
        anyone=case.grant.kind == "anonymous",
        lists=_lists(case),
        writable=_changes_known(case),
    )


def _unread(case: _Case) -> float:
    """Return what Inside would be, had nobody looked."""
    return inside(
        None,
        scope=case.grant.scope,
        anyone=case.grant.kind == "anonymous",
        lists=_lists(case),
        writable=_changes_known(case),
    ).value


def _notes(grant: Grant) -> list[str]:
    """Reasons without a weight of their own."""
    notes = []
    if not grant.revocation.individually:
        notes.append("it cannot be revoked alone: what ends it ends others too")
    if grant.validity is Validity.NOT_YET_VALID and grant.starts_at:
        notes.append(f"it does not work before {day(grant.starts_at)}; its whole life counts")
    return notes
