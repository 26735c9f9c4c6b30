"""The text that a SAS signs, for every kind and version: to sign with a key, and to tell which key signed.

Who holds an account's two keys can tell offline which of them made a leaked link (or neither), and so
which to rotate. Sources: learn.microsoft.com/rest/api/storageservices/create-account-sas,
…/create-service-sas, …/create-user-delegation-sas, each "Specify the signature" by version. Checked in the
tests against the signatures that Azure's own Python libraries make.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

RESPONSE = ("rscc", "rscd", "rsce", "rscl", "rsct")
_DELEGATION = ("skoid", "sktid", "skt", "ske", "sks", "skv")

_WITH_PREFIX = "2015-02-21"
"""From this version on the resource begins with `/blob`, `/file`, `/queue` or `/table`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is signed beside the parameters of the token: it stands in the rest of the link."""

    account: str
    service: str = "blob"
    """`blob`, `file`, `queue`, `table`."""
    path: str = ""
    """Decoded, without leading slash: `container/directory/name`."""
    snapshot: str = ""
    """Value of `snapshot` or `versionid`, for `sr=bs` and `sr=bv`."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Values of the request headers that `srh` names."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Values of the request parameters that `srq` names."""


def string_to_sign(params: Mapping[str, str], target: Target) -> str:
    """Return the text whose HMAC is the signature. `params`: the token's, decoded, names in lower case."""
    if "ss" in params or "srt" in params:
        return _account(params, target)
    if "skoid" in params:
        return _delegated(params, target)
    if target.service == "queue":
        return _lines(*_head(params, target), *_tail(params))
    if target.service == "table":
        keys = _values(params, "spk", "srk", "epk", "erk")
        return _lines(*_head(params, target), *_tail(params), *keys)
    return _blob_or_file(params, target)


def sign(text: str, key: str) -> str:
    """Return the signature as it stands in `sig`, not yet percent-encoded.

    Raises `ValueError` when the key is not base64.
    """
    try:
        raw = base64.b64decode(key, validate=True)
    except binascii.Error as error:
        raise ValueError("the key is not base64") from error
    return base64.b64encode(hmac.new(raw, text.encode(), hashlib.sha256).digest()).decode("ascii")


def signed_by(params: Mapping[str, str], target: Target, key: str) -> bool:
    """Tell whether this key made the token's `sig`. For a user delegation SAS, it is the delegation key."""
    expected = sign(string_to_sign(params, target), key)
    return hmac.compare_digest(expected.encode(), params.get("sig", "").encode())


def _account(params: Mapping[str, str], target: Target) -> str:
    fields = [target.account, *_values(params, "sp", "ss", "srt", "st", "se", "sip", "spr", "sv")]
    if params.get("sv", "") >= "2020-12-06":
        fields.append(params.get("ses", ""))
    return _lines(*fields, "")


def _head(params: Mapping[str, str], target: Target) -> tuple[str, ...]:
    return (*_values(params, "sp", "st", "se"), resource(params, target), params.get("si", ""))


def _tail(params: Mapping[str, str]) -> tuple[str, ...]:
    """Return what follows the policy: range and protocol since 2015-04-05, version since 2012-02-12."""
    version = params.get("sv", "")
    if version >= "2015-04-05":
        return _values(params, "sip", "spr", "sv")
    return (version,) if version >= "2012-02-12" else ()


def _blob_or_file(params: Mapping[str, str], target: Target) -> str:
    version = params.get("sv", "")
    fields = [*_head(params, target), *_tail(params)]
    if target.service == "blob" and version >= "2018-11-09":
        fields += [params.get("sr", ""), target.snapshot]
        if version >= "2020-12-06":
            fields.append(params.get("ses", ""))
    if version >= "2013-08-15":
        fields += _values(params, *RESPONSE)
    return _lines(*fields)


def _delegated(params: Mapping[str, str], target: Target) -> str:
    version = params.get("sv", "")
    fields = [*_values(params, "sp", "st", "se"), resource(params, target), *_values(params, *_DELEGATION)]
    if target.service == "blob" and version >= "2020-02-10":
        fields += _values(params, "saoid", "suoid", "scid")
    if target.service != "blob" or version >= "2025-07-05":
        fields += _values(params, "skdutid", "sduoid")
    fields += _values(params, "sip", "spr", "sv")
    if target.service == "table":
        return _lines(*fields, *_values(params, "spk", "srk", "epk", "erk"))
    if target.service == "queue":
        return _lines(*fields)
    if target.service == "blob":
        fields += [params.get("sr", ""), target.snapshot]
        if version >= "2020-12-06":
            fields.append(params.get("ses", ""))
        if version >= "2026-04-06":
            fields += [_signed_headers(target.headers), _signed_parameters(target.parameters)]
    return _lines(*fields, *_values(params, *RESPONSE))


def resource(params: Mapping[str, str], target: Target) -> str:
    """Return the canonical name of what is signed: `/blob/account/container/name`, without trailing slash.

    It goes as deep as `sr` says: to the container, to the directory's depth, or to the object.
    """
    parts = target.path.strip("/").split("/")
    match params.get("sr", ""):
        case "c" | "s":
            parts = parts[:1]
        case "d":
            depth = params.get("sdd", "")
            parts = parts[: 1 + int(depth)] if depth.isascii() and depth.isdigit() else parts
        case _:
            parts = parts[:1] if target.service in ("queue", "table") else parts
    if target.service == "table":
        parts = [(params.get("tn") or parts[0]).lower()]
    prefix = [target.service] if params.get("sv", "") >= _WITH_PREFIX else []
    return "/" + "/".join([*prefix, target.account, *parts])


def _signed_headers(values: Mapping[str, str]) -> str:
    """Each header ends its line. Measured on what the libraries sign."""
    return "".join(f"{name}:{value}\n" for name, value in values.items())


def _signed_parameters(values: Mapping[str, str]) -> str:
    """Each parameter begins a new line, unlike headers. Measured on what the libraries sign."""
    return "".join(f"\n{name}:{value}" for name, value in values.items())


def _values(params: Mapping[str, str], *names: str) -> tuple[str, ...]:
    return tuple(params.get(name, "") for name in names)


def _lines(*fields: str) -> str:
    return "\n".join(fields)
