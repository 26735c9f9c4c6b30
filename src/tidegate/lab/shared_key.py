"""The `Authorization` header that a holder of an account key sends.

Source: learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key, "Blob, Queue, and File
Services".
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from tidegate.lab.account import Account
from tidegate.lab.refusals import Refusal
from tidegate.providers.azure.canonical import sign

_STANDARD = (
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
_AGE = timedelta(minutes=15)


def check_key(
    account: Account,
    method: str,
    raw_path: str,
    parameters: Sequence[tuple[str, str]],
    headers: Mapping[str, str],
    now: datetime,
) -> None:
    """Raise `Refusal` unless one of the account's keys signed the request.

    raw_path: as it stands in the request, percent-encoded. parameters: decoded.
    """
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    name, _, given = rest.partition(":")
    if scheme != "SharedKey" or name != account.name:
        raise Refusal("AuthenticationFailed", f"The authorization scheme {scheme[:40]} is not supported.")
    text = _string_to_sign(account.name, method, raw_path, parameters, headers)
    if not any(hmac.compare_digest(sign(text, key).encode(), given.encode()) for key in account.keys):
        shown = text.replace("\n", "\\n")
        raise Refusal(
            "AuthenticationFailed",
            f"The MAC signature found in the HTTP request is not the same as any computed signature."
            f" Server used following string to sign: '{shown}'.",
        )
    date = headers.get("x-ms-date") or headers.get("date", "")
    try:
        sent = parsedate_to_datetime(date)
    except ValueError:
        raise Refusal("AuthenticationFailed", "The Date header in the request is incorrect.") from None
    if sent.tzinfo is None or abs(now - sent) > _AGE:
        raise Refusal("AuthenticationFailed", f"Request date header too old: '{date}'")


def _string_to_sign(
    account: str,
    method: str,
    raw_path: str,
    parameters: Sequence[tuple[str, str]],
    headers: Mapping[str, str],
) -> str:
    standard = [headers.get(name, "") for name in _STANDARD]
    standard[2] = "" if standard[2] == "0" else standard[2]
    standard[5] = "" if "x-ms-date" in headers else standard[5]
    ours = sorted(f"{name}:{value}" for name, value in headers.items() if name.startswith("x-ms-"))
    values: dict[str, list[str]] = {}
    for name, value in parameters:
        values.setdefault(name.lower(), []).append(value)
    asked = [f"{name}:{','.join(sorted(each))}" for name, each in sorted(values.items())]
    return "\n".join([method, *standard, *ours, f"/{account}{raw_path}", *asked])
