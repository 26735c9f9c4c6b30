"""Which bucket a request would reach, by its address alone: what the guard asks before anything is sent."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from tidegate.providers.s3.hosts import match_host

_CLOUDFRONT = ".cloudfront.net"
"""Distributions have no bucket in their address: they are named by their host."""


def owner(url: str, host: str | None) -> str | None:
    """Return the bucket; `""` for the service itself, as for the list of all buckets; `None` for strangers.

    Of Amazon's buckets the name alone: no two have the same. Other services have names of their own, so that
    their buckets come with the host, `bucket.nyc3.digitaloceanspaces.com`, wherever the bucket's name stands.

    A host that no known service has is read as path-style, but only when a `Host` header is given, as only an
    endpoint of the scope gives one: else the bucket's name in the path would open the way to any host.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or "@" in parts.netloc:
        return None
    named = (parts.netloc if host is None else host).lower()
    bare = named if named.startswith("[") else named.partition(":")[0]
    if bare.endswith(_CLOUDFRONT):
        return bare
    known = match_host(bare)
    if known is None and host is None:
        return None
    if known is not None and known.provider == "gcp":
        return None
    other = host is None and known is not None and known.provider != "aws"
    if known is not None and known.bucket:
        return bare if other else known.bucket
    bucket = _first_segment(parts.path)
    return f"{bucket}.{bare}" if other and bucket else bucket


def _first_segment(path: str) -> str | None:
    if path in ("", "/"):
        return ""
    bucket = unquote(path[1:].partition("/")[0])
    # `//bucket` and `a%2Fb` are read in two ways; so is what climbs, which the guard refuses anyway.
    return None if not bucket or "/" in bucket or bucket in (".", "..") else bucket
