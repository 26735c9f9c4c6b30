"""Signed links of Alibaba Cloud OSS and Tencent Cloud COS.

Sources: help.aliyun.com/zh/oss/developer-reference/ddd-signatures-to-urls (version 1) and
…/add-signatures-to-urls (version 4); cloud.tencent.com/document/product/436/7778.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from tidegate.model.grant import Grant, Permission, Scope
from tidegate.providers._link import Link, names
from tidegate.providers._seal import facts_of
from tidegate.providers._time import after, epoch, instant, lifetime_words, validity
from tidegate.providers.other.revocation import REVOCATIONS

HARMLESS = frozenset(
    names(
        "ossaccesskeyid expires x-oss-credential x-oss-date x-oss-expires x-oss-signature-version "
        "x-oss-additional-headers q-sign-algorithm q-ak q-sign-time q-key-time q-header-list q-url-param-list"
    )
)

_HOST = r"(?:oss-[a-z0-9-]+\.aliyuncs\.com|cos\.[a-z0-9-]+\.(?:myqcloud|tencentcos)\.c(?:om|n))"
_BUCKET_HOST = re.compile(rf"(?P<bucket>[a-z0-9][a-z0-9-]{{1,62}})\.{_HOST}")
_BARE_HOST = re.compile(_HOST)


def alibaba_oss(link: Link, now: datetime) -> Grant | None:
    """Return the grant of an OSS link of version 1 or 4, or `None` without its signature."""
    warnings = list(link.contradictions())
    if link.get("x-oss-signature"):
        key_id = link.get("x-oss-credential").partition("/")[0]
        starts_at = instant(link.get("x-oss-date"))
        expires_at = after(starts_at, link.get("x-oss-expires"))
        facts = {"x-oss-date": link.get("x-oss-date"), "x-oss-expires": link.get("x-oss-expires")}
        session = link.has("x-oss-security-token")
    elif link.get("ossaccesskeyid") and link.get("signature"):
        key_id, starts_at = link.get("ossaccesskeyid"), None
        expires_at = epoch(link.get("expires")) if link.has("expires") else None
        facts = {"Expires": link.get("expires")}
        session = link.has("security-token")
    else:
        return None
    if session:
        warnings.append("it ends earlier when the session that signed it ends")
    return _grant(
        link,
        now,
        service="oss",
        key_id=key_id,
        starts_at=starts_at,
        expires_at=expires_at,
        facts=facts,
        warnings=warnings,
    )


def tencent_cos(link: Link, now: datetime) -> Grant | None:
    """Return the grant of a COS link, or `None` without its signature. Its end is in `q-sign-time`."""
    if not link.get("q-signature"):
        return None
    start, _, end = link.get("q-sign-time").partition(";")
    warnings = list(link.contradictions())
    if link.has("x-cos-security-token"):
        warnings.append("it ends earlier when the session that signed it ends")
    facts = {"q-sign-time": link.get("q-sign-time"), "q-key-time": link.get("q-key-time")}
    return _grant(
        link,
        now,
        service="cos",
        key_id=link.get("q-ak"),
        starts_at=epoch(start),
        expires_at=epoch(end),
        facts=facts,
        warnings=warnings,
    )


def _grant(
    link: Link,
    now: datetime,
    *,
    service: str,
    key_id: str,
    starts_at: datetime | None,
    expires_at: datetime | None,
    facts: Mapping[str, str],
    warnings: list[str],
) -> Grant:
    bucket, key = _bucket_and_key(link)
    rights: tuple[Permission, ...] = (Permission.READ, Permission.UNKNOWN)
    if any(name.startswith("response-") for name in link.values):
        rights = (Permission.READ,)
    else:
        warnings.append("the link does not say for which method it was signed; it may be one that writes")
    if expires_at is None:
        warnings.append("its end is missing or cannot be read")
    elif expires_at - now > timedelta(days=365):
        warnings.append(f"it still lives {lifetime_words(now, expires_at)}")
    return Grant(
        provider="other",
        kind="signed_url",
        account=key_id or None,
        container=bucket,
        key=key,
        endpoint=link.endpoint,
        scope=Scope.OBJECT if key else Scope.CONTAINER if bucket else Scope.UNKNOWN,
        services=(service,),
        permissions=rights,
        matrix={service: rights},
        starts_at=starts_at,
        expires_at=expires_at,
        protocols=("https", "http"),
        signer=key_id or None,
        validity=validity(starts_at, expires_at, now),
        revocation=REVOCATIONS["signed_url"],
        facts=facts_of(facts),
        warnings=tuple(warnings),
    )


def _bucket_and_key(link: Link) -> tuple[str | None, str | None]:
    if found := _BUCKET_HOST.fullmatch(link.host):
        return found["bucket"], link.path or None
    if _BARE_HOST.fullmatch(link.host) or not link.host:
        first, _, rest = link.path.partition("/")
        return first or None, rest or None
    return None, link.path or None
