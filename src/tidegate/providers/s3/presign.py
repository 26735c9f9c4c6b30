"""Making a presigned link, Signature Version 4.

Source: docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote, urlsplit

from tidegate.model.secret import Secret
from tidegate.providers.s3.access import Key
from tidegate.providers.s3.sigv4 import signing_key


def parameters(
    key: Key, *, region: str, at: datetime, seconds: int, more: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the parameters of a link without signature and session token. more: of the request itself."""
    stamp = at.strftime("%Y%m%dT%H%M%SZ")
    return {
        **(more or {}),
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{key.key_id}/{stamp[:8]}/{region}/s3/aws4_request",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(seconds),
        "X-Amz-SignedHeaders": "host",
    }


def link(method: str, url: str, given: Mapping[str, str], key: Key) -> Secret:
    """Return the link that these parameters make with this key.

    url: without query, percent-encoded as S3 counts as canonical. given: as `parameters` returns them; they
    may come from the ledger. Raises `ValueError` for ones without a date or place.
    """
    _, _, scope = given.get("X-Amz-Credential", "").partition("/")
    stamp = given.get("X-Amz-Date", "")
    day, region, *_ = (*scope.split("/"), "", "")
    if not (scope and stamp and day and region):
        raise ValueError("not the parameters of a presigned link")
    pairs = dict(given)
    if key.token is not None:
        pairs["X-Amz-Security-Token"] = key.token.reveal()
    query = "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in sorted(pairs.items()))
    parts = urlsplit(url)
    canonical = "\n".join(
        (method, parts.path or "/", query, f"host:{parts.netloc}", "", "host", "UNSIGNED-PAYLOAD")
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"
    signature = hmac.new(signing_key(key.secret, day, region), text.encode(), hashlib.sha256).hexdigest()
    return Secret(f"{url}?{query}&X-Amz-Signature={signature}")


def _encoded(text: str) -> str:
    return quote(text, safe="-._~")
