"""Signing a read with an access key, Signature Version 4.

Source: docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote, urlsplit

from tidegate.model.secret import Secret

_NOTHING = hashlib.sha256(b"").hexdigest()
"""The hash of the body: a read has none."""


def signed_headers(
    method: str,
    url: str,
    host: str,
    *,
    key_id: str,
    secret: Secret,
    token: Secret | None,
    region: str,
    at: datetime,
    payload: str = _NOTHING,
) -> tuple[dict[str, str], dict[str, Secret]]:
    """Return (headers, secret headers) that sign one request. payload: SHA-256 of its body, in hex.

    url: as it is sent, path and query already percent-encoded in the only way that S3 counts as canonical
    (everything but letters, digits and `-._~`; in the path the slash too). at: an aware UTC instant; services
    refuse what is more than 15 minutes off their own clock.
    """
    parts = urlsplit(url)
    stamp = at.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/{region}/s3/aws4_request"
    headers = {"x-amz-content-sha256": payload, "x-amz-date": stamp}
    secret_headers = {} if token is None else {"x-amz-security-token": token}
    signed = {"host": host, **headers, **{name: value.reveal() for name, value in secret_headers.items()}}
    names = ";".join(sorted(signed))
    canonical = "\n".join(
        (
            method,
            parts.path or "/",
            _canonical_query(parts.query),
            *(f"{name}:{signed[name]}" for name in sorted(signed)),
            "",
            names,
            payload,
        )
    )
    text = "\n".join(("AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    signature = hmac.new(signing_key(secret, stamp[:8], region), text.encode(), hashlib.sha256).hexdigest()
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return headers, {"authorization": Secret(authorization), **secret_headers}


def _canonical_query(query: str) -> str:
    pairs = (part.partition("=") for part in query.split("&") if part)
    return "&".join(f"{name}={value}" for name, value in sorted((name, value) for name, _, value in pairs))


def signing_key(secret: Secret, day: str, region: str) -> bytes:
    """Return what signs on one day in one region."""
    key = f"AWS4{secret.reveal()}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def flipped(signature: Secret) -> Secret:
    """Return the same secret with its middle character changed: as long, as well-formed, and wrong.

    Tells a service that refuses this credential from one that refuses, or answers, everything alike.
    """
    text = signature.reveal()
    middle = len(text) // 2
    other = "0" if text[middle : middle + 1] != "0" else "1"
    return Secret(f"{text[:middle]}{other}{text[middle + 1 :]}")


def plain_query(pairs: Mapping[str, str]) -> str:
    """Return a query in canonical encoding."""
    return "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in pairs.items())


def _encoded(text: str) -> str:
    # What was found may hold halves of characters, which have no form in UTF-8.
    return quote(text, safe="-._~", errors="replace")
