"""Checks signatures as Cloud Storage does, written from its documentation and not from the product's signer.

Sources: cloud.google.com/storage/docs/authentication/canonical-requests, …/signatures,
…/docs/access-control/signed-urls-v2, google.aip.dev/auth/4111.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from services.gcs_state import Cloud

MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your Google secret key and signing method."
)


class RefusedRequestError(Exception):
    """An error of the XML API."""

    def __init__(self, status: int, code: str, message: str, details: str = "") -> None:
        super().__init__(code)
        self.status, self.code, self.message, self.details = status, code, message, details


def signer(cloud: Cloud, method: str, url: str, headers: dict[str, str]) -> str | None:
    """Return who signed a request of the XML API (`serviceAccount:…`), `None` for an unsigned one.

    headers: names in lower case. Raises `RefusedRequestError`.
    """
    query = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    if "X-Goog-Algorithm" in query:
        return _v4(cloud, method, url, headers, query)
    if "GoogleAccessId" in query:
        return _v2(cloud, method, url, query)
    if headers.get("authorization", "").startswith("GOOG4-HMAC-SHA256 "):
        return _header(cloud, method, url, headers)
    if "authorization" in headers:
        raise RefusedRequestError(403, "InvalidSecurity", "The provided security credentials are not valid.")
    return None


def _v4(cloud: Cloud, method: str, url: str, headers: dict[str, str], query: dict[str, str]) -> str:
    begin = _instant(query.get("X-Goog-Date", ""))
    end = begin + timedelta(seconds=int(query.get("X-Goog-Expires", "0")))
    if cloud.now() > end:
        details = f"The provided token has expired. Request signature expired at: {end.isoformat()}"
        raise RefusedRequestError(400, "ExpiredToken", "Invalid argument.", details)
    names = query.get("X-Goog-SignedHeaders", "").split(";")
    to_sign = _string_to_sign(
        query["X-Goog-Algorithm"],
        query["X-Goog-Date"],
        query.get("X-Goog-Credential", "").partition("/")[2],
        _canonical(method, url, headers, names, "UNSIGNED-PAYLOAD", without="X-Goog-Signature"),
    )
    signature = query.get("X-Goog-Signature", "")
    account, _, scope = query.get("X-Goog-Credential", "").partition("/")
    if query["X-Goog-Algorithm"] == "GOOG4-HMAC-SHA256":
        return _hmac(cloud, account, scope, to_sign, signature)
    try:
        raw = bytes.fromhex(signature)
    except ValueError:
        raw = b""
    return _rsa(cloud, account, raw, to_sign)


def _v2(cloud: Cloud, method: str, url: str, query: dict[str, str]) -> str:
    parts = urlsplit(url)
    expires = int(query.get("Expires", "0"))
    if cloud.now().timestamp() > expires:
        when = datetime.fromtimestamp(expires, UTC).isoformat()
        raise RefusedRequestError(
            400, "ExpiredToken", "The provided token has expired.", f"Request signature expired at: {when}"
        )
    to_sign = f"{method}\n\n\n{expires}\n{parts.path}"
    try:
        raw = base64.b64decode(query.get("Signature", ""), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    return _rsa(cloud, query["GoogleAccessId"], raw, to_sign)


def _header(cloud: Cloud, method: str, url: str, headers: dict[str, str]) -> str:
    found = dict(re.findall(r"(Credential|SignedHeaders|Signature)=([^,\s]+)", headers["authorization"]))
    stamp = headers.get("x-goog-date", "")
    if abs(cloud.now() - _instant(stamp)) > timedelta(minutes=15):
        words = "The difference between the request time and the server's time is too large."
        raise RefusedRequestError(403, "RequestTimeTooSkewed", words)
    payload = headers.get("x-goog-content-sha256", "UNSIGNED-PAYLOAD")
    account, _, scope = found.get("Credential", "").partition("/")
    canonical = _canonical(method, url, headers, found.get("SignedHeaders", "").split(";"), payload)
    to_sign = _string_to_sign("GOOG4-HMAC-SHA256", stamp, scope, canonical)
    return _hmac(cloud, account, scope, to_sign, found.get("Signature", ""))


def _canonical(
    method: str, url: str, headers: dict[str, str], names: list[str], payload: str, without: str = ""
) -> str:
    parts = urlsplit(url)
    pairs = [
        (quote(name, safe="-._~"), quote(value, safe="-._~"))
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name != without
    ]
    query = "&".join("=".join(pair) for pair in sorted(pairs))
    lines = "".join(f"{name}:{' '.join(headers.get(name, '').split())}\n" for name in sorted(names))
    return "\n".join((method, parts.path, query, lines, ";".join(names), payload))


def _string_to_sign(algorithm: str, stamp: str, scope: str, canonical: str) -> str:
    return "\n".join((algorithm, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))


def _rsa(cloud: Cloud, email: str, signature: bytes, text: str) -> str:
    if email not in cloud.accounts:
        words = "The User Id you provided does not exist in our records."
        raise RefusedRequestError(403, "InvalidAccessKeyId", words, email)
    for key in cloud.accounts[email].values():
        if _is_signed(key, signature, text.encode()):
            return f"serviceAccount:{email}"
    raise RefusedRequestError(403, "SignatureDoesNotMatch", "Access denied.", MISMATCH)


def _hmac(cloud: Cloud, key_id: str, scope: str, text: str, signature: str) -> str:
    key = cloud.hmac_keys.get(key_id)
    if key is None or not key.active:
        words = "The User Id you provided does not exist in our records."
        raise RefusedRequestError(403, "InvalidAccessKeyId", words, key_id)
    secret = b"GOOG4" + key.secret.encode()
    for part in scope.split("/"):
        secret = hmac.new(secret, part.encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(hmac.new(secret, text.encode(), hashlib.sha256).hexdigest(), signature):
        raise RefusedRequestError(403, "SignatureDoesNotMatch", "Access denied.", MISMATCH)
    return f"serviceAccount:{key.email}"


def bearer(cloud: Cloud, token: str) -> str | None:
    """Return who signed a token for the JSON API, `None` if it is not accepted."""
    try:
        head, claims, signature = token.split(".")
        header, told = json.loads(_unpadded(head)), json.loads(_unpadded(claims))
        raw = _unpadded(signature)
    except (ValueError, binascii.Error):
        return None
    now = cloud.now().timestamp()
    sound = (
        header.get("alg") == "RS256"
        # google.aip.dev/auth/4111: either the service as the audience, or what the token is for.
        and (
            told.get("aud") == "https://storage.googleapis.com/"
            or "https://www.googleapis.com/auth/cloud-platform" in told.get("scope", "").split()
        )
        and told.get("iss") == told.get("sub")
        and told.get("iat", now + 999) <= now + 60
        and now < told.get("exp", 0) <= told["iat"] + 3600
    )
    keys = cloud.accounts.get(told.get("iss", ""), {})
    chosen = (
        [keys[header["kid"]]] if header.get("kid") in keys else ([] if "kid" in header else [*keys.values()])
    )
    if sound and any(_is_signed(key, raw, f"{head}.{claims}".encode()) for key in chosen):
        return f"serviceAccount:{told['iss']}"
    return None


def _is_signed(key: rsa.RSAPublicKey, signature: bytes, text: bytes) -> bool:
    try:
        key.verify(signature, text, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _instant(stamp: str) -> datetime:
    try:
        return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise RefusedRequestError(400, "InvalidArgument", "Invalid argument.", "Bad date.") from None


def decoded_path(url: str) -> str:
    """Return the path, percent-decoded."""
    return unquote(urlsplit(url).path)
