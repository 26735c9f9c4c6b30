"""What is told in headers: of a blob, a container, the account; and ranges that are asked for."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from tidegate.lab.container import Container
from tidegate.lab.listing import HEAD, container_etag, http_date, tier_moved
from tidegate.lab.refusals import Refusal
from tidegate.lab.stretch import Stretch

ACCOUNT = {
    "x-ms-sku-name": "Standard_RAGRS",
    "x-ms-account-kind": "StorageV2",
    "x-ms-is-hns-enabled": "false",
}

SERVICE = HEAD + (
    b"<StorageServiceProperties><Logging><Version>1.0</Version><Read>false</Read><Write>false</Write>"
    b"<Delete>false</Delete><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></Logging>"
    b"<HourMetrics><Version>1.0</Version><Enabled>false</Enabled><RetentionPolicy><Enabled>false</Enabled>"
    b"</RetentionPolicy></HourMetrics><MinuteMetrics><Version>1.0</Version><Enabled>false</Enabled>"
    b"<RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></MinuteMetrics><Cors />"
    b"<DeleteRetentionPolicy><Enabled>false</Enabled></DeleteRetentionPolicy>"
    b"<StaticWebsite><Enabled>false</Enabled></StaticWebsite></StorageServiceProperties>"
)

NO_POLICIES = HEAD + b"<SignedIdentifiers />"

_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The properties of a blob."""

    size_bytes: int
    tier: str
    """Empty for page and append blobs."""
    headers: Mapping[str, str]
    """Of an answer with the contents."""
    head_headers: Mapping[str, str]
    """Of an answer without them, which tells more."""


def of_blob(stretch: Stretch, number: int) -> Told:
    """Return what is told of a blob: the same as in a listing."""
    at, kind = np.array([number], np.uint64), stretch.kind
    told = stretch.columns(at)
    tier = kind.tiers[int(told.tiers[0])] if kind.blob_type == "BlockBlob" else ""
    headers = {
        "Content-Type": kind.content_type,
        "Last-Modified": _date(int(told.modified[0])),
        "Accept-Ranges": "bytes",
        "ETag": f'"0x{int(told.ticks[0]):X}"',
        "x-ms-creation-time": _date(int(told.created[0])),
        "x-ms-lease-status": "unlocked",
        "x-ms-lease-state": "available",
        "x-ms-blob-type": kind.blob_type,
        "x-ms-server-encrypted": "true",
    }
    if told.md5 is not None:
        headers["Content-MD5"] = base64.b64encode(told.md5[0].tobytes()).decode("ascii")
    if kind.blob_type == "PageBlob":
        headers["x-ms-blob-sequence-number"] = "0"
    more: dict[str, str] = {}
    if tier:
        more["x-ms-access-tier"] = tier
        if tier == "Hot":
            more["x-ms-access-tier-inferred"] = "true"
        else:
            more["x-ms-access-tier-change-time"] = http_date(tier_moved(kind))
    return Told(size_bytes=int(told.sizes[0]), tier=tier, headers=headers, head_headers={**headers, **more})


def of_container(container: Container) -> dict[str, str]:
    """Return what is told of a container."""
    public = {"x-ms-blob-public-access": container.public} if container.public else {}
    return {
        "Last-Modified": _date(container.modified),
        "ETag": f'"{container_etag(container)}"',
        "x-ms-lease-status": "unlocked",
        "x-ms-lease-state": "available",
        **public,
        "x-ms-has-immutability-policy": "false",
        "x-ms-has-legal-hold": "false",
    }


def asked_range(text: str, size_bytes: int) -> tuple[int, int]:
    """Return start and stop of a range, cut to the blob's size. Raises `Refusal`."""
    found = _RANGE.fullmatch(text.strip())
    if found is None:
        raise Refusal("InvalidHeaderValue")
    start = int(found[1])
    last = int(found[2]) if found[2] else size_bytes - 1
    if start >= size_bytes or last < start:
        raise Refusal("InvalidRange")
    return start, min(last + 1, size_bytes)


def _date(seconds: int) -> str:
    return http_date(datetime.fromtimestamp(seconds, UTC))
