"""Shared access signatures: which kind one is, what it opens, until when.

Sources: learn.microsoft.com/rest/api/storageservices/create-account-sas, …/create-service-sas,
…/create-user-delegation-sas.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from tidegate.model.grant import Grant, Permission, Scope, Validity
from tidegate.providers._link import Link, names
from tidegate.providers._seal import facts_of, in_order
from tidegate.providers._time import instant, lifetime_words, validity
from tidegate.providers.azure.hosts import SERVICES, Address
from tidegate.providers.azure.letters import SERVICE_LETTERS, Read, account_letters, resource_letters
from tidegate.providers.azure.revocation import REVOCATIONS
from tidegate.records import dataclass

SIGNED = names(
    "sv ss srt sr sp st se si sip spr ses sdd tn spk srk epk erk skoid sktid skt ske sks skv "
    "saoid suoid scid sduoid skdutid srh srq rscc rscd rsce rscl rsct"
)
"""Parameters of a SAS other than `sig`, in the order in which reports show them."""

HARMLESS = frozenset([*SIGNED, "snapshot", "versionid", "restype", "comp", "api-version", "timeout"])
"""What a report may show of a link's query; all else is masked, `sig` first of all."""

DELEGATION = ("skoid", "sktid", "skt", "ske", "sks", "skv", "sduoid", "skdutid")
DELEGATION_CEILING = timedelta(days=7)
"""No user delegation key lives longer. Source: Get User Delegation Key, "Request body"."""

LONG_LIVED = timedelta(days=365)

