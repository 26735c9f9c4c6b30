"""The decoder of Azure: which form a sighting is, and whom to ask."""

from __future__ import annotations

from datetime import datetime

from tidegate.model.grant import Grant
from tidegate.model.sighting import Sighting
from tidegate.providers._decoder import SealedDecoder
from tidegate.providers._link import MASK, Link, cut, read_link, redact_link
from tidegate.providers.azure.account_key import (
    address_of_parts,
    connection_parts,
    key_grant,
    redact_connection,
)
from tidegate.providers.azure.elsewhere import (
    LOGIC_APPS_SHOWN,
    SERVICE_BUS_SHOWN,
    entra_secret,
    is_logic_apps,
    is_service_bus,
    logic_apps,
    public_url,
    service_bus,
)
from tidegate.providers.azure.hosts import read_address
from tidegate.providers.azure.sas import HARMLESS, decode_sas
from tidegate.records import replace

EMULATOR_ACCOUNT = "devstoreaccount1"
"""Source: learn.microsoft.com/azure/storage/common/storage-use-azurite."""


def _decode(sighting: Sighting, now: datetime) -> Grant | None:
    grant = _read(sighting, now)
    if grant is None or grant.account != EMULATOR_ACCOUNT:
        return grant
    local = "it is of the storage emulator's account, whose key everybody knows: it opens nothing in Azure"
    return replace(grant, warnings=(local, *grant.warnings))


def _read(sighting: Sighting, now: datetime) -> Grant | None:
    text, context = sighting.text.reveal(), sighting.context
    if sighting.kind == "entra_secret":
        return entra_secret(context)
    parts = _parts(sighting)
    link = _token(text)
    if sighting.kind == "service_bus" or _messaging(parts) or is_service_bus(link):
        return service_bus(parts, link, now)
    if sighting.kind == "logic_apps" or is_logic_apps(link):
        return logic_apps(link)
    if parts.get("accountkey"):
        return key_grant(sighting.secret.reveal(), address_of_parts(parts, context), parts)
    if parts.get("sharedaccesssignature"):
        return decode_sas(_signature_of(parts), address_of_parts(parts, context), now)
    if sighting.kind == "account_key":
        return key_grant(sighting.secret.reveal(), read_address(read_link(""), context), {})
    if sighting.kind == "public_url":
        return public_url(read_address(link, context))
    return decode_sas(link, read_address(link, context), now)


def _parts(sighting: Sighting) -> dict[str, str]:
    """Return the connection string's parts; empty for links, whose parameters are cut at `&`, not at `;`."""
    text = sighting.text.reveal()
    lower = text.lower()
    names = ("accountkey=", "sharedaccesssignature=", "sharedaccesskey=")
    return connection_parts(text) if any(name in lower for name in names) else {}


def _messaging(parts: dict[str, str]) -> bool:
    return "sharedaccesskey" in parts or (bool(parts.get("endpoint")) and "sharedaccesssignature" in parts)


def _signature_of(parts: dict[str, str]) -> Link:
    return read_link("?" + parts["sharedaccesssignature"].lstrip("?"))


def _token(text: str) -> Link:
    """Return the parameters of `SharedAccessSignature sr=…&sig=…&se=…&skn=…`, or of a link."""
    return read_link(_bare(text))


def _bare(text: str) -> str:
    return text.strip().removeprefix("SharedAccessSignature").strip()


def _redact(sighting: Sighting) -> str:
    text = sighting.text.reveal()
    if sighting.kind == "entra_secret":
        return f"Entra client secret {MASK}"
    parts = _parts(sighting)
    if parts:
        return redact_connection(text)
    if sighting.kind == "account_key":
        account = sighting.context.get("account", "")
        return cut(f"account key {MASK}" + (f" of {account[:63]}" if account else ""))
    if sighting.kind == "service_bus":
        return redact_link(_bare(text), SERVICE_BUS_SHOWN)
    if sighting.kind == "logic_apps":
        return redact_link(text, LOGIC_APPS_SHOWN)
    return redact_link(text, HARMLESS)


DECODER = SealedDecoder("azure", _decode, _redact)
"""Azure Storage's links and keys, and the Azure credentials that are taken for them."""
