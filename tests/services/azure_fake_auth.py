"""Does the service let it in? SAS checked the way Azure Storage does, from the documentation of its fields.

Written for the tests alone, for versions of 2020-12-06 to 2025-05-05: the code under test must not judge itself.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from services.azure_fake_state import Account, Container

FAILED = "Server failed to authenticate the request."
RESPONSE = ("rscc", "rscd", "rsce", "rscl", "rsct")
UNDELEGATED = ("sp", "st", "se")


class RefusedRequestError(Exception):
    """The service says no, in its own words."""

    def __init__(self, status: int, code: str, message: str, detail: str = "") -> None:
        super().__init__(code)
        self.status, self.code, self.message, self.detail = status, code, message, detail


@dataclass(frozen=True)
class Wanted:
    """What a request is for."""

    service: str
    level: str
    """`s`, `c` or `o`, as in `srt`."""
    letter: str
    """What `sp` must hold."""
    container: str = ""
    path: str = ""


def admit(account: Account, wanted: Wanted, query: Mapping[str, str], address: str) -> None:
    """Return when the request may go on. Raises `RefusedRequestError`."""
    if account.firewall:
        raise RefusedRequestError(
            403, "AuthorizationFailure", "This request is not authorized to perform this operation."
        )
    if "sig" not in query:
        _anyone(account, wanted)
        return
    if "skoid" not in query and not account.shared_key:
        raise RefusedRequestError(
            403,
            "KeyBasedAuthenticationNotPermitted",
            "Key based authentication is not permitted on this storage account.",
        )
    policy = _policy(account, wanted, query)
    text, key = _text_and_key(account, wanted, query)
    if key is None or not hmac.compare_digest(_signed(text, key), query["sig"]):
        raise RefusedRequestError(
            403, "AuthenticationFailed", FAILED, f"Signature did not match. String to sign used was {text}"
        )
    if "sduoid" in query:  # the user it is bound to would have to sign in beside it
        raise RefusedRequestError(403, "AuthenticationFailed", FAILED)
    held = {name: query.get(name) or policy.get(name, "") for name in UNDELEGATED}
    _in_time(held)
    _from_here(query.get("sip", ""), address)
    _permitted(wanted, query, held["sp"])
    if account.failing:
        raise RefusedRequestError(500, "InternalError", "Server encountered an internal error.")


def _anyone(account: Account, wanted: Wanted) -> None:
    if not account.public_access:
        raise RefusedRequestError(
            409, "PublicAccessNotPermitted", "Public access is not permitted on this storage account."
        )
    container = account.containers.get(wanted.container, Container())
    if wanted.service == "blob" and (
        container.public == "container" or (container.public == "blob" and wanted.level == "o")
    ):
        return
    if account.newer:
        raise RefusedRequestError(
            401,
            "NoAuthenticationInformation",
            "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
        )
    raise RefusedRequestError(404, "ResourceNotFound", "The specified resource does not exist.")


def _policy(account: Account, wanted: Wanted, query: Mapping[str, str]) -> Mapping[str, str]:
    if "si" not in query:
        return {}
    container = account.containers.get(wanted.container, Container())
    if query["si"] not in container.policies:
        detail = "SAS identifier cannot be found for specified signed identifier"
        raise RefusedRequestError(403, "AuthenticationFailed", FAILED, detail)
    return container.policies[query["si"]]


def _text_and_key(account: Account, wanted: Wanted, query: Mapping[str, str]) -> tuple[str, str | None]:
    def values(*names: str) -> list[str]:
        return [query.get(name, "") for name in names]

    if "ss" in query:
        fields = [account.name, *values("sp", "ss", "srt", "st", "se", "sip", "spr", "sv", "ses"), ""]
        return "\n".join(fields), account.key1
    place = _canonical(account, wanted, query)
    if "skoid" in query:
        fields = [*values("sp", "st", "se"), place, *values("skoid", "sktid", "skt", "ske", "sks", "skv")]
        fields += [*values("saoid", "suoid", "scid", "sip", "spr", "sv", "sr"), "", query.get("ses", "")]
        return "\n".join([*fields, *values(*RESPONSE)]), account.delegation_keys.get(query["skoid"])
    fields = [*values("sp", "st", "se"), place, *values("si", "sip", "spr", "sv")]
    if wanted.service == "blob":
        fields += [
            query.get("sr", ""),
            query.get("snapshot", query.get("versionid", "")),
            query.get("ses", ""),
        ]
    return "\n".join([*fields, *values(*RESPONSE)]), account.key1


def _canonical(account: Account, wanted: Wanted, query: Mapping[str, str]) -> str:
    whole = f"/{wanted.service}/{account.name}/{wanted.container}"
    if query.get("sr") in ("c", "s"):
        return whole
    if query.get("sr") == "d":
        return "/".join([whole, *wanted.path.split("/")[: int(query["sdd"])]])
    return f"{whole}/{wanted.path}"


def _signed(text: str, key: str) -> str:
    return base64.b64encode(hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()).decode()


def _in_time(held: Mapping[str, str]) -> None:
    now = datetime.now(UTC)
    start = _instant(held["st"]) if held["st"] else now
    expiry = _instant(held["se"])
    if not start <= now <= expiry:
        shown = [format_datetime(each, usegmt=True) for each in (start, expiry, now)]
        detail = "Start [{}] - Expiry [{}] - Current [{}]".format(*shown)
        raise RefusedRequestError(
            403, "AuthenticationFailed", FAILED, f"Signature not valid in the specified time frame: {detail}"
        )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _from_here(sip: str, address: str) -> None:
    first, _, last = sip.partition("-")
    here = ipaddress.ip_address(address)
    if sip and not ipaddress.ip_address(first) <= here <= ipaddress.ip_address(last or first):
        message = f"This request is not authorized to perform this operation using this source IP {address}."
        raise RefusedRequestError(403, "AuthorizationSourceIPMismatch", message)


def _permitted(wanted: Wanted, query: Mapping[str, str], letters: str) -> None:
    def mismatch(what: str, words: str) -> RefusedRequestError:
        message = f"This request is not authorized to perform this operation using this {words}."
        return RefusedRequestError(403, f"Authorization{what}Mismatch", message)

    if "ss" in query and wanted.service[0] not in query["ss"]:
        raise mismatch("Service", "service")
    if "srt" in query and wanted.level not in query["srt"]:
        raise mismatch("ResourceType", "resource type")
    if wanted.letter not in letters:
        raise mismatch("Permission", "permission")
