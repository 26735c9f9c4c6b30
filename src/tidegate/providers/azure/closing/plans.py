"""What is known of a case, and the plans that follow: a fast one, and one without downtime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tidegate.model.closing import Known, Plan, Step, Study, Way
from tidegate.model.secret import Secret
from tidegate.providers.azure.closing.management import Placed
from tidegate.providers.azure.closing.signer import ended, of_known

if TYPE_CHECKING:
    from tidegate.providers.azure.closing.closer import AzureCloser
    from tidegate.providers.azure.closing.policies import Held, Thing

SHARED_KEY = "shared-key"
PUBLIC = "public-access"
POLICIES = "policies"
DELEGATION = "delegation-keys"
"""Ids of steps; that of a key's is the key's name."""

IN_FORCE, REVOKED = "the link is accepted", "the link is refused"

MOST_NAMED = 50
"""Others that are named one by one; of more the number is told."""

_UNCOUNTED = (
    "links that neither the ledger nor a report knows, and applications that hold the key itself: "
    "Azure keeps no list of either"
)
_USES = "applications that hold {name} itself: Functions, Data Factory, mounts, scripts (not counted)"


def allowed(what: str, on: bool) -> str:
    """Word a switch of the account, as a state."""
    return f"{what} {'allowed' if on else 'off'}"


def key_state(name: str, key: Secret) -> str:
    """Word a key by its fingerprint, as a state."""
    return f"{name} {key.fingerprint}"


def study(case: AzureCloser) -> Study:
    """Make the plans that this kind of credential has."""
    grant = case.grant
    if grant.kind == "anonymous":
        return _anonymous(case)
    if grant.kind == "user_delegation_sas":
        return _delegation(case)
    if grant.policy:
        return _policy(case, grant.policy)
    return _key(case)


def _key(case: AzureCloser) -> Study:
    """Plan for an account SAS, a service SAS without a policy, or the key itself."""
    name, placed = case.signed_by(), case.placed()
    keys = case.keys()
    what = "is" if case.grant.kind == "account_key" else "signed by"
    if not keys:
        case.missing.append(f"which key signed it: no key of {case.account} is at hand")
        return _study(case, (), [_switch_off(case, placed, None, [])])
    others = [name_ for name_ in keys if name_ != name]
    if name is None:
        told = f"none of the account's keys ({', '.join(keys)}): replaced since, or it is forged"
        return _study(case, ((what, told),), [])
    facts = [
        (what, f"{name} of {case.account}" + (f" (tried: {', '.join(others)} did not)" if others else "")),
    ]
    of = {each.id: of_known(each, keys) for each in _living(case)}
    mine = [each for each in _living(case) if of[each.id] == name]
    theirs = [each for each in _living(case) if of[each.id] not in (None, name)]
    facts += _hanging(mine)
    return _study(
        case,
        facts,
        [_switch_off(case, placed, name, [*mine, *theirs]), _rotate(case, placed, name, mine, theirs)],
    )


def _switch_off(
    case: AzureCloser, placed: Placed | None, name: str | None, links: Sequence[Known]
) -> Plan | None:
    if placed is None:
        return None
    if not placed.shared_key:
        case.missing.append("shared key access is off already: nothing that a key signed is accepted")
        return None
    step = Step(
        id=SHARED_KEY,
        does=f"turn shared key access to {case.account} off",
        why="it ends everything that any key signed, at once, and can be taken back",
        call=case.management().call(placed, "PATCH", body={"properties": {"allowSharedKeyAccess": False}}),
        permission="Microsoft.Storage/storageAccounts/write",
        breaks=(
            *_named(links),
            _USES.format(name="either key"),
            "Azure Files and tables for clients that only know keys",
        ),
        undo=f"az storage account update --name {case.account} --allow-shared-key-access true",
        before=allowed("shared key access", True),
        after=allowed("shared key access", False),
        repeatable=True,
    )
    return _plan(
        case,
        Way.FAST,
        step,
        spares=("links of user delegation, and whoever signs in with Entra",),
        then=(
            f"replace {name or 'the key that signed it'} before shared key access is allowed again: "
            "that would revive the link",
        ),
    )


def _rotate(
    case: AzureCloser, placed: Placed | None, name: str, mine: Sequence[Known], theirs: Sequence[Known]
) -> Plan | None:
    key = case.keys().get(name)
    if placed is None or key is None or name not in ("key1", "key2"):
        return None
    other = "key2" if name == "key1" else "key1"
    of_key = case.grant.kind == "account_key"
    step = Step(
        id=name,
        does=f"replace {name} of {case.account} by a new one",
        why=f"{name} {'leaked' if of_key else 'signed the leaked link'}; {other} did not",
        call=case.management().call(placed, "POST", "regenerateKey", {"keyName": name}),
        permission="Microsoft.Storage/storageAccounts/regenerateKey/action",
        breaks=(*_named(mine), _USES.format(name=name)),
        before=key_state(name, key),
        after=None,
        repeatable=False,
    )
    first = [f"move applications from {name} to {other}"]
    first += [f"make {each.id} anew with {other}: {each.words}" for each in mine[:MOST_NAMED]]
    return _plan(
        case,
        Way.NO_DOWNTIME,
        step,
        first=first,
        spares=(
            *(f"{each.id}: {each.words}" for each in theirs[:MOST_NAMED]),
            f"whatever {other} signed, links of user delegation",
        ),
    )


def _policy(case: AzureCloser, name: str) -> Study:
    """Plan for a link that hangs on a stored policy."""
    thing = case.thing()
    if thing is None:
        case.missing.append("it hangs on a stored policy, but does not say of what: give the whole link")
        return _study(case, (), [])
    held = case.held()
    policy = held.policy(name)
    if policy is None:
        told = f"the stored policy {name} of {thing.words}, which is not there: nothing hangs on it any more"
        return _study(case, (("hangs on", told),), [])
    mine = [each for each in _living(case) if each.policy == name and each.container == thing.name]
    ends = f", until {policy.expires}" if policy.expires else ""
    facts = [("hangs on", f"the stored policy {name} of {thing.words}{ends}"), *_hanging(mine)]
    if len(held.policies) > 1:
        facts.append(("written back", f"{len(held.policies) - 1} other policies of {thing.words}, unchanged"))
    return _study(
        case,
        facts,
        [_end_policy(case, thing, held, name, mine), _delete_policy(case, thing, held, name, mine)],
    )


def _end_policy(case: AzureCloser, thing: Thing, held: Held, name: str, mine: Sequence[Known]) -> Plan | None:
    policy, after = held.policy(name), held.ended(name)
    if policy is None or after.state == held.state:
        return None
    step = Step(
        id=POLICIES,
        does=f"let the policy {name} of {thing.words} end long ago",
        why="it ends the links that hang on it, and no other; the name stays taken, so that none is revived",
        call=case.acl_call(after),
        permission="an account key (no signed link may change policies)",
        breaks=_named(mine) or ("nothing that is known",),
        undo=f"set the policy's end back to {policy.expires or 'none'}: the links live again",
        before=held.state,
        after=after.state,
        repeatable=True,
    )
    return _plan(case, Way.FAST, step, spares=("every link that hangs on another policy, or on none",))


def _delete_policy(case: AzureCloser, thing: Thing, held: Held, name: str, mine: Sequence[Known]) -> Plan:
    after = held.without(name)
    step = Step(
        id=POLICIES,
        does=f"delete the policy {name} of {thing.words}",
        why="nothing is left that the leaked link could hang on; never make a policy of that name again",
        call=case.acl_call(after),
        permission="an account key (no signed link may change policies)",
        breaks=_named(mine) or ("nothing that is known",),
        undo=f"make the policy {name} again, as it was: every old link of it lives again",
        before=held.state,
        after=after.state,
        repeatable=True,
    )
    address = f"az://{case.account}/{thing.name}"
    first = [
        f"make {each.id} anew (tidegate share create {address} …): {each.words}" for each in mine[:MOST_NAMED]
    ]
    first = first or ["ask who uses the link, and make them a new one: tidegate share create"]
    return _plan(
        case,
        Way.NO_DOWNTIME,
        step,
        first=first,
        spares=("every link that hangs on another policy, or on none",),
    )


def _delegation(case: AzureCloser) -> Study:
    """Plan for a link that somebody made who was signed in."""
    placed = case.placed()
    links = [each for each in _living(case) if each.kind == "user_delegation_sas"]
    facts = [
        ("signed by", f"a user delegation key of principal {case.grant.signer or 'not named'}"),
        *_hanging(links),
    ]
    case.missing.append(
        "a way without downtime: Azure revokes delegation keys all at once; to end this principal's links "
        "alone, take its role away by hand (both act with a delay: they are cached)"
    )
    if placed is None:
        return _study(case, facts, [])
    step = Step(
        id=DELEGATION,
        does=f"revoke every user delegation key of {case.account}",
        why="the key that signed the link is one of them; no other request ends it",
        call=case.management().call(placed, "POST", "revokeUserDelegationKeys"),
        permission="Microsoft.Storage/storageAccounts/revokeUserDelegationKeys/action",
        breaks=(
            *_named(links),
            "every other link of user delegation of this account; their makers can make new ones",
        ),
        before=IN_FORCE,
        after=REVOKED,
        repeatable=True,
    )
    return _study(case, facts, [_plan(case, Way.FAST, step, spares=("whatever an account key signed",))])


def _anonymous(case: AzureCloser) -> Study:
    """Plan for a container that is open to anyone."""
    thing = case.thing()
    if thing is None:
        case.missing.append("which container is open: give az://account/container")
        return _study(case, (), [])
    held = case.held()
    placed = case.placed()
    open_ones = case.public_containers()
    if not held.public:
        return _study(case, (("open to anyone", f"no: {thing.words} is private"),), [])
    word = {"container": "to list and read", "blob": "to read"}.get(held.public, held.public)
    facts = [("open to anyone", f"{thing.words}, {word}")]
    others = [name for name in open_ones if name != thing.name]
    if others:
        facts.append(
            (
                "also open",
                ", ".join(others[:10]) + (f" and {len(others) - 10} more" if len(others) > 10 else ""),
            )
        )
    private = _private(case, thing, held)
    spares = ("links, and whoever signs in",)
    steps = [private]
    if placed is not None and placed.public_access and not others:
        steps.append(_nobody_at_all(case, placed))
    first = [
        "give those who need it a link of their own: "
        f"tidegate share create az://{case.account}/{thing.name} --read"
    ]
    return _study(
        case,
        facts,
        [
            _plan(case, Way.FAST, private, spares=spares),
            _plan(case, Way.NO_DOWNTIME, *steps, first=first, spares=spares),
        ],
    )


def _private(case: AzureCloser, thing: Thing, held: Held) -> Step:
    after = held.private()
    return Step(
        id=POLICIES,
        does=f"make {thing.words} private",
        why="nobody reads it any more without signing in or a link",
        call=case.acl_call(after),
        permission="an account key (no signed link may change who may read)",
        breaks=(
            "whoever downloads from it without signing in: sites, scripts, notebooks (Azure keeps no list)",
        ),
        undo=f"az storage container set-permission --name {thing.name} --public-access {held.public}",
        before=held.state,
        after=after.state,
        repeatable=True,
    )


def _nobody_at_all(case: AzureCloser, placed: Placed) -> Step:
    return Step(
        id=PUBLIC,
        does=f"allow no anonymous access to {case.account} at all",
        why="no other container is open, and none can be opened again by mistake",
        call=case.management().call(placed, "PATCH", body={"properties": {"allowBlobPublicAccess": False}}),
        permission="Microsoft.Storage/storageAccounts/write",
        breaks=("nothing more: no other container is open",),
        undo=f"az storage account update --name {case.account} --allow-blob-public-access true",
        before=allowed("anonymous access", True),
        after=allowed("anonymous access", False),
        repeatable=True,
    )


def _plan(
    case: AzureCloser,
    way: Way,
    *steps: Step,
    first: Sequence[str] = (),
    then: Sequence[str] = (),
    spares: Sequence[str] = (),
) -> Plan:
    return Plan(
        finding=case.case.finding,
        provider="azure",
        account=case.account,
        way=way,
        steps=steps,
        first=tuple(first),
        then=tuple(then),
        spares=tuple(spares),
        reads=tuple(case.asked),
    )


def _study(case: AzureCloser, facts: Sequence[tuple[str, str]], made: Sequence[Plan | None]) -> Study:
    found = tuple(each for each in made if each is not None)
    told = [*facts]
    ends = case.grant.expires_at
    if ends is not None and ends <= case.case.now:
        words = f"by its own date, {ends:%Y-%m-%d %H:%M} UTC: that it is refused proves nothing of its key"
        told.append(("ended", words))
    if found and case.grant.kind != "anonymous":
        told.append(("not counted", _UNCOUNTED))
    return Study(facts=tuple(told), plans=found, missing=tuple(dict.fromkeys(case.missing)))


def _living(case: AzureCloser) -> list[Known]:
    """Return the other credentials of this account that have not ended by their own date."""
    return [
        each
        for each in case.case.known
        if each.account.lower() == case.account
        and each.id != case.case.finding
        and not ended(each, case.case.now)
    ]


def _hanging(links: Sequence[Known]) -> list[tuple[str, str]]:
    if not links:
        return [("hangs on it", "no other link that the ledger or the reports know")]
    return [("hangs on it", f"{each.id}: {each.words}") for each in links[:MOST_NAMED]]


def _named(links: Sequence[Known]) -> tuple[str, ...]:
    """Return a line for each link that breaks, the number of the rest."""
    rest = len(links) - MOST_NAMED
    more = (f"{rest} more links of the ledger and the reports",) if rest > 0 else ()
    return (*(f"{each.id}: {each.words}" for each in links[:MOST_NAMED]), *more)
