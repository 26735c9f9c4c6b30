"""Grants to judge, made by hand so that each test says what matters."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from tidegate.model.grant import Grant, Permission, Revocation, Scope, Validity

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SHARED = Revocation(means="Renew the key.", collateral="Everything by that key.", individually=False)
ALONE = Revocation(means="Delete the policy.", collateral="Its links.", individually=True)


def in_days(days: float) -> datetime:
    return NOW + timedelta(days=days)


def grant(
    *rights: Permission,
    scope: Scope = Scope.CONTAINER,
    days: float | None = 9125,
    kind: str = "service_sas",
    services: Iterable[str] = ("blob",),
    revocation: Revocation = SHARED,
    validity: Validity | None = None,
    **more: object,
) -> Grant:
    expires_at = None if days is None else in_days(days)
    if validity is None:
        validity = Validity.UNKNOWN if days is None else Validity.EXPIRED if days < 0 else Validity.VALID
    fields: dict[str, object] = {
        "provider": "azure",
        "kind": kind,
        "account": "contosomodels",
        "container": "models",
        "key": "a.bin" if scope is Scope.OBJECT else None,
        "scope": scope,
        "services": tuple(services),
        "permissions": tuple(each for each in Permission if each in rights),
        "matrix": {service: tuple(each for each in Permission if each in rights) for service in services},
        "expires_at": expires_at,
        "validity": validity,
        "revocation": revocation,
    }
    return Grant(**{**fields, **more})  # type: ignore[arg-type]