_RESOURCES: Mapping[str, tuple[str, Scope]] = {
    "b": ("blob", Scope.OBJECT),
    "bv": ("blob", Scope.OBJECT),
    "bs": ("blob", Scope.OBJECT),
    "c": ("blob", Scope.CONTAINER),
    "d": ("blob", Scope.DIRECTORY),
    "f": ("file", Scope.OBJECT),
    "s": ("file", Scope.CONTAINER),
    "q": ("queue", Scope.CONTAINER),
    "t": ("table", Scope.CONTAINER),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """From when until when, and what is odd about it."""

    starts_at: datetime | None
    expires_at: datetime | None
    validity: Validity
    warnings: tuple[str, ...]


def looks_like_sas(link: Link) -> bool:
    """Tell a SAS from other signed links: a `sig`, and one of the parameters that only a SAS has."""
    return bool(link.get("sig")) and any(
        link.has(name) for name in ("sv", "sp", "si", "ss", "sr", "se", "tn")
    )


def decode_sas(link: Link, address: Address, now: datetime) -> Grant | None:
    """Return what the signature permits, or `None` when the link carries none.

    A letter, level or resource we do not know is read as larger, never smaller.
    """
    if not looks_like_sas(link):
        return None
    if link.has("ss") or link.has("srt"):
        return _account_sas(link, address, now)
    return _resource_sas(link, address, now)


def _account_sas(link: Link, address: Address, now: datetime) -> Grant:
    warnings: list[str] = []
    chosen = _letters(link, "ss")
    known = tuple(service for letter, service in SERVICE_LETTERS.items() if letter in chosen)
    if not known or set(chosen) - set(SERVICE_LETTERS):
        warnings.append(f"ss={_quote(chosen)} names no service we know; read as every service")
        known = SERVICES
    levels = _letters(link, "srt")
    if not set(levels) & set("sco"):
        warnings.append(f"srt={_quote(levels)} names no level we know; read as every level")
        levels = "sco"
    elif set(levels) - set("sco"):
        warnings.append(f"srt={_quote(levels)} names a level we do not know; read as more rights, not fewer")
    if link.has("sr") or link.has("tn"):
        warnings.append(
            "it mixes parameters of an account SAS and of a service SAS; read as the wider account SAS"
        )
    if link.has("si"):
        warnings.append("it names a stored access policy, which an account SAS cannot have")
    letters = _letters(link, "sp")
    read = account_letters(known, levels, letters)
    if not letters:
        warnings.append("it has no permissions (sp); read as unknown ones")
        read = Read(matrix=dict.fromkeys(known, (Permission.UNKNOWN,)))
    warnings.extend(_letter_warnings(read, f"srt={levels}"))
    window = _window(link, now, ends=(), starts=())
    if address.service and address.service not in known:
        warnings.append(
            f"the link goes to the {address.service} service, which ss={_quote(chosen)} does not open"
        )
    return _grant(
        link,
        address,
        kind="account_sas",
        scope=Scope.ACCOUNT,
        read=read,
        services=known,
        window=window,
        warnings=warnings,
    )


def _resource_sas(link: Link, address: Address, now: datetime) -> Grant:
    warnings: list[str] = []
    delegated = any(link.has(name) for name in DELEGATION)
    kind = "user_delegation_sas" if delegated else "service_sas"
    service, scope = _service_and_scope(link, address, warnings)
    letters = _letters(link, "sp")
    policy = link.get("si")
    if letters:
        read = resource_letters(service, letters)
        warnings.extend(_letter_warnings(read, f"sr={link.get('sr')}"))
    else:
        read = Read(matrix={service: (Permission.UNKNOWN,)})
        if not policy:
            warnings.append("it has neither permissions (sp) nor a policy (si); the service would refuse it")
    if policy and (not letters or not link.has("se")):
        warnings.append(
            f"what it permits is held by the policy {_quote(policy)}: unknown until the account is asked"
        )
    if policy and delegated:
        warnings.append("it names a stored access policy, which a user delegation SAS cannot have")
    extra = ("ske",) if delegated else ()
    window = _window(link, now, ends=extra, starts=("skt",) if delegated else ())
    if delegated and not link.has("ske"):
        warnings.append("the end of its delegation key (ske) is missing; the service would refuse it")
    return _grant(
        link,
        address,
        kind=kind,
        scope=scope,
        read=read,
        services=(service,),
        window=window,
        warnings=warnings,
    )


def _service_and_scope(link: Link, address: Address, warnings: list[str]) -> tuple[str, Scope]:
    resource = link.get("sr").lower()
    if link.has("tn"):
        return "table", Scope.CONTAINER
    if resource in _RESOURCES:
        service, scope = _RESOURCES[resource]
        if address.service and address.service != service:
            warnings.append(
                f"sr={resource} belongs to the {service} service, the link goes to {address.service}"
            )
        return service, scope
    if resource:
        warnings.append(
            f"sr={_quote(resource)} is a kind of resource we do not know; how much it opens is unknown"
        )
        return address.service or "blob", Scope.UNKNOWN
    if address.service in ("blob", "file"):
        warnings.append(
            f"it has no sr, which the {address.service} service needs; how much it opens is unknown"
        )
        return address.service, Scope.UNKNOWN
    if address.service == "table":
        warnings.append("it has no tn, which the table service needs")
        return "table", Scope.CONTAINER
    # Neither sr nor tn: only a queue's SAS has none of them.
    return "queue", Scope.CONTAINER


def _window(link: Link, now: datetime, *, ends: tuple[str, ...], starts: tuple[str, ...]) -> _Window:
    """Take the latest of starts, the earliest of ends (`se` and, for a delegation, `ske`)."""
    warnings: list[str] = []
    # Where `se` stands twice the later one is read: too large, never too small.
    end_dates = [date for name in ("se", *ends) if (date := _date(link, name, warnings, latest=True))]
    start_dates = [date for name in ("st", *starts) if (date := _date(link, name, warnings, latest=False))]
    expires_at = min(end_dates, default=None)
    starts_at = max(start_dates, default=None)
    unreadable = link.has("se") and _date(link, "se", [], latest=True) is None
    state = validity(starts_at, expires_at, now)
    if unreadable and state is Validity.VALID:
        state = Validity.UNKNOWN
    if expires_at is None and not link.has("se") and not link.has("si"):
        warnings.append("it has no end (se), which the service demands")
    if starts_at and expires_at and starts_at > expires_at:
        warnings.append("it starts after it ends")
    if ends and starts_at and expires_at and expires_at - starts_at > DELEGATION_CEILING:
        warnings.append("it claims more than the 7 days a user delegation key can live")
    return _Window(starts_at=starts_at, expires_at=expires_at, validity=state, warnings=tuple(warnings))


def _date(link: Link, name: str, warnings: list[str], *, latest: bool) -> datetime | None:
    values = link.values.get(name, ())
    dates = [date for value in values if (date := instant(value)) is not None]
    if values and not dates:
        warnings.append(f"{name}={_quote(values[0])} is no date")
    return (max(dates) if latest else min(dates)) if dates else None


def _letters(link: Link, name: str) -> str:
    """All letters that stand for `name`; where it stands twice, those of both."""
    return re.sub(r"[\s,]", "", "".join(link.values.get(name, ()))).lower()[:100]


def _letter_warnings(read: Read, where: str) -> list[str]:
    warnings = []
    if read.unknown:
        warnings.append(f"permission {_quote(read.unknown)} is not one we know; counted as a right to write")
    if read.idle:
        warnings.append(f"permission {_quote(read.idle)} has no effect with {where}")
    return warnings


def _grant(
    link: Link,
    address: Address,
    *,
    kind: str,
    scope: Scope,
    read: Read,
    services: tuple[str, ...],
    window: _Window,
    warnings: list[str],
) -> Grant:
    protocols = tuple(re.findall(r"https?", link.get("spr").lower())) or ("https", "http")
    container, key = _place(link, address, scope)
    revocation = "policy_sas" if kind == "service_sas" and link.has("si") else kind
    return Grant(
        provider="azure",
        kind=kind,
        account=address.account,
        container=container,
        key=key,
        endpoint=address.endpoint,
        scope=scope,
        services=services,
        permissions=in_order(right for rights in read.matrix.values() for right in rights),
        matrix=read.matrix,
        starts_at=window.starts_at,
        expires_at=window.expires_at,
        protocols=protocols,
        ip_range=link.get("sip") or None,
        policy=link.get("si") or None,
        signer=link.get("skoid") or None,
        validity=window.validity,
        revocation=REVOCATIONS[revocation],
        facts=facts_of({name: link.get(name) for name in SIGNED} | {"cloud": address.cloud or ""}),
        warnings=(*warnings, *window.warnings, *link.contradictions(), *_alarms(link, window, protocols)),
    )


def _place(link: Link, address: Address, scope: Scope) -> tuple[str | None, str | None]:
    """Container and key as the link names them; a directory is cut to its signed depth (`sdd`)."""
    container, key = address.container, address.key
    if link.has("tn"):
        container = link.get("tn")
    elif address.service == "table" and container:
        container = container.partition("(")[0]
    if scope is Scope.OBJECT and container and key is None and address.front in ("blob", "dfs"):
        return "$root", container
    depth = link.get("sdd")
    if scope is Scope.DIRECTORY and key and depth.isascii() and depth.isdigit() and int(depth[:3]) > 0:
        key = "/".join(key.split("/")[: int(depth[:3])])
    return container, key


def _alarms(link: Link, window: _Window, protocols: tuple[str, ...]) -> list[str]:
    found = []
    begin, end = window.starts_at, window.expires_at
    if begin and end and end - begin > LONG_LIVED:
        found.append(f"it was made to live {lifetime_words(begin, end)}")
    if "http" in protocols:
        found.append("it also works over plain http, where anyone on the way can read it")
    if link.has("sduoid"):
        found.append("it only works together with a sign-in of the user it is bound to")
    if link.has("srh") or link.has("srq"):
        found.append("it only works in requests that carry the signed headers or parameters")
    return found


def _quote(text: str) -> str:
    return "'" + "".join(each if each.isprintable() else "?" for each in text[:40]) + "'"
