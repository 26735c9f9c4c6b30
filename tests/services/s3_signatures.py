"""Checking S3 signatures with Amazon's own signer: independent of what Tidegate signs with."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import Message
from urllib.parse import parse_qsl, quote, urlsplit

from botocore.auth import HmacV1QueryAuth, S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request as it came."""

    method: str
    host: str
    path: str
    """Percent-encoded."""
    query: str
    headers: dict[str, str]
    """Names in lower case."""

    @property
    def values(self) -> dict[str, str]:
        return {name.lower(): value for name, value in parse_qsl(self.query, keep_blank_values=True)}


@dataclass(frozen=True, kw_only=True)
class Shown:
    """The signature that a request shows, taken apart."""

    version: int
    key_id: str
    signature: str
    region: str = ""
    at: datetime | None = None
    ends_at: datetime | None = None
    token: str = ""
    in_query: bool = False


def shown(asked: Asked) -> Shown | None:
    """Return what a request shows; `None` when it comes from anyone."""
    values = asked.values
    if "x-amz-signature" in values:
        key_id, _, region, *_ = values["x-amz-credential"].split("/")
        at = _instant(values["x-amz-date"])
        return Shown(
            version=4,
            key_id=key_id,
            signature=values["x-amz-signature"],
            region=region,
            at=at,
            ends_at=at + timedelta(seconds=int(values["x-amz-expires"])),
            token=values.get("x-amz-security-token", ""),
            in_query=True,
        )
    if "awsaccesskeyid" in values:
        ends_at = datetime.fromtimestamp(int(values["expires"]), tz=UTC)
        return Shown(
            version=2,
            key_id=values["awsaccesskeyid"],
            signature=values["signature"],
            ends_at=ends_at,
            token=values.get("x-amz-security-token", ""),
            in_query=True,
        )
    header = asked.headers.get("authorization", "")
    if not header.startswith(_ALGORITHM):
        return None
    parts = dict(part.strip().split("=", 1) for part in header.removeprefix(_ALGORITHM).split(","))
    key_id, _, region, *_ = parts["Credential"].split("/")
    return Shown(
        version=4,
        key_id=key_id,
        signature=parts["Signature"],
        region=region,
        at=_instant(asked.headers["x-amz-date"]),
        token=asked.headers.get("x-amz-security-token", ""),
    )


def fits(asked: Asked, proof: Shown, secret: str, bucket: str) -> bool:
    """Tell whether the signature is the one that Amazon's signer makes for this request with this secret."""
    credentials = Credentials(proof.key_id, secret, proof.token or None)
    expected = (
        _v2(asked, proof, credentials, bucket) if proof.version == 2 else _v4(asked, proof, credentials)
    )
    return hmac.compare_digest(expected, proof.signature)


def _v4(asked: Asked, proof: Shown, credentials: Credentials) -> str:
    kind = S3SigV4QueryAuth if proof.in_query else S3SigV4Auth
    auth = kind(credentials, "s3", proof.region)
    pairs = [
        (n, v) for n, v in parse_qsl(asked.query, keep_blank_values=True) if n.lower() != "x-amz-signature"
    ]
    query = "&".join(f"{quote(n, safe='-_.~')}={quote(v, safe='-_.~')}" for n, v in pairs)
    names = _signed_names(asked, proof)
    headers = {name: asked.headers[name] for name in names if name in asked.headers and name != "host"}
    request = AWSRequest(
        asked.method, f"http://{asked.host}{asked.path}?{query}", headers={"host": asked.host, **headers}
    )
    assert proof.at is not None
    request.context["timestamp"] = proof.at.strftime("%Y%m%dT%H%M%SZ")
    canonical = auth.canonical_request(request)
    return auth.signature(auth.string_to_sign(request, canonical), request)


def _signed_names(asked: Asked, proof: Shown) -> list[str]:
    if proof.in_query:
        return asked.values["x-amz-signedheaders"].split(";")
    signed = asked.headers["authorization"].split("SignedHeaders=")[1].split(",")[0]
    return signed.split(";")


def _v2(asked: Asked, proof: Shown, credentials: Credentials, bucket: str) -> str:
    class Fixed(HmacV1QueryAuth):
        def _get_date(self) -> str:
            return asked.values["expires"]

    headers = Message()
    prefix = "" if asked.path.startswith(f"/{bucket}") else f"/{bucket}"
    split = urlsplit(f"http://{asked.host}{asked.path}?{asked.query}")
    return Fixed(credentials).get_signature(asked.method, split, headers, auth_path=f"{prefix}{asked.path}")


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
