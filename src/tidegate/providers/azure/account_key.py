"""Account keys, alone or in a connection string.

Source: learn.microsoft.com/azure/storage/common/storage-configure-connection-string.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

from tidegate.errors import UsageError
from tidegate.model.grant import Grant, Scope, Validity
from tidegate.model.secret import Secret
from tidegate.providers._link import MASK, cut, read_link, redact_link
from tidegate.providers._seal import facts_of, in_order
from tidegate.providers.azure.hosts import Address, read_address
from tidegate.providers.azure.identifiable import check
from tidegate.providers.azure.letters import KEY_MATRIX
from tidegate.providers.azure.revocation import REVOCATIONS
from tidegate.providers.azure.sas import HARMLESS

_ENDPOINTS = {
    "blobendpoint": "blob",
    "fileendpoint": "file",
    "queueendpoint": "queue",
    "tableendpoint": "table",
    "dfsendpoint": "blob",
    "blobsecondaryendpoint": "blob",
}
_SHOWN = frozenset(["defaultendpointsprotocol", "accountname", "endpointsuffix", *_ENDPOINTS])
_CHECKED = {True: "valid", False: "invalid", None: "none"}


def connection_parts(text: str) -> dict[str, str]:
    """Return the parts of a connection string, names in lower case; empty when it is none."""
    parts: dict[str, str] = {}
    for piece in re.split(r"[;\r\n]+", text.strip().strip("\"'`")):
        name, equals, value = piece.partition("=")
        if equals:
            parts.setdefault(name.strip().strip("\"'`?").lower(), value.strip())
    return parts


def key_at_hand(account: str, environment: Mapping[str, str]) -> Secret | None:
    """Return an account's key from the variables that Azure's own tools read; `None` without one.

    Raises `UsageError` for one that is no key.
    """
    parts = connection_parts(environment.get("AZURE_STORAGE_CONNECTION_STRING", ""))
    key = parts.get("accountkey", "") if parts.get("accountname", "").lower() == account else ""
    if not key and environment.get("AZURE_STORAGE_ACCOUNT", account).lower() == account:
        key = environment.get("AZURE_STORAGE_KEY", "")
    if not key:
        return None
    try:
        base64.b64decode(key, validate=True)
    except binascii.Error:
        raise UsageError("the account key in the environment is not base64") from None
    return Secret(key)


def address_of_parts(parts: Mapping[str, str], context: Mapping[str, str]) -> Address:
    """Return the account, from its name or from the first endpoint given."""
    named = {
        "account": parts.get("accountname", ""),
        "endpoint_suffix": parts.get("endpointsuffix", ""),
        "endpoint": next((parts[name] for name in _ENDPOINTS if parts.get(name)), ""),
    }
    merged = {**context, **{name: value for name, value in named.items() if value}}
    return read_address(read_link(""), merged)


def key_grant(key: str, address: Address, parts: Mapping[str, str]) -> Grant:
    """Return what an account key permits: everything, for ever, and to make further links."""
    checked = check(key)
    warnings = []
    if checked is False:
        warnings.append("its checksum does not fit: mistyped, cut, or made up")
    if address.account is None:
        warnings.append("the account it belongs to is not known")
    return Grant(
        provider="azure",
        kind="account_key",
        account=address.account,
        endpoint=address.endpoint,
        scope=Scope.ACCOUNT,
        services=tuple(KEY_MATRIX),
        permissions=in_order(right for rights in KEY_MATRIX.values() for right in rights),
        matrix=KEY_MATRIX,
        protocols=("https", "http"),
        validity=Validity.UNKNOWN,
        revocation=REVOCATIONS["account_key"],
        facts=facts_of(
            {
                "key_checksum": _CHECKED[checked],
                "cloud": address.cloud or "",
                "endpoint_suffix": parts.get("endpointsuffix", ""),
            }
        ),
        warnings=tuple(warnings),
    )


def redact_connection(text: str) -> str:
    """Return the connection string with every value replaced that is not a plain name or address."""
    shown = []
    for name, value in connection_parts(text).items():
        if name == "sharedaccesssignature":
            shown.append(f"{name}={redact_link('?' + value.lstrip('?'), HARMLESS)}")
        elif name in _ENDPOINTS:
            shown.append(f"{name}={redact_link(value, HARMLESS)}")
        else:
            shown.append(f"{name[:30]}={value[:100] if name in _SHOWN else MASK}")
    return cut(
        ";".join(
            _NAMES.get(each.partition("=")[0], each.partition("=")[0]) + "=" + each.partition("=")[2]
            for each in shown
        )
    )


_NAMES = {
    name.lower(): name
    for name in (
        "DefaultEndpointsProtocol",
        "AccountName",
        "AccountKey",
        "EndpointSuffix",
        "BlobEndpoint",
        "FileEndpoint",
        "QueueEndpoint",
        "TableEndpoint",
        "SharedAccessSignature",
        "SharedAccessKeyName",
        "SharedAccessKey",
        "EntityPath",
        "Endpoint",
    )
}
"""The spelling of the documentation, for output."""
