"""Access keys, CloudFront links and plain addresses.

Sources: docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html ("Unique identifiers"),
…/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-canned-policy.html and
…-custom-policy.html.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tidegate.model.grant import Grant, Permission, Scope, Validity
from tidegate.providers._link import Link, read_link
from tidegate.providers._seal import facts_of
from tidegate.providers._time import epoch, validity
from tidegate.providers.s3.forms import read_policy
from tidegate.providers.s3.hosts import read_address, service_of_endpoint
from tidegate.providers.s3.revocation import REVOCATIONS


def account_of_key_id(key_id: str) -> str | None:
    """Return the 12 digits of the AWS account that newer key ids carry; `None` for others.

    The account number stands in bits 7 to 46 of what the id encodes in base32 after its first four
    letters; ids made before 2019 begin differently and hold none.
    """
    if not re.fullmatch(r"A[KS]IA[Q-Z2-7][A-Z2-7]{15}", key_id):
        return None
    try:
        raw = base64.b32decode(key_id[4:])
    except binascii.Error:
        return None
    number = (int.from_bytes(raw[:6], "big") & 0x7FFFFFFFFF80) >> 7
    return f"{number:012d}" if number < 10**12 else None


def access_key(context: Mapping[str, str]) -> Grant:
    """Return the grant of a key pair: whatever its owner may do, signing further links included."""
    key_id = context.get("key_id", "")
    near = service_of_endpoint(context.get("endpoint", "")) or service_of_endpoint(
        context.get("provider", "")
    )
    amazon = re.fullmatch(r"A[KS]IA[A-Z0-9]{12,}", key_id) is not None
    provider, service = near or (("aws", "Amazon") if amazon else ("other", "S3-compatible"))
    if amazon and provider != "gcp":
        provider = "aws" if near is None or near[0] == "aws" else near[0]
    session = key_id.startswith("ASIA") or bool(context.get("session_token"))
    warnings = ["what it permits depends on the rights of its owner, which the key does not tell"]
    if session:
        warnings.append("it belongs to a session and ends by itself within 36 hours of its making")
        if not context.get("session_token"):
            warnings.append("it only works together with its session token, which was not seen beside it")
    if not key_id:
        warnings.append("the key id it belongs to is not known")
    endpoint = context.get("endpoint", "")
    address = read_address(read_link(endpoint)) if "." in endpoint else None
    return Grant(
        provider=provider,
        kind="access_key",
        account=key_id or None,
        container=context.get("bucket") or None,
        endpoint=(address.endpoint if address else None) or endpoint or None,
        scope=Scope.ACCOUNT,
        services=("s3",),
        permissions=(Permission.MINT, Permission.ADMIN),
        matrix={"s3": (Permission.MINT, Permission.ADMIN)},
        signer=key_id or None,
        validity=Validity.UNKNOWN,
        revocation=REVOCATIONS["access_key_session" if session else "access_key"],
        facts=facts_of(
            {
                "key_id": key_id,
                "service": service,
                "aws_account": account_of_key_id(key_id) or "",
                "session": "yes" if session else "",
                "session_token": "seen" if context.get("session_token") else "",
            }
        ),
        warnings=tuple(warnings),
    )


def access_key_id(key_id: str) -> Grant:
    """Return the grant of a key id without its secret: nothing, but it names whose key is in use."""
    return Grant(
        provider="aws",
        kind="access_key_id",
        account=key_id or None,
        scope=Scope.UNKNOWN,
        services=("s3",),
        signer=key_id or None,
        validity=Validity.UNKNOWN,
        revocation=REVOCATIONS["access_key"],
        facts=facts_of({"key_id": key_id, "aws_account": account_of_key_id(key_id) or ""}),
        warnings=("a key id alone opens nothing; look for its secret beside it and in the history",),
    )


def cloudfront(link: Link, now: datetime) -> Grant | None:
    """Return the grant of a CloudFront signed link: canned (`Expires`) or custom (`Policy`)."""
    if not link.get("signature") or not (link.has("key-pair-id") or link.has("policy")):
        return None
    warnings = list(link.contradictions())
    resource, starts_at, ip_range = "", None, ""
    expires_at = epoch(link.get("expires")) if link.has("expires") else None
    if link.has("policy"):
        resource, starts_at, expires_at, ip_range = _custom(read_policy(link.get("policy")) or {})
        if not resource:
            warnings.append("its policy cannot be read; how much it opens is unknown")
    elif expires_at is None:
        warnings.append("Expires is missing or no time; when it ends is unknown")
    scope = _scope(resource, custom=link.has("policy"))
    shown = read_link(resource).path if resource and scope is not Scope.OBJECT else link.path
    return Grant(
        provider="aws",
        kind="signed_url",
        account=link.get("key-pair-id") or None,
        container=link.host or None,
        key=shown or None,
        endpoint=link.endpoint,
        scope=scope,
        services=("cloudfront",),
        permissions=(Permission.READ,),
        matrix={"cloudfront": (Permission.READ,)},
        starts_at=starts_at,
        expires_at=expires_at,
        protocols=("https", "http"),
        ip_range=ip_range or None,
        signer=link.get("key-pair-id") or None,
        validity=validity(starts_at, expires_at, now),
        revocation=REVOCATIONS["signed_url"],
        facts=facts_of(
            {"Expires": link.get("expires"), "Resource": resource, "Key-Pair-Id": link.get("key-pair-id")}
        ),
        warnings=tuple(warnings),
    )


def public_url(link: Link) -> Grant | None:
    """Return a plain address as something to ask about; `None` when it names no bucket."""
    address = read_address(link)
    if address.bucket is None:
        return None
    return Grant(
        provider=address.provider,
        kind="anonymous",
        container=address.bucket,
        key=address.key,
        endpoint=address.endpoint,
        scope=Scope.OBJECT if address.key else Scope.CONTAINER,
        services=("s3",),
        protocols=("https", "http"),
        validity=Validity.UNKNOWN,
        revocation=REVOCATIONS["anonymous"],
        facts=facts_of({"service": address.service or "", "region": address.region or ""}),
    )


def _custom(policy: Mapping[str, Any]) -> tuple[str, datetime | None, datetime | None, str]:
    """Return (resource, start, end, address range) of the first statement."""
    statements = policy.get("Statement")
    first = statements[0] if isinstance(statements, list) and statements else statements
    if not isinstance(first, dict):
        return "", None, None, ""
    condition = first.get("Condition")
    condition = condition if isinstance(condition, dict) else {}
    return (
        str(first.get("Resource", "")),
        _when(condition.get("DateGreaterThan")),
        _when(condition.get("DateLessThan")),
        str(_inside(condition.get("IpAddress"), "AWS:SourceIp") or "")
        .removesuffix("/32")
        .replace("0.0.0.0/0", ""),
    )


def _when(value: Any) -> datetime | None:
    seconds = _inside(value, "AWS:EpochTime")
    return None if seconds is None else epoch(str(seconds))


def _inside(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _scope(resource: str, *, custom: bool) -> Scope:
    """Judge how wide a resource with wildcards is; one that cannot be read is unknown."""
    if not custom:
        return Scope.OBJECT
    if not resource:
        return Scope.UNKNOWN
    before = resource.partition("*")[0].partition("?")[0]
    if before == resource or ("?" in resource and "*" not in resource):
        return Scope.OBJECT
    if "*" not in resource.partition("?")[0]:
        return Scope.OBJECT  # only the query is free
    path = read_link(before).path if "://" in before else ""
    return Scope.DIRECTORY if "/" in path else Scope.CONTAINER
