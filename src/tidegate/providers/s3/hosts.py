"""Which service, bucket and object an S3-style address names.

Sources: docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html, …/WebsiteEndpoints.html,
…/access-points-naming.html, …/dual-stack-endpoints.html; the other providers' endpoint pages.
"""

from __future__ import annotations

import re

from tidegate.providers._link import Link
from tidegate.records import dataclass, replace

_BUCKET = r"(?:(?P<bucket>[a-z0-9][a-z0-9._-]{1,254})\.)??"
# Lazy, so that `s3.dualstack.…` has no bucket named `s3.dualstack`.
_REGION = r"(?P<region>[a-z]{2,4}(?:-[a-z]+)+-\d{1,2})"
_AMAZON = r"(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|c2s\.ic\.gov|sc2s\.sgov\.gov)"

_PATTERNS: tuple[tuple[str, str, str, str], ...] = (
    (
        "aws",
        "Amazon S3 access point",
        "s3-accesspoint",
        rf"{_BUCKET}s3-accesspoint(?:-fips)?(?:\.dualstack)?\.{_REGION}\.{_AMAZON}",
    ),
    (
        "aws",
        "Amazon S3 Object Lambda",
        "s3-object-lambda",
        rf"{_BUCKET}s3-object-lambda(?:-fips)?\.{_REGION}\.{_AMAZON}",
    ),
    ("aws", "Amazon S3 website", "s3-website", rf"{_BUCKET}s3-website[.-]{_REGION}\.{_AMAZON}"),
    (
        "aws",
        "Amazon S3",
        "s3-accelerate",
        rf"{_BUCKET}s3-accelerate(?:\.dualstack)?\.amazonaws\.com(?P<region>)",
    ),
    ("aws", "Amazon S3", "s3-external-1", rf"{_BUCKET}s3-external-1\.amazonaws\.com(?P<region>)"),
    (
        "aws",
        "Amazon S3 Express",
        "s3express-",
        rf"{_BUCKET}s3express-[a-z0-9-]+\.(?:dualstack\.)?{_REGION}\.{_AMAZON}",
    ),
    ("aws", "Amazon S3", "s3", rf"{_BUCKET}s3(?:-fips)?(?:\.dualstack)?(?:[.-]{_REGION})?\.{_AMAZON}"),
    (
        "other",
        "Cloudflare R2",
        ".r2.cloudflarestorage.com",
        rf"{_BUCKET}(?P<region>[0-9a-f]{{32}}(?:\.[a-z]+)?)\.r2\.cloudflarestorage\.com",
    ),
    ("other", "Cloudflare R2", ".r2.dev", r"(?P<bucket>pub-[0-9a-f]{32})\.r2\.dev(?P<region>)"),
    (
        "other",
        "DigitalOcean Spaces",
        ".digitaloceanspaces.com",
        rf"{_BUCKET}(?P<region>[a-z]{{3}}\d)(?:\.cdn)?\.digitaloceanspaces\.com",
    ),
    (
        "other",
        "Backblaze B2",
        ".backblazeb2.com",
        rf"{_BUCKET}s3\.(?P<region>[a-z0-9-]+)\.backblazeb2\.com",
    ),
    ("other", "Wasabi", ".wasabisys.com", rf"{_BUCKET}s3(?:\.(?P<region>[a-z0-9-]+))?\.wasabisys\.com"),
    ("other", "Scaleway", ".scw.cloud", rf"{_BUCKET}s3\.(?P<region>[a-z-]+)\.scw\.cloud"),
    (
        "other",
        "OVHcloud",
        ".cloud.ovh.",
        rf"{_BUCKET}s3\.(?P<region>[a-z0-9-]+)\.(?:io|perf)\.cloud\.ovh\.(?:net|us)",
    ),
    ("other", "Linode", ".linodeobjects.com", rf"{_BUCKET}(?P<region>[a-z0-9-]+)\.linodeobjects\.com"),
    (
        "other",
        "IBM Cloud",
        ".cloud-object-storage.",
        rf"{_BUCKET}s3\.(?P<region>[a-z0-9.-]+)\.cloud-object-storage\.appdomain\.cloud",
    ),
    (
        "gcp",
        "Google Cloud Storage",
        "storage.googleapis.com",
        rf"{_BUCKET}storage\.googleapis\.com(?P<region>)",
    ),
)
"""Provider, service, what stands in every such host, and the expression: most are compiled in no scan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """What the address part of a link says."""

    provider: str = "other"
    """`aws`, `gcp` or `other`, as a grant names them."""
    service: str | None = None
    """The service's own name; `None` for a host we do not know."""
    endpoint: str | None = None
    region: str | None = None
    bucket: str | None = None
    key: str | None = None


def read_address(link: Link) -> Address:
    """Read a virtual-hosted, path-style, website or access-point address; an unknown host is path-style."""
    if link.scheme in ("s3", "s3a", "s3n") and link.host:
        return Address(provider="aws", service="Amazon S3", bucket=link.host, key=link.path or None)
    known = match_host(link.host)
    if known is not None:
        bucket, key = _bucket_and_key(link, known.bucket)
        return replace(known, endpoint=link.endpoint, bucket=bucket, key=key)
    bucket, key = _bucket_and_key(link, None)
    return Address(endpoint=link.endpoint, bucket=bucket, key=key)


def match_host(host: str) -> Address | None:
    """Read a host name alone, in lower case and without port; `None` for one that no known service has.

    `Address.bucket` is what stands before the service's name: nothing where the path names the bucket.
    """
    for provider, service, part, pattern in _PATTERNS:
        found = re.fullmatch(pattern, host) if part in host else None
        if found is not None:
            region = found["region"] or None
            return Address(provider=provider, service=service, region=region, bucket=found["bucket"])
    return None


def service_of_endpoint(text: str) -> tuple[str, str] | None:
    """Return (provider, service) for what stood near a key: a host, a link, or a provider's short name."""
    lower = text.lower()
    names = {
        "aws": ("aws", "Amazon S3"),
        "amazon": ("aws", "Amazon S3"),
        "cloudflare": ("other", "Cloudflare R2"),
        "r2": ("other", "Cloudflare R2"),
        "minio": ("other", "MinIO"),
        "digitalocean": ("other", "DigitalOcean Spaces"),
        "backblaze": ("other", "Backblaze B2"),
        "b2": ("other", "Backblaze B2"),
        "wasabi": ("other", "Wasabi"),
        "scaleway": ("other", "Scaleway"),
        "linode": ("other", "Linode"),
        "ceph": ("other", "Ceph"),
    }
    words = set(re.findall(r"[a-z0-9]+", lower))
    host = lower.partition("://")[2].partition("/")[0] or lower.partition("/")[0]
    known = match_host(host)
    if known is not None and known.service is not None:
        return known.provider, known.service
    return next((named for word, named in names.items() if word in words), None)


def _bucket_and_key(link: Link, bucket: str | None) -> tuple[str | None, str | None]:
    if bucket:
        return bucket, link.path or None
    first, _, rest = link.path.partition("/")
    return first or None, rest or None
