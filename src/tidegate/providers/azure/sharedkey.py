"""Signing a request with an account key.

Source: learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key: Shared Key, for the blob, file
and queue services (2015-02-21 and later) and, shorter, for the table service.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from tidegate.model.secret import Secret

_LINES = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)
"""Headers that are signed, each on its line, present or not; `date` stays empty where `x-ms-date` is sent."""


def authorization(
    account: str, key: Secret, method: str, url: str, headers: Mapping[str, str], *, table: bool = False
) -> Secret:
    """Return the value of `Authorization` for a request without a body.

    url: as it is sent, whole; where an endpoint has the account in its path, that belongs to it.
    headers: all that begin with `x-ms-`, `x-ms-date` among them, and `Range`. Raises `ValueError` when the
    key is not base64.
    """
    plain = {name.lower(): value for name, value in headers.items()}
    if table:
        lines = [method, "", "", plain["x-ms-date"], _resource(account, url, only="comp")]
    else:
        own = sorted((name, value) for name, value in plain.items() if name.startswith("x-ms-"))
        lines = [
            method,
            *(plain.get(name, "") for name in _LINES),
            *(f"{name}:{' '.join(value.split())}" for name, value in own),
            _resource(account, url),
        ]
    return Secret(f"SharedKey {account}:{_sign(lines, key)}")


def _resource(account: str, url: str, only: str = "") -> str:
    """Return the account, the path as sent, and the parameters: decoded, in lower case, sorted."""
    parts = urlsplit(url)
    text = f"/{account}{parts.path or '/'}"
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        values.setdefault(name.lower(), []).append(value)
    if only:
        return text + (f"?{only}={values[only][0]}" if only in values else "")
    return text + "".join(f"\n{name}:{','.join(sorted(found))}" for name, found in sorted(values.items()))


def _sign(lines: list[str], key: Secret) -> str:
    try:
        raw = base64.b64decode(key.reveal(), validate=True)
    except binascii.Error:
        raise ValueError("the key is not base64") from None
    return base64.b64encode(hmac.new(raw, "\n".join(lines).encode(), hashlib.sha256).digest()).decode("ascii")
