"""How bad a grant is: on paper by rights, breadth, remaining life, and what ends it; then by what was shown.

The score is a sum of the tables below, so that more rights, a wider scope or a longer life never
lower it. The bands are those of CVSS (critical from 9.0, high from 7.0, medium from 4.0), times ten.
The weights are ours; what they must give is fixed by tests, e.g. that an account-wide, writable,
long-lived link is critical and a link to read one object for a day is low.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from ipaddress import AddressValueError, IPv4Address

from tidegate.assess.proof import with_reach
from tidegate.assess.shown import as_shown
from tidegate.assess.words import day, where_words
from tidegate.model.contents import Contents
from tidegate.model.finding import Assessment, Severity
from tidegate.model.grant import Grant, Permission, Scope, Validity
from tidegate.model.reach import Reach, State
from tidegate.providers._time import lifetime_words

P = Permission

BANDS: tuple[tuple[int, Severity], ...] = (
    (90, Severity.CRITICAL),
    (70, Severity.HIGH),
    (40, Severity.MEDIUM),
    (10, Severity.LOW),
    (0, Severity.INFO),
)

_BASE = 10
_FLOOR = 10
"""A grant that may work is never less than low."""
_INFO_SCORE = 5

_MINTS = frozenset({P.MINT, P.ADMIN})
_CHANGES = frozenset(
    {
        P.WRITE,
        P.UPDATE,
        P.MOVE,
        P.DELETE,
        P.DELETE_VERSION,
        P.PERMANENT_DELETE,
        P.DELETE_CONTAINERS,
        P.PROCESS,
    }
    | {P.SET_POLICY, P.OWNERSHIP, P.IMMUTABILITY, P.SERVICE_SETTINGS, P.UNKNOWN}
)
_ADDS = frozenset({P.CREATE, P.ADD, P.CREATE_CONTAINERS, P.TAGS})
_READS = frozenset({P.READ, P.PROCESS})
_LISTS = frozenset({P.LIST, P.LIST_CONTAINERS, P.FILTER_BY_TAGS})

_SCOPES: Mapping[Scope, int] = {
    Scope.OBJECT: 0,
    Scope.DIRECTORY: 15,
    Scope.CONTAINER: 20,
    Scope.ACCOUNT: 32,
    Scope.UNKNOWN: 32,  # read as the widest
}

_LIVES: tuple[tuple[timedelta, int], ...] = (
    (timedelta(days=1), -15),
    (timedelta(days=7), -10),
    (timedelta(days=30), 0),
    (timedelta(days=366), 10),
)
"""Remaining life up to … -> weight."""
_LIFE_BEYOND = 20

_CONFIDENCES: Mapping[str, tuple[int, str]] = {
    "medium": (-5, "what matched looks like a credential, but is not certain to be one"),
    "low": (-35, "what matched may be no credential at all"),
}

_FLAT: Mapping[str, tuple[int, str]] = {
    "anonymous": (
        _INFO_SCORE,
        "a plain address without a credential: whether it is open is something to ask `probe`",
    ),
    "access_key_id": (
        _INFO_SCORE,
        "a key id without its secret opens nothing, but names whose key is in use",
    ),
    "private_key": (50, "a private key opens no storage by itself, but whatever trusts it"),
    "share_link": (20, "a share link may let anyone in; its settings are held by the service"),
}
"""Kinds whose text says too little for the tables: their score and why."""

_NOT_STORAGE = frozenset({"service_bus", "logic_apps"})
_SMALL_RANGE = 65_536
"""Addresses; an IP range up to this size counts as a restriction."""

_Weight = tuple[int, str]


def assess(
    grant: Grant,
    *,
    confidence: str = "high",
    now: datetime,
    reach: Reach | None = None,
    contents: Contents | None = None,
) -> Assessment:
    """Judge a grant; the reasons come most important first, then those that lower it.

    `confidence` is the rule's: `high`, `medium` or `low`. `reach` and `contents` are what was shown of it.
    """
    if reach is None:
        return _on_paper(grant, confidence, now)
    if reach.state is State.OPEN:
        confidence = "high"  # it answered: whatever it looks like, it is one
        grant = as_shown(grant, reach)
    return with_reach(_on_paper(grant, confidence, now), grant, reach, contents, BANDS)


def _on_paper(grant: Grant, confidence: str, now: datetime) -> Assessment:
    if grant.validity is Validity.EXPIRED and grant.expires_at is not None:
        return _expired(grant, now)
    if grant.kind in _FLAT:
        return _flat(grant, confidence)
    raising = [_rights(grant), _breadth(grant), life := _life(grant, now)]
    lowering = _lowering(grant, confidence)
    total = min(100, _BASE + sum(weight for weight, _ in raising)) + sum(weight for weight, _ in lowering)
    score = max(_FLOOR, min(100, total))
    if life[0] < 0:
        raising, lowering = [each for each in raising if each is not life], [life, *lowering]
    raising.sort(key=lambda each: -each[0])
    lowering.sort(key=lambda each: each[0])
    reasons = (*(text for _, text in raising), *_notes(grant), *(f"lowered: {text}" for _, text in lowering))
    return Assessment(severity=_band(score), score=score, reasons=reasons)


def _expired(grant: Grant, now: datetime) -> Assessment:
    assert grant.expires_at is not None
    reasons = [f"it expired on {day(grant.expires_at)}, {lifetime_words(grant.expires_at, now)} ago"]
    reasons.append(f"while it lived, it opened {where_words(grant)}")
    return Assessment(severity=Severity.INFO, score=_INFO_SCORE, reasons=tuple(reasons))


def _flat(grant: Grant, confidence: str) -> Assessment:
    score, why = _FLAT[grant.kind]
    reasons = [why]
    if grant.kind == "share_link":
        score += 10 if grant.scope is not Scope.OBJECT else 0
        score += 20 if set(grant.permissions) & _CHANGES else 0
        if grant.facts.get("service", "").startswith("Google") and not set(grant.permissions) & _CHANGES:
            # The id in such a link is no key: whether it lets anyone in, its owner decides. README files are
            # full of them on purpose.
            score = _INFO_SCORE
        reasons.append(
            f"it leads to {'one file' if grant.scope is Scope.OBJECT else 'what may be a whole folder'}"
        )
    if grant.facts.get("encrypted"):
        score -= 30
        reasons.append("lowered: it is encrypted")
    weight, text = _CONFIDENCES.get(confidence, (0, ""))
    if weight and score > _INFO_SCORE:
        score = max(_FLOOR, score + weight)
        reasons.append(f"lowered: {text}")
    return Assessment(severity=_band(score), score=score, reasons=tuple(reasons))


def _rights(grant: Grant) -> _Weight:
    """Weigh the greatest of what it may do; a little more when it discloses and changes at once."""
    held = set(grant.permissions)
    if held & _MINTS:
        return 70, "it is a key: it may do whatever its owner may, and make further links"
    reads, lists, changes, adds = held & _READS, held & _LISTS, held & _CHANGES, held & _ADDS
    discloses = 30 if reads and lists else 20 if reads else 10 if lists else 5 if held else 0
    alters = 40 if changes else 25 if adds else 0
    both = 4 if alters and (reads or lists or P.UNKNOWN in held) else 0
    return max(discloses, alters) + both, _rights_words(held, grant.policy)


def _rights_words(held: set[Permission], policy: str | None) -> str:
    if held == {P.UNKNOWN}:
        if policy:
            return f"what it permits is held by the policy {policy}: judged as if that allows everything"
        return "what it permits cannot be read from it: judged as if it may write"
    if held & (_CHANGES - {P.UNKNOWN}):
        deeds = []
        if held & {P.WRITE, P.UPDATE, P.MOVE}:
            deeds.append("overwrite")
        if held & {P.DELETE, P.DELETE_VERSION, P.PERMANENT_DELETE, P.DELETE_CONTAINERS, P.PROCESS}:
            deeds.append("delete")
        if held & {P.SET_POLICY, P.OWNERSHIP, P.IMMUTABILITY, P.SERVICE_SETTINGS}:
            deeds.append("change settings or permissions")
        read = ", besides reading" if held & _READS else ""
        return f"it may {' and '.join(deeds)}{read}: contents can be poisoned or lost"
    if P.UNKNOWN in held:
        return "it does not say whether it may write: judged as if it may"
    if held & _ADDS:
        return "it may add what is not there yet: others can be served foreign contents"
    if held & _READS and held & _LISTS:
        return "it may list and read: everything can be found and copied"
    if held & _READS:
        return "it may read"
    return "it may list names" if held & _LISTS else "it permits next to nothing"


def _breadth(grant: Grant) -> _Weight:
    if grant.scope is Scope.UNKNOWN:
        return _SCOPES[grant.scope], "how much it opens cannot be told: judged as the widest"
    services = f" ({', '.join(grant.services)})" if len(grant.services) > 1 else ""
    return _SCOPES[grant.scope], f"it opens {where_words(grant)}{services}"


def _life(grant: Grant, now: datetime) -> _Weight:
    if grant.expires_at is None or grant.validity is Validity.UNKNOWN:
        if grant.policy and grant.kind.endswith("_sas"):
            return _LIFE_BEYOND, f"when it ends is held by the policy {grant.policy}: judged as never"
        if grant.facts.get("session"):
            return _LIFE_BEYOND, "when its session ends cannot be told"
        if grant.expires_at is None and set(grant.permissions) & _MINTS:
            return _LIFE_BEYOND, "it never ends by itself"
        return _LIFE_BEYOND, "its text gives no end: judged as never"
    left = grant.expires_at - now
    weight = next((weight for longest, weight in _LIVES if left <= longest), _LIFE_BEYOND)
    return weight, f"it works until {day(grant.expires_at)}, {lifetime_words(now, grant.expires_at)} from now"


def _notes(grant: Grant) -> list[str]:
    """Reasons without a weight of their own."""
    notes = []
    if not grant.revocation.individually:
        notes.append("it cannot be revoked alone: what ends it ends others too")
    if grant.validity is Validity.NOT_YET_VALID and grant.starts_at:
        notes.append(f"it does not work before {day(grant.starts_at)}; its whole life counts")
    return notes


def _lowering(grant: Grant, confidence: str) -> list[_Weight]:
    facts = grant.facts
    found: list[_Weight] = []
    if confidence in _CONFIDENCES:
        found.append(_CONFIDENCES[confidence])
    if facts.get("key_checksum") == "invalid":
        found.append((-15, "the checksum that such keys carry does not fit: mistyped, cut, or made up"))
    if facts.get("session"):
        found.append((-25, "it belongs to a session, which ends within 36 hours of its making"))
        if grant.kind == "access_key" and not facts.get("session_token"):
            found.append((-20, "its session token, without which it does not work, was not seen"))
    if grant.ip_range and _is_small(grant.ip_range):
        found.append((-10, f"it works only from {grant.ip_range}"))
    if facts.get("sduoid"):
        found.append((-20, "it works only together with the sign-in of one user"))
    if grant.kind == "entra_secret" and not facts.get("client_id"):
        found.append((-15, "the application it belongs to was not seen, without which it cannot be used"))
    if grant.kind in _NOT_STORAGE:
        found.append((-20, "it opens no storage by itself"))
    if grant.revocation.individually:
        found.append((-5, "it can be revoked without ending any other"))
    return found


def _is_small(text: str) -> bool:
    """Tell whether an IP range (`a.b.c.d` or `a-b`) leaves few addresses; what cannot be read does not."""
    first, dash, last = text.partition("-")
    try:
        start = int(IPv4Address(first.strip()))
        end = int(IPv4Address(last.strip())) if dash else start
    except AddressValueError:
        return False
    return 0 <= end - start < _SMALL_RANGE


def _band(score: int) -> Severity:
    return next(severity for least, severity in BANDS if score >= least)
