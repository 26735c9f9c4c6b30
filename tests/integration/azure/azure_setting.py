"""Links of a made-up company, signed by Azure's own libraries, and the way to whoever answers them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote

from azure.storage.blob import (
    AccountSasPermissions,
    ResourceTypes,
    Services,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)

from services.azurite import Azurite
from tidegate.model.credential import Credential
from tidegate.model.document import Spot
from tidegate.model.reach import Reach
from tidegate.model.secret import Secret
from tidegate.model.sighting import Sighting
from tidegate.net.audit import Memory
from tidegate.net.limits import Budget, Limits
from tidegate.net.scope import Scope
from tidegate.net.transport import Net
from tidegate.plugins import Container, Page
from tidegate.providers.azure import PLUGIN
from tidegate.providers.azure.storage import STORAGE

ACCOUNT = "tgcontoso"
ROTATED_ACCOUNT = "tgrotated"
ENTRA_ACCOUNT = "tgentra"
QUICK = Limits(request_s=10, attempt_s=10, attempts=2, first_wait_s=0.01)

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)


@dataclass(slots=True)
class Setting:
    """Somebody who answers, and the way there."""

    azurite: Azurite
    net: Net
    audit: Memory

    def key(self, account: str = ACCOUNT) -> str:
        return self.azurite.accounts[account].key1

    def probe(self, credential: Credential) -> Reach:
        return STORAGE.probe(credential, self.net, datetime.now(UTC))

    def containers(self, credential: Credential) -> list[Container]:
        return list(STORAGE.containers(credential, self.net))

    def pages(self, credential: Credential, container: Container, **options: bool) -> list[Page]:
        pages = [STORAGE.page(credential, self.net, container, **options)]
        while pages[-1].after:
            pages.append(STORAGE.page(credential, self.net, container, after=pages[-1].after, **options))
        return pages

    def asked(self) -> list[str]:
        """What was asked, in order, with the status of the answer."""
        return [f"{entry.asked}: {entry.status}" for entry in self.audit.entries]


@contextmanager
def setting(azurite: Azurite) -> Iterator[Setting]:
    audit = Memory()
    scope = Scope.of(
        azure=tuple(azurite.accounts),
        endpoints={"azure": azurite.endpoints()},
        ca=azurite.ca,
        budget=Budget(requests_per_second=10_000),
    )
    with Net(scope, owners={"azure": STORAGE.owner}, audit=audit, limits=QUICK) as net:
        yield Setting(azurite, net, audit)


def sas(
    token: str, path: str = "", *, account: str = ACCOUNT, service: str = "blob", host: str = ""
) -> Credential:
    """Return what the detector and the decoder make of a link."""
    host = host or f"{account}.{service}.core.windows.net"
    return found("sas", f"https://{host}/{quote(path)}?{token}", parse_qs(token)["sig"][0])


def found(kind: str, text: str, secret: str, **context: str) -> Credential:
    sighting = Sighting(
        rule=f"azure-{kind}",
        provider="azure",
        kind=kind,
        text=Secret(text),
        secret=Secret(secret),
        context=context,
        spot=Spot("README.md", 1, 1),
    )
    grant = PLUGIN.decode(sighting, datetime.now(UTC))
    assert grant is not None
    return Credential(grant=grant, text=sighting.text, secret=sighting.secret, context=context, kind=kind)


def open_address(text: str) -> Credential:
    credential = STORAGE.target(text)
    assert credential is not None
    return credential


def account_sas(
    key: str, permission: str = "rl", srt: str = "sco", services: str = "b", **options: object
) -> str:
    return generate_account_sas(
        str(options.pop("account", ACCOUNT)),
        key,
        ResourceTypes.from_string(srt),
        AccountSasPermissions.from_string(permission),
        options.pop("expiry", NOW + HOUR),
        services=Services.from_string(services),
        **options,
    )


def container_sas(
    key: str, container: str = "models", permission: str | None = "rl", **options: object
) -> str:
    if permission is not None:
        options.setdefault("expiry", NOW + HOUR)
    return generate_container_sas(
        str(options.pop("account", ACCOUNT)), container, account_key=key, permission=permission, **options
    )


def blob_sas(key: str, blob: str, container: str = "models", permission: str = "r", **options: object) -> str:
    options.setdefault("expiry", NOW + HOUR)
    return generate_blob_sas(ACCOUNT, container, blob, account_key=key, permission=permission, **options)


def connection_string(key: str, account: str = ACCOUNT) -> Credential:
    text = f"DefaultEndpointsProtocol=https;AccountName={account};AccountKey={key};EndpointSuffix=core.windows.net"
    return found("account_key", text, key)
