"""Signed links, Firebase download links, and plain addresses.

Sources: cloud.google.com/storage/docs/authentication/canonical-requests (version 4), …/signed-urls-v2,
…/docs/request-endpoints, firebase.google.com/docs/storage/web/download-files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import unquote

from tidegate.model.grant import Grant, Permission, Scope, Validity
from tidegate.providers._link import Link, names
from tidegate.providers._seal import facts_of, in_order
from tidegate.providers._time import after, epoch, instant, lifetime_words, validity
from tidegate.providers.gcs.revocation import REVOCATIONS
from tidegate.records import dataclass

LONGEST_V4 = timedelta(days=7)

HARMLESS = frozenset(
    names(
        "x-goog-algorithm x-goog-credential x-goog-date x-goog-expires x-goog-signedheaders googleaccessid "
        "expires alt generation response-content-disposition response-content-type prefix delimiter uploads"
    )
)
"""What a report may show of a signed link."""

_API_HOSTS = (
    "storage.googleapis.com",
    "www.googleapis.com",
    "commondatastorage.googleapis.com",
    "storage.cloud.google.com",
    "storage-download.googleapis.com",
    "firebasestorage.googleapis.com",
    "storage.mtls.googleapis.com",
)
_BUCKET = r"(?P<bucket>[a-z0-9][a-z0-9._-]{1,221})"
_BUCKET_HOST = re.compile(rf"{_BUCKET}\.(?:storage|commondatastorage|storage-download)\.googleapis\.com")
_REGIONAL = re.compile(
    r"(?:(?P<bucket>[a-z0-9][a-z0-9._-]{1,221})\.)?storage\.[a-z0-9-]+\.rep\.googleapis\.com"
)
_FIREBASE_HOST = re.compile(r"(?P<bucket>[a-z0-9][a-z0-9._-]{1,221}\.firebasestorage\.app)")
_JSON_API = re.compile(
    r"(?:(?:download|upload)/)?(?:storage/v1|v0)/b/(?P<bucket>[^/]+)(?:/o(?:/(?P<key>.*))?)?", re.DOTALL
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """What the address part of a link says."""

    endpoint: str | None = None
    bucket: str | None = None
    key: str | None = None
    known: bool = False
    """The host is one of Google's."""


def read_address(link: Link) -> Address:
    """Read a path-style, virtual-hosted, JSON or Firebase address; an unknown host is a bucket of its own."""
    if link.scheme == "gs" and link.host:
        return Address(bucket=link.host, key=link.path or None, known=True)
    if (called := _JSON_API.fullmatch(link.path)) and (link.host in _API_HOSTS or not link.host):
        key = called["key"]
        return Address(
            endpoint=link.endpoint, bucket=called["bucket"], key=unquote(key) if key else None, known=True
        )
    for pattern in (_BUCKET_HOST, _REGIONAL, _FIREBASE_HOST):
        found = pattern.fullmatch(link.host)
        if found and found["bucket"]:
            return Address(endpoint=link.endpoint, bucket=found["bucket"], key=link.path or None, known=True)
        if found:
            return _path_style(link, known=True)
    if link.host in _API_HOSTS or not link.host:
        return _path_style(link, known=link.host in _API_HOSTS)
    return Address(endpoint=link.endpoint, key=link.path or None)


def signed_v4(link: Link, now: datetime) -> Grant | None:
    """Return the grant of a version 4 link, or `None` without its signature."""
    if not link.get("x-goog-signature"):
        return None
    signer, _, scope = link.get("x-goog-credential").partition("/")
    starts_at = instant(link.get("x-goog-date"))
    expires_at = after(starts_at, link.get("x-goog-expires"))
    warnings = list(link.contradictions())
    if starts_at is None or expires_at is None:
        warnings.append("X-Goog-Date or X-Goog-Expires is missing or cannot be read; when it ends is unknown")
    elif expires_at - starts_at > LONGEST_V4:
        warnings.append("X-Goog-Expires is above the 7 days that Google allows")
    facts = {
        "X-Goog-Algorithm": link.get("x-goog-algorithm"),
        "X-Goog-Date": link.get("x-goog-date"),
        "X-Goog-Expires": link.get("x-goog-expires"),
        "X-Goog-SignedHeaders": link.get("x-goog-signedheaders"),
        "credential_scope": scope,
    }
    return _signed(
        link, now, signer=signer, starts_at=starts_at, expires_at=expires_at, facts=facts, warnings=warnings
    )


