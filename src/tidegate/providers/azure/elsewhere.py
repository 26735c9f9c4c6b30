"""Azure credentials and addresses that are no key to a storage account by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from tidegate.model.grant import Grant, Permission, Scope, Validity
from tidegate.providers._link import Link
from tidegate.providers._seal import facts_of
from tidegate.providers._time import epoch, validity
from tidegate.providers.azure.hosts import Address
from tidegate.providers.azure.revocation import REVOCATIONS

SERVICE_BUS_SHOWN = frozenset(["sr", "se", "skn"])
LOGIC_APPS_SHOWN = frozenset(["api-version", "sp", "sv"])


def is_logic_apps(link: Link) -> bool:
    """Tell a workflow's trigger address, which is signed like a SAS but opens no storage."""
    return link.host.endswith(("logic.azure.com", "powerplatform.com")) or link.get("sp").startswith(
        "/triggers/"
    )


def is_service_bus(link: Link) -> bool:
    """Tell a token of Service Bus, Event Hubs, Relay or IoT Hub: it names a key (`skn`) or such a host."""
    named = link.host + " " + link.get("sr").lower()
    return link.has("skn") or "servicebus." in named or "azure-devices.net" in named


def entra_secret(context: Mapping[str, str]) -> Grant:
    """Return the grant of an application's client secret: whatever the application may do."""
    warnings = ["what it permits depends on the roles of the application; storage may be among them"]
    if not context.get("client_id"):
        warnings.append("the application it belongs to is not known")
    return Grant(
        provider="azure",
        kind="entra_secret",
        account=context.get("client_id") or None,
        endpoint="login.microsoftonline.com",
        scope=Scope.UNKNOWN,
        permissions=(Permission.ADMIN,),
        signer=context.get("client_id") or None,
        validity=Validity.UNKNOWN,
        revocation=REVOCATIONS["entra_secret"],
        facts=facts_of({"tenant": context.get("tenant", ""), "client_id": context.get("client_id", "")}),
        warnings=tuple(warnings),
    )


def public_url(address: Address) -> Grant | None:
    """Return a plain address as something to ask about; `None` when it names no account."""
    if address.account is None and address.endpoint is None:
        return None
    scope = Scope.OBJECT if address.key else Scope.CONTAINER if address.container else Scope.ACCOUNT
    return Grant(
        provider="azure",
        kind="anonymous",
        account=address.account,
        container=address.container,
        key=address.key,
        endpoint=address.endpoint,
        scope=scope,
        services=(address.service or "blob",),
        protocols=("https", "http"),
        validity=Validity.UNKNOWN,
        revocation=REVOCATIONS["anonymous"],
        facts=facts_of({"cloud": address.cloud or ""}),
    )


def service_bus(parts: Mapping[str, str], link: Link, now: datetime) -> Grant:
    """Return the grant of a Service Bus connection string or token. It is not storage, and says so."""
    endpoint = parts.get("endpoint", "") or link.get("sr") or link.host
    host = endpoint.partition("://")[2] or endpoint
    expires_at = epoch(link.get("se")) if link.has("se") else None
    policy = parts.get("sharedaccesskeyname") or link.get("skn")
    return Grant(
        provider="azure",
        kind="service_bus",
        account=host.strip("/").partition(".")[0].lower() or None,
        container=parts.get("entitypath") or None,
        endpoint=host.strip("/").partition("/")[0].lower() or None,
        scope=Scope.CONTAINER if parts.get("entitypath") else Scope.ACCOUNT,
        services=("messaging",),
        permissions=(Permission.UNKNOWN,),
        expires_at=expires_at,
        policy=policy or None,
        signer=policy or None,
        validity=validity(None, expires_at, now),
        revocation=REVOCATIONS["service_bus"],
        facts=facts_of({"policy": policy, "se": link.get("se")}),
        warnings=("it opens a messaging namespace (Service Bus, Event Hubs, Relay, IoT Hub), not storage",),
    )


def logic_apps(link: Link) -> Grant:
    """Return the grant of a workflow's signed trigger address. It is not storage, and says so."""
    return Grant(
        provider="azure",
        kind="logic_apps",
        account=next((part for part in link.segments if len(part) == 32), None),
        endpoint=link.endpoint,
        scope=Scope.OBJECT,
        services=("workflow",),
        permissions=(Permission.UNKNOWN,),
        protocols=("https",),
        validity=Validity.UNKNOWN,
        revocation=REVOCATIONS["logic_apps"],
        facts=facts_of({"sp": link.get("sp"), "sv": link.get("sv"), "api-version": link.get("api-version")}),
        warnings=("it starts a workflow (Logic Apps, Power Automate); it opens no storage by itself",),
    )
