"""A grant in plain words: one sentence, and a matrix of what is allowed where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from tidegate.assess.half import other_half
from tidegate.assess.shown import as_shown
from tidegate.model import counting
from tidegate.model.grant import Grant, Permission, Scope, Validity
from tidegate.model.reach import Reach, State
from tidegate.providers._time import lifetime_words
from tidegate.records import replace

P = Permission

ACTIONS: tuple[str, ...] = (
    "list",
    "read",
    "create",
    "overwrite",
    "delete",
    "purge",
    "manage",
    "mint",
    "unknown",
)
"""Columns of the permission matrix, in order. `purge` defeats soft delete, versions and holds; `manage`
changes access, settings or tags; `unknown` is what we cannot read: it may be any of the others."""

ACTION_OF: Mapping[Permission, tuple[str, ...]] = {
    P.READ: ("read",),
    P.LIST: ("list",),
    P.LIST_CONTAINERS: ("list",),
    P.WRITE: ("create", "overwrite"),
    P.CREATE: ("create",),
    P.ADD: ("create",),
    P.UPDATE: ("overwrite",),
    P.PROCESS: ("read", "delete"),
    P.DELETE: ("delete",),
    P.DELETE_VERSION: ("purge",),
    P.PERMANENT_DELETE: ("purge",),
    P.CREATE_CONTAINERS: ("create",),
    P.DELETE_CONTAINERS: ("delete",),
    P.TAGS: ("manage",),
    P.FILTER_BY_TAGS: ("list",),
    P.MOVE: ("overwrite",),
    P.EXECUTE: ("manage",),
    P.OWNERSHIP: ("manage",),
    P.SET_POLICY: ("manage",),
    P.IMMUTABILITY: ("purge",),
    P.PROPERTIES: (),
    P.SERVICE_SETTINGS: ("manage",),
    P.MINT: ("mint",),
    P.ADMIN: ("list", "read", "create", "overwrite", "delete", "purge", "manage"),
    P.UNKNOWN: ("unknown",),
}
"""Columns in which a permission shows."""

PERMISSION_WORDS: Mapping[Permission, str] = {
    P.READ: "read contents and metadata",
    P.LIST: "list what is inside",
    P.LIST_CONTAINERS: "list the containers",
    P.WRITE: "create and overwrite",
    P.CREATE: "create what is not there yet",
    P.ADD: "append, or add messages and rows",
    P.UPDATE: "change messages and rows",
    P.PROCESS: "take messages out of a queue",
    P.DELETE: "delete",
    P.DELETE_VERSION: "delete older versions",
    P.PERMANENT_DELETE: "delete for good, past soft delete",
    P.CREATE_CONTAINERS: "create containers",
    P.DELETE_CONTAINERS: "delete whole containers",
    P.TAGS: "read and write tags",
    P.FILTER_BY_TAGS: "find blobs by tag",
    P.MOVE: "move and rename",
    P.EXECUTE: "read system properties and access lists",
    P.OWNERSHIP: "change owner and group",
    P.SET_POLICY: "change permissions and policies",
    P.IMMUTABILITY: "set and lift immutability and legal holds",
    P.PROPERTIES: "read properties of containers and services",
    P.SERVICE_SETTINGS: "change settings of the whole service",
    P.MINT: "make further links",
    P.ADMIN: "do whatever its owner may",
    P.UNKNOWN: "do something that cannot be read from it",
}
"""Each permission as the end of "anyone with it can …"."""

# What a sentence names, most telling first; the rest is left to the matrix.
_VERBS: tuple[tuple[str, frozenset[Permission]], ...] = (
    ("list", frozenset({P.LIST, P.LIST_CONTAINERS, P.FILTER_BY_TAGS})),
    ("read", frozenset({P.READ, P.PROCESS})),
    ("add to", frozenset({P.ADD, P.CREATE})),
    ("overwrite", frozenset({P.WRITE, P.UPDATE, P.MOVE})),
    ("delete", frozenset({P.DELETE, P.DELETE_VERSION, P.PERMANENT_DELETE, P.PROCESS})),
)
_OTHERWISE: tuple[tuple[str, frozenset[Permission]], ...] = (
    ("create or delete containers in", frozenset({P.CREATE_CONTAINERS, P.DELETE_CONTAINERS})),
    (
        "change settings or permissions of",
        frozenset({P.SERVICE_SETTINGS, P.SET_POLICY, P.OWNERSHIP, P.IMMUTABILITY}),
    ),
    ("change the tags of", frozenset({P.TAGS})),
    ("read properties of", frozenset({P.PROPERTIES, P.EXECUTE})),
)
_THINGS: Mapping[str, str] = {"blob": "blob", "file": "file", "queue": "queue message", "table": "table row"}
_CONTAINERS: Mapping[str, str] = {
    "blob": "container",
    "file": "file share",
    "queue": "queue",
    "table": "table",
    "s3": "bucket",
    "gcs": "bucket",
    "oss": "bucket",
    "cos": "bucket",
    "cloudfront": "distribution",
}
_ACCOUNTS: Mapping[str, str] = {"azure": "storage account", "gcp": "project"}
_HOLDERS: Mapping[str, str] = {
    "account_key": "key",
    "access_key": "key",
    "hmac_key": "key",
    "service_account_key": "key",
    "user_credentials": "token",
    "application_key": "key",
    "entra_secret": "secret",
    "access_token": "token",
    "post_policy": "form",
    "service_bus": "key",
}

_KEY_KINDS = frozenset(
    {"access_key", "access_key_id", "hmac_key", "application_key", "presigned_url", "post_policy"}
)
"""Kinds whose `account` is the id of a key."""


def matrix_rows(grant: Grant) -> list[tuple[str, dict[str, bool]]]:
    """Return (service, action -> allowed) for each service; every row has all of `ACTIONS`.

    An account-wide Azure grant shows all four services, so that what is closed can be seen too.
    """
    matrix = dict(grant.matrix) or dict.fromkeys(grant.services, grant.permissions)
    services = list(matrix)
    if grant.provider == "azure" and grant.scope is Scope.ACCOUNT and set(services) & set(_THINGS):
        services = [*_THINGS, *(each for each in services if each not in _THINGS)]
    rows = []
    for service in services:
        allowed = {action for right in matrix.get(service, ()) for action in ACTION_OF[right]}
        rows.append((service, {action: action in allowed for action in ACTIONS}))
    return rows


def sentence(grant: Grant, now: datetime, reach: Reach | None = None) -> str:
    """Say in one plain sentence what anyone who holds it can do, where, and until when.

    reach: what the service answered; without one it is said of the paper.
    """
    special = _address(grant, reach) if grant.kind == "anonymous" else _special(grant)
    if special:
        return special
    holder = _HOLDERS.get(grant.kind, "link")
    grant = as_shown(grant, reach)
    what = _deed(grant)
    if grant.validity is Validity.EXPIRED and grant.expires_at:
        ago = lifetime_words(grant.expires_at, now)
        end = day(grant.expires_at)
        return f"This {holder} ended on {end}, {ago} ago; until then anyone with it could {what}."
    if reach is not None and reach.state is State.CLOSED:
        return f"The service refuses this {holder}; if it worked, anyone with it could {what}."
    half = other_half(grant)
    also = f" who also knows {half} it belongs to" if half else ""
    return f"{_start(grant)}nyone with this {holder}{also} can {what}{_until(grant, now)}."


def where_words(grant: Grant) -> str:
    """Say how wide it opens, with names: `the container models of the storage account contoso`."""
    kind = container_word(grant)
    account = _account_words(grant)
    container = f"the {kind} {grant.container}" if grant.container else f"an unnamed {kind}"
    inside = f"{container} of {account}" if grant.provider == "azure" else container
    match grant.scope:
        case Scope.ACCOUNT:
            return (
                account.replace("the ", "the whole ", 1)
                if account.startswith("the ")
                else f"the whole of {account}"
            )
        case Scope.CONTAINER:
            return inside
        case Scope.DIRECTORY:
            return f"the directory {grant.key or '(not named)'} in {inside}"
        case Scope.OBJECT:
            thing = "file" if grant.services == ("file",) else "object"
            return f"the {thing} {grant.key} in {inside}" if grant.key else f"one {thing} in {inside}"
        case Scope.UNKNOWN:
            return f"an unknown part of {account}"


def behind_a_domain(grant: Grant) -> bool:
    """Say whether only the host is known, and not the account in Azure that it leads to."""
    return grant.provider == "azure" and not grant.account and bool(grant.endpoint)


def container_word(grant: Grant) -> str:
    """Call by its own word what holds the items: a container, a file share, a bucket."""
    return _CONTAINERS.get(grant.services[0] if grant.services else "", "container")


def day(when: datetime) -> str:
    """Return the date; with hour and minute where it is not midnight."""
    return f"{when:%Y-%m-%d}" if (when.hour, when.minute) == (0, 0) else f"{when:%Y-%m-%d %H:%M} UTC"


def enumerate_words(words: Iterable[str]) -> str:
    """Join as prose does: `a, b and c`."""
    listed = list(words)
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}" if listed else ""


def _special(grant: Grant) -> str:
    """Return the sentence for what is no grant of its own; empty otherwise."""
    match grant.kind:
        case "access_key_id":
            return f"The access key id {grant.account or '(not named)'} opens nothing without its secret."
        case "private_key":
            return "This private key opens no storage by itself; what trusts it is unknown."
        case "logic_apps":
            return "Anyone with this address can start the workflow behind it; it opens no storage by itself."
        case "service_bus":
            namespace = grant.account or "(not named)"
            return f"Anyone with this key can use the messaging namespace {namespace}; it opens no storage."
        case "user_credentials":
            project = f" (the project {grant.account} among it)" if grant.account else ""
            return f"Anyone with this token signs in as a person, and may do what that person may{project}."
        case "share_link":
            service = ", ".join(grant.services)
            return f"This {service} link may let anyone in; who may open it is held by the service."
        case _:
            return ""


def _address(grant: Grant, reach: Reach | None) -> str:
    """Return the sentence for an address without a credential."""
    named = f"This address names {where_words(grant)}"
    if reach is None:
        return f"{named}; whether it is open is unknown until it is probed."
    if reach.state is State.CLOSED:
        return f"{named}; asked without a credential, the service refuses."
    if reach.state is State.UNKNOWN:
        return f"{named}; whether it is open is still unknown."
    # Names of what lies beside the object that is named are shown, too.
    wide = Scope.CONTAINER if P.LIST in reach.proved and grant.scope is Scope.OBJECT else grant.scope
    shown, told = (_verbs(set(rights)) for rights in (reach.proved, reach.untried))
    may = f" (and {enumerate_words(told)}, as its access list says)" if told else ""
    where = where_words(replace(grant, scope=wide))
    return f"Anyone can {enumerate_words(shown or ['reach'])}{may} {where}, without any credential."


def _verbs(held: set[Permission]) -> list[str]:
    verbs = [verb for verb, rights in _VERBS if rights & held]
    return [verb for verb in verbs if not (verb == "add to" and "overwrite" in verbs)]


def _deed(grant: Grant) -> str:
    """Say what can be done to what: `list and read every blob of the storage account contoso`."""
    held = set(grant.permissions)
    if grant.kind == "entra_secret":
        who = f"the application {grant.account}" if grant.account else "its application"
        return f"sign in as {who}, and do whatever it may"
    if P.ADMIN in held:
        further = ", and make further links," if P.MINT in held else ""
        whose = f" ({grant.signer})" if grant.signer and grant.signer != grant.account else ""
        return f"do whatever its owner{whose} may{further} in {where_words(grant)}"
    if P.MINT in held:
        return f"do everything to {where_words(grant)}, and make further links to it"
    verbs = _verbs(held)
    unknown = P.UNKNOWN in held
    if not verbs:
        other = next((verb for verb, rights in _OTHERWISE if rights & held), "")
        if other:
            return f"{other} {where_words(grant)}"
        if grant.policy and unknown:
            return f"do to {where_words(grant)} whatever its stored access policy {grant.policy} allows"
        deed = "something that cannot be read from it" if unknown else "nothing we know of"
        return f"do {deed} to {where_words(grant)}"
    may = ", and perhaps write," if unknown and not {"overwrite", "delete"} & set(verbs) else ""
    return f"{enumerate_words(verbs)}{may} {_things(grant)}"


def _things(grant: Grant) -> str:
    if grant.scope is Scope.OBJECT:
        return where_words(grant)
    services = [each for each in grant.services if grant.matrix.get(each, grant.permissions)]
    things = enumerate_words(dict.fromkeys(_THINGS.get(each, "object") for each in services)) or "object"
    where = _account_words(grant) if grant.scope is Scope.ACCOUNT else where_words(grant)
    return f"every {things} {'in' if grant.scope is Scope.DIRECTORY else 'of'} {where}"


def _account_words(grant: Grant) -> str:
    if grant.kind == "entra_secret":
        return (
            f"the reach of the application {grant.account}"
            if grant.account
            else "the reach of an unnamed application"
        )
    if grant.kind in _KEY_KINDS:
        return f"the account of the key {grant.account}" if grant.account else "an unnamed account"
    noun = _ACCOUNTS.get(grant.provider, "account")
    if grant.account:
        return f"the {noun} {grant.account}"
    # Behind a domain of its owner's an account does not tell its name.
    return f"the {noun} behind {grant.endpoint}" if behind_a_domain(grant) else f"an unnamed {noun}"


def _start(grant: Grant) -> str:
    if grant.validity is Validity.NOT_YET_VALID and grant.starts_at:
        return f"From {day(grant.starts_at)} on a"
    return "A"


def _until(grant: Grant, now: datetime) -> str:
    if grant.expires_at:
        return f" until {day(grant.expires_at)}, {lifetime_words(now, grant.expires_at)} from now"
    if grant.policy:
        return f", until an end that the policy {grant.policy} holds"
    if grant.facts.get("session"):
        return ", until its session ends"
    if P.MINT in grant.permissions or P.ADMIN in grant.permissions:
        return ", until it is revoked"
    return ", for as long as nobody revokes it"


many = counting.many


def size(count: int) -> str:
    """Count bytes in units of 1,024: `1.2 GiB`."""
    value, unit = float(count), "bytes"
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB"):
        if value < 1024 or unit == "TiB":
            break
        value /= 1024
    return f"{value:,.0f} {unit}" if unit == "bytes" or value >= 100 else f"{value:,.1f} {unit}"
