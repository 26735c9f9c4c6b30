"""Signing reads with what was found: HMAC keys in a header, service-account keys in a token of their own.

Sources: cloud.google.com/storage/docs/authentication/signatures and …/canonical-requests (version 4),
google.aip.dev/auth/4111 (a token that the key signs itself, with the service as its audience: no exchange,
which would be a POST), github.com/googleapis/google-cloud-cpp/pull/10369 (an audience, no scopes).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from tidegate.errors import NoAnswerError
from tidegate.model.secret import Secret

AUDIENCE: Final = "https://storage.googleapis.com/"
TOKEN_LIFE_S: Final = 3600
"""The longest the service takes."""
_STEP_S: Final = 600
"""Tokens are made anew every ten minutes: checking a key of 2,048 bits takes 46 ms, and pages are many."""
_EMPTY: Final = hashlib.sha256(b"").hexdigest()


def canonical_query(pairs: Sequence[tuple[str, str]]) -> str:
    """Return a query as it is signed and sent: sorted, and encoded but for unreserved characters."""
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted(pairs))


def hmac_headers(
    key_id: str, secret: Secret, *, host: str, path: str, query: str, now: datetime
) -> tuple[Mapping[str, str], Secret]:
    """Return the plain headers of a GET, and its `Authorization`.

    path, query: encoded as they are sent; the query sorted.
    """
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/auto/storage/goog4_request"
    headers = {"x-goog-content-sha256": _EMPTY, "x-goog-date": stamp}
    signed = {"host": host, **headers}
    names = ";".join(signed)
    lines = "".join(f"{name}:{value}\n" for name, value in signed.items())
    request = f"GET\n{path}\n{query}\n{lines}\n{names}\n{_EMPTY}"
    digest = hashlib.sha256(request.encode()).hexdigest()
    key = f"GOOG4{secret.reveal()}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, f"GOOG4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}".encode(), "sha256").hex()
    value = f"GOOG4-HMAC-SHA256 Credential={key_id}/{scope},SignedHeaders={names},Signature={signature}"
    return headers, Secret(value)


def own_token(key: Secret, email: str, key_id: str, now: datetime) -> Secret:
    """Return a token that the private key signs itself, fit for an hour, the same for ten minutes.

    key: the base64 of its PEM, as a sighting holds it. Raises `NoAnswerError` for one that is damaged.
    """
    return _token(key, email, key_id, int(now.timestamp()) // _STEP_S * _STEP_S)


@lru_cache(maxsize=64)
def _token(key: Secret, email: str, key_id: str, issued_at: int) -> Secret:
    # 15 ms, and only a service account's key needs it.
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_der_private_key  # noqa: PLC0415

    text = key.reveal()
    try:
        private = load_der_private_key(base64.b64decode(text + "=" * (-len(text) % 4)), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm, binascii.Error):
        private = None
    if not isinstance(private, rsa.RSAPrivateKey):
        raise NoAnswerError("the private key is damaged or no RSA key: nothing can be signed with it")
    head = {"alg": "RS256", "typ": "JWT", **({"kid": key_id} if key_id else {})}
    # A clock that is a little fast must not make the token one of the future.
    claims = {
        "iss": email,
        "sub": email,
        "aud": AUDIENCE,
        "iat": issued_at - 60,
        "exp": issued_at - 60 + TOKEN_LIFE_S,
    }
    signed = f"{_part(head)}.{_part(claims)}"
    signature = private.sign(signed.encode(), padding.PKCS1v15(), SHA256())
    return Secret(f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}")


def _part(value: Mapping[str, object]) -> str:
    text = json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def flipped(text: str) -> str:
    """Return the text with one letter or digit near its middle exchanged.

    Not at the end, where the last bits of base64 stand for nothing; not a hyphen, which is part of the form.
    """
    middle = next((at for at in range(len(text) // 2, len(text)) if text[at].isalnum()), None)
    if middle is None:
        return text + "0"
    return text[:middle] + ("1" if text[middle] == "0" else "0") + text[middle + 1 :]