def signed_v2(link: Link, now: datetime) -> Grant | None:
    """Return the grant of a version 2 link, or `None` without its signature. It has no longest life."""
    signer = link.get("googleaccessid")
    if not signer or not link.get("signature"):
        return None
    expires_at = epoch(link.get("expires")) if link.has("expires") else None
    warnings = list(link.contradictions())
    if expires_at is None:
        warnings.append("Expires is missing or no time; when it ends is unknown")
    elif expires_at - now > timedelta(days=365):
        warnings.append(f"it still lives {lifetime_words(now, expires_at)}")
    facts = {"Expires": link.get("expires"), "signature_version": "2"}
    return _signed(
        link, now, signer=signer, starts_at=None, expires_at=expires_at, facts=facts, warnings=warnings
    )


def _signed(
    link: Link,
    now: datetime,
    *,
    signer: str,
    starts_at: datetime | None,
    expires_at: datetime | None,
    facts: Mapping[str, str],
    warnings: list[str],
) -> Grant:
    address = read_address(link)
    rights = in_order(_permissions(link, address))
    if Permission.UNKNOWN in rights:
        warnings.append("the link does not say for which method it was signed; it may be one that writes")
    return Grant(
        provider="gcp",
        kind="signed_url",
        account=signer or None,
        container=address.bucket,
        key=address.key,
        endpoint=address.endpoint,
        scope=_scope(address),
        services=("gcs",),
        permissions=rights,
        matrix={"gcs": rights},
        starts_at=starts_at,
        expires_at=expires_at,
        protocols=("https", "http"),
        signer=signer or None,
        validity=validity(starts_at, expires_at, now),
        revocation=REVOCATIONS["signed_url"],
        facts=facts_of(facts),
        warnings=tuple(warnings),
    )


def firebase_token(link: Link) -> Grant | None:
    """Return the grant of a Firebase download link: one object, to read, for ever."""
    address = read_address(link)
    if not link.get("token") or address.bucket is None:
        return None
    return Grant(
        provider="gcp",
        kind="download_token",
        account=None,
        container=address.bucket,
        key=address.key,
        endpoint=address.endpoint,
        scope=_scope(address),
        services=("gcs",),
        permissions=(Permission.READ,),
        matrix={"gcs": (Permission.READ,)},
        protocols=("https",),
        validity=Validity.UNKNOWN,
        revocation=REVOCATIONS["download_token"],
        facts=facts_of({"alt": link.get("alt"), "never_ends": "yes"}),
        warnings=("a download token never ends by itself, and passes by the bucket's rules",),
    )


def public_url(link: Link) -> Grant | None:
    """Return a plain address as something to ask about; `None` when it names no bucket."""
    address = read_address(link)
    if address.bucket is None:
        return None
    return Grant(
        provider="gcp",
        kind="anonymous",
        container=address.bucket,
        key=address.key,
        endpoint=address.endpoint,
        scope=_scope(address),
        services=("gcs",),
        protocols=("https", "http"),
        validity=Validity.UNKNOWN,
        revocation=REVOCATIONS["anonymous"],
    )


def _permissions(link: Link, address: Address) -> tuple[Permission, ...]:
    """Judge by hints, as the method is signed but not shown; no hint reads as larger."""
    headers = link.get("x-goog-signedheaders").lower().split(";")
    if any(
        each.startswith(("content-", "x-goog-resumable", "x-goog-acl", "x-goog-meta-")) for each in headers
    ):
        return (Permission.WRITE,)
    if link.has("uploadid") or link.has("upload_id") or link.has("uploads") or link.has("partnumber"):
        return (Permission.WRITE,)
    if any(name.startswith("response-") for name in link.values):
        return (Permission.READ,)
    if address.key is None and address.bucket is not None:
        return (Permission.LIST, Permission.UNKNOWN)
    return (Permission.READ, Permission.UNKNOWN)


def _path_style(link: Link, *, known: bool) -> Address:
    first, _, rest = link.path.partition("/")
    return Address(endpoint=link.endpoint, bucket=first or None, key=rest or None, known=known)


def _scope(address: Address) -> Scope:
    if address.key:
        return Scope.OBJECT
    return Scope.CONTAINER if address.bucket or address.endpoint else Scope.UNKNOWN
