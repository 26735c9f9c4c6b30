"""Where a bucket is: its service's host, its region, and on which side of the slash its name stands."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from tidegate.model.grant import Grant
from tidegate.net.message import Sends
from tidegate.providers.s3.hosts import match_host

AMAZON = "s3.amazonaws.com"
"""The address without a region: it knows where every bucket of the main partition is."""
FIRST_REGION = "us-east-1"
"""What Amazon's address without a region is signed for, and what most other services accept."""
PARTITIONS = (
    (AMAZON, FIRST_REGION),
    ("s3.cn-north-1.amazonaws.com.cn", "cn-north-1"),
    ("s3.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
    ("s3.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"),
)
"""Host and region of each public partition: a key of one is unknown to the others, in the same words as a
deleted one. Source: docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html."""

_LABEL = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
"""Buckets that may stand in a host name: the certificates cover no dots."""
_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]+){1,3}-\d{1,2}")
_PLAIN = re.compile(r"s3(?:[.-][a-z0-9-]+)?\.(amazonaws\.com(?:\.cn)?|amazonaws\.eu)")
_WEBSITE = re.compile(r"s3-website[.-](?P<region>[a-z0-9-]+)\.(?P<suffix>amazonaws\.com(?:\.cn)?)")
_BEFORE_ONLY = re.compile(
    r"s3-accesspoint.*|s3-object-lambda.*|s3-accelerate.*|s3express-.*|r2\.dev|.*\.cdn\.digitaloceanspaces\.com"
)
"""Services that know buckets by their host only."""


class Root(NamedTuple):
    """Where requests to a bucket, or to the service, begin."""

    url: str
    """Without a slash at its end."""
    host: str | None
    """`Host` header, given only to an endpoint of the scope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A service that holds buckets."""

    host: str = AMAZON
    """Without a bucket; with its port, where it has one of its own."""
    region: str = FIRST_REGION
    """What signatures of keys are made for."""
    provider: str = "s3"
    """In whose part of the scope the bucket stands: `s3`, or `gcs` for Google's S3-like addresses."""
    told: bool = False
    """The text named it; else it is Amazon's by default."""

    def moved(self, region: str) -> Where | None:
        """Return the same service in another region; `None` where there is nothing to move.

        Only Amazon's own host changes, and only to another one of Amazon's: a redirect is never followed.
        """
        if region == self.region or _REGION.fullmatch(region) is None:
            return None
        plain = _PLAIN.fullmatch(self.host)
        return replace(self, region=region, host=f"s3.{region}.{plain[1]}" if plain else self.host)

    def root(self, net: Sends, name: str, bucket: str) -> Root:
        """Return where requests begin. name: what must be in scope; bucket: empty for the service itself.

        Raises `OutOfScopeError`. An endpoint of the scope is asked by its own name, with the bucket in the
        path: that every server understands.
        """
        before = bool(bucket) and self._stands_before(bucket)
        asked = f"{bucket}.{self.host}" if before else self.host
        base = net.base(self.provider, name, self.provider, asked)
        if base.host is None:
            return Root(
                base.url
                if before or not bucket
                else f"{base.url}/{quote(bucket, safe='', errors='replace')}",
                None,
            )
        parts = urlsplit(base.url)
        inside = parts.netloc.startswith(f"{bucket}.") or parts.path.endswith(f"/{bucket}")
        return Root(
            base.url if inside or not bucket else f"{base.url}/{quote(bucket, safe='', errors='replace')}",
            parts.netloc,
        )

    def _stands_before(self, bucket: str) -> bool:
        if _BEFORE_ONLY.fullmatch(self.host):
            return True
        known = match_host(self.host.partition(":")[0])
        return known is not None and _LABEL.fullmatch(bucket) is not None


def where(grant: Grant) -> Where:
    """Return where a grant's bucket is, by the endpoint and region it names; Amazon when it names none."""
    endpoint = (grant.endpoint or "").lower()
    if "://" in endpoint:
        endpoint = urlsplit(endpoint).netloc
    if not re.fullmatch(r"[a-z0-9._-]+(?::\d{1,5})?|\[[0-9a-f:.]+\](?::\d{1,5})?", endpoint):
        return Where()
    known = match_host(endpoint.partition(":")[0])
    if known is None:
        # Other stores know no regions, or tell which one they expect.
        return Where(host=endpoint, told=True)
    host = endpoint.removeprefix(f"{known.bucket}.") if known.bucket else endpoint
    if website := _WEBSITE.fullmatch(host):
        host = f"s3.{website['region']}.{website['suffix']}"
    region = known.region or grant.facts.get("region") or FIRST_REGION
    if known.service == "Cloudflare R2":
        region = "auto"
    return Where(
        host=host,
        region=region if re.fullmatch(r"[a-z0-9-]{2,40}", region) else FIRST_REGION,
        provider="gcs" if known.provider == "gcp" else "s3",
        told=True,
    )
