"""Whether a request may do what it asks: signatures are recomputed, dates, letters and levels compared.

The text to sign is that of `providers.azure.canonical`; the tests hold it against the signatures that Azure's
own library makes. Sources: see there, and learn.microsoft.com/rest/api/storageservices/create-account-sas,
"Account SAS permissions by operation".
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto

from tidegate.lab.account import Account
from tidegate.lab.container import Container
from tidegate.lab.listing import http_date
from tidegate.lab.others import LETTERS
from tidegate.lab.refusals import Refusal
from tidegate.providers.azure.canonical import Target, sign, string_to_sign


class Operation(Enum):
    """What is asked."""

    LIST_CONTAINERS = auto()
    """Shares and queues, too."""
    LIST_TABLES = auto()
    LIST_BLOBS = auto()
    READ_BLOB = auto()
    CONTAINER_PROPERTIES = auto()
    CONTAINER_ACL = auto()
    SERVICE_PROPERTIES = auto()
    ACCOUNT_INFORMATION = auto()


_NEEDS: Mapping[Operation, tuple[str, str]] = {
    Operation.LIST_CONTAINERS: ("s", "l"),
    Operation.LIST_TABLES: ("c", "l"),
    Operation.LIST_BLOBS: ("c", "l"),
    Operation.READ_BLOB: ("o", "r"),
    Operation.CONTAINER_PROPERTIES: ("c", "r"),
    Operation.SERVICE_PROPERTIES: ("s", "r"),
    Operation.ACCOUNT_INFORMATION: ("", "r"),
}
"""Level (`srt`; empty: any) and letter that an account SAS needs. No SAS reads a container's ACL."""

# A service SAS has no part in what concerns the container itself, or the account.
_OF_A_CONTAINER = {Operation.LIST_BLOBS, Operation.READ_BLOB, Operation.ACCOUNT_INFORMATION}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request, as far as access depends on it."""

    operation: Operation
    service: str = "blob"
    """A key of `others.LETTERS`."""
    path: str
    """Decoded: `container/name`, empty for the account."""
    container: Container | None
    """`None` where the path names none, or none that there is."""
    parameters: Mapping[str, str]
    """The query, decoded, names in lower case."""
    https: bool
    address: str
    """Where the request comes from."""


def check_sas(account: Account, asked: Asked, now: datetime) -> None:
    """Raise `Refusal` unless the shared access signature permits what is asked."""
    params = asked.parameters
    _check_signature(account, asked)
    _check_dates(params, now)
    if params.get("spr") == "https" and not asked.https:
        raise Refusal("AuthorizationProtocolMismatch")
    if params.get("sip") and not _within(asked.address, params["sip"]):
        raise Refusal("AuthorizationSourceIPMismatch")
    if asked.operation not in _NEEDS:
        raise Refusal("AuthorizationFailure")
    level, letter = _NEEDS[asked.operation]
    if "ss" in params or "srt" in params:
        if LETTERS[asked.service] not in params.get("ss", ""):
            raise Refusal("AuthorizationServiceMismatch")
        if level not in params.get("srt", ""):
            raise Refusal("AuthorizationResourceTypeMismatch")
    elif asked.operation not in _OF_A_CONTAINER:
        raise Refusal("AuthorizationFailure")
    if letter not in params.get("sp", ""):
        raise Refusal("AuthorizationPermissionMismatch")


def check_anonymous(account: Account, asked: Asked) -> None:
    """Raise `Refusal` unless anyone may do what is asked. Private and absent are refused alike."""
    if not account.public_allowed:
        raise Refusal("PublicAccessNotPermitted")
    open_to = asked.container.public if asked.container else ""
    reads = asked.operation is Operation.READ_BLOB
    lists = asked.operation in (Operation.LIST_BLOBS, Operation.CONTAINER_PROPERTIES)
    if not ((reads and open_to) or (lists and open_to == "container")):
        raise Refusal("ResourceNotFound")


def _check_signature(account: Account, asked: Asked) -> None:
    params = asked.parameters
    text = string_to_sign(params, Target(account=account.name, service=asked.service, path=asked.path))
    given = params.get("sig", "").encode()
    if not any(hmac.compare_digest(sign(text, key).encode(), given) for key in account.keys):
        raise Refusal("AuthenticationFailed", f"Signature did not match. String to sign used was {text}")


def _check_dates(params: Mapping[str, str], now: datetime) -> None:
    start, end = (_instant(params.get(name, "")) for name in ("st", "se"))
    if end is None or (params.get("st") and start is None):
        raise Refusal("AuthenticationFailed", "Signature fields not well formed.")
    if now >= end or (start is not None and now < start):
        begins = f"Start [{http_date(start)}] - " if start else ""
        raise Refusal(
            "AuthenticationFailed",
            f"Signature not valid in the specified time frame: {begins}Expiry [{http_date(end)}]"
            f" - Current [{http_date(now)}]",
        )


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _within(address: str, allowed: str) -> bool:
    first, _, last = allowed.partition("-")
    try:
        low, high = ipaddress.IPv4Address(first), ipaddress.IPv4Address(last or first)
        return low <= ipaddress.IPv4Address(address) <= high
    except ValueError:
        return False
