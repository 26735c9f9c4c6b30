"""Presigned links, versions 4 and 2.

Sources: docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html, …/RESTAuthentication.html
(version 2).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from tidegate.model.grant import Grant, Permission, Scope
from tidegate.providers._link import Link, names
from tidegate.providers._seal import facts_of, in_order
from tidegate.providers._time import LAST_INSTANT, after, epoch, instant, lifetime_words, validity
from tidegate.providers.s3.hosts import Address, read_address
from tidegate.providers.s3.methods import permissions
from tidegate.providers.s3.revocation import REVOCATIONS

LONGEST_V4 = timedelta(days=7)
"""Amazon refuses a longer `X-Amz-Expires`; other servers do not all do."""
HARMLESS = frozenset(
    names(
        "x-amz-algorithm x-amz-date x-amz-expires x-amz-signedheaders x-amz-content-sha256 x-amz-credential "
        "x-id response-content-disposition response-content-type response-cache-control list-type prefix "
        "delimiter expires versionid partnumber uploads acl awsaccesskeyid key-pair-id"
    )
)
"""What a report may show of a presigned link. Key ids are names, not secrets."""


def presigned_v4(link: Link, now: datetime) -> Grant | None:
    """Return the grant of a version 4 link, or `None` without its signature."""
    if not link.get("x-amz-signature"):
        return None
    key_id, _, scope = link.get("x-amz-credential").partition("/")
    starts_at = instant(link.get("x-amz-date"))
    expires_at = after(starts_at, link.get("x-amz-expires"))
    warnings = list(link.contradictions())
    if starts_at is None:
        warnings.append("X-Amz-Date is missing or no date; when it ends is unknown")
    elif expires_at is None:
        warnings.append(
            "X-Amz-Expires is missing or no number; read as the longest that Amazon allows, 7 days"
        )
        expires_at = _plus(starts_at, LONGEST_V4)
    elif expires_at - starts_at > LONGEST_V4:
        warnings.append("X-Amz-Expires is above the 7 days that Amazon allows")
    session = bool(link.get("x-amz-security-token")) or key_id.startswith("ASIA")
    if session:
        warnings.append("it ends earlier when the session that signed it ends")
    facts = {
        "X-Amz-Algorithm": link.get("x-amz-algorithm"),
        "X-Amz-Date": link.get("x-amz-date"),
        "X-Amz-Expires": link.get("x-amz-expires"),
        "X-Amz-SignedHeaders": link.get("x-amz-signedheaders"),
        "credential_scope": scope,
        "session": "yes" if session else "",
    }
    return _grant(
        link, now, key_id=key_id, starts_at=starts_at, expires_at=expires_at, facts=facts, warnings=warnings
    )


def presigned_v2(link: Link, now: datetime) -> Grant | None:
    """Return the grant of a version 2 link, or `None` without its signature. It has no longest life."""
    key_id = link.get("awsaccesskeyid")
    if not link.get("signature") or not key_id:
        return None
    expires_at = epoch(link.get("expires")) if link.has("expires") else None
    warnings = list(link.contradictions())
    if expires_at is None:
        warnings.append("Expires is missing or no time; when it ends is unknown")
    elif expires_at - now > timedelta(days=365):
        warnings.append(f"it still lives {lifetime_words(now, expires_at)}")
    session = bool(link.get("x-amz-security-token")) or key_id.startswith("ASIA")
    facts = {"Expires": link.get("expires"), "signature_version": "2", "session": "yes" if session else ""}
    return _grant(
        link, now, key_id=key_id, starts_at=None, expires_at=expires_at, facts=facts, warnings=warnings
    )


def _grant(
    link: Link,
    now: datetime,
    *,
    key_id: str,
    starts_at: datetime | None,
    expires_at: datetime | None,
    facts: Mapping[str, str],
    warnings: list[str],
) -> Grant:
    address = read_address(link)
    rights = in_order(permissions(link, address.key))
    if Permission.UNKNOWN in rights:
        warnings.append("the link does not say for which method it was signed; it may be one that writes")
    scope = Scope.OBJECT if address.key else Scope.CONTAINER if address.bucket else Scope.ACCOUNT
    if address.endpoint is None and not address.key:
        scope = Scope.UNKNOWN
    provider = provider_of(address, key_id)
    means = "presigned_session" if facts.get("session") else "presigned_url"
    return Grant(
        provider=provider,
        kind="presigned_url",
        account=key_id or None,
        container=address.bucket,
        key=address.key,
        endpoint=address.endpoint,
        scope=scope,
        services=("s3",),
        permissions=rights,
        matrix={"s3": rights},
        starts_at=starts_at,
        expires_at=expires_at,
        protocols=("https", "http"),
        signer=key_id or None,
        validity=validity(starts_at, expires_at, now),
        # Sessions, and policies with conditions on signatures, are Amazon's alone.
        revocation=REVOCATIONS[means if provider == "aws" else "presigned_elsewhere"],
        facts=facts_of({**facts, "region": address.region or "", "service": address.service or ""}),
        warnings=tuple(warnings),
    )


def provider_of(address: Address, key_id: str) -> str:
    """Name the provider by the host, or where the host is unknown by the shape of the key id."""
    if address.service is not None:
        return address.provider
    if re.fullmatch(r"A[KS]IA[A-Z0-9]{12,}", key_id):
        return "aws"
    return "gcp" if key_id.startswith("GOOG") else "other"


def _plus(start: datetime, life: timedelta) -> datetime:
    try:
        return start + life
    except OverflowError:
        return LAST_INSTANT
