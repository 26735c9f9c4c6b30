"""What signs a link: a service account's key or an HMAC key, from where Google's own tools have them.

Source: cloud.google.com/storage/docs/authentication/signatures (version 4).
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tidegate.errors import UsageError
from tidegate.model.secret import Secret

_LARGEST_KEY_FILE: Final = 64 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """What signs: an id, an algorithm, and a function that keeps the key to itself."""

    id: str
    algorithm: str
    sign: Callable[[str, str], str]
    """(text, credential scope) -> signature in hex."""


def signer_at_hand(environment: Mapping[str, str]) -> Signer:
    """Return what signs. Raises `UsageError` where nothing is at hand that can."""
    key_id, secret = environment.get("GS_ACCESS_KEY_ID", ""), environment.get("GS_SECRET_ACCESS_KEY", "")
    if key_id and secret:
        if re.fullmatch(r"GOOG[A-Za-z0-9]{4,100}", key_id) is None:
            raise UsageError("GS_ACCESS_KEY_ID is no id of an HMAC key of Google")
        return by_hmac(key_id, Secret(secret))
    file = environment.get("GOOGLE_APPLICATION_CREDENTIALS", "")
    if not file:
        raise UsageError(
            "no key that can sign is at hand",
            hint="Set GOOGLE_APPLICATION_CREDENTIALS to the file of a service account's key, or "
            "GS_ACCESS_KEY_ID and GS_SECRET_ACCESS_KEY. Who is signed in with gcloud alone cannot sign.",
        )
    try:
        with Path(file).open("rb") as opened:
            told: Any = json.loads(opened.read(_LARGEST_KEY_FILE))
    except (OSError, ValueError, RecursionError):
        told = None
    fields = told if isinstance(told, dict) else {}
    email, private = str(fields.get("client_email", "")), str(fields.get("private_key", ""))
    if (
        fields.get("type") != "service_account"
        or not private
        or not re.fullmatch(r"[A-Za-z0-9@._-]{3,250}", email)
    ):
        raise UsageError(
            "GOOGLE_APPLICATION_CREDENTIALS is no file of a service account's key",
            hint="Other kinds of credentials cannot sign links by themselves.",
        )
    return by_key(email, Secret(private))


def by_hmac(key_id: str, secret: Secret) -> Signer:
    """Return what signs with an HMAC key."""

    def sign(text: str, scope: str) -> str:
        key = b"GOOG4" + secret.reveal().encode()
        for part in (*scope.split("/"), text):
            key = hmac.digest(key, part.encode(), "sha256")
        return key.hex()

    return Signer(id=key_id, algorithm="GOOG4-HMAC-SHA256", sign=sign)


def by_key(email: str, private: Secret) -> Signer:
    """Return what signs with a service account's key. private: PEM. Raises `UsageError`."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - 15 ms, and only here
    from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        key = load_pem_private_key(private.reveal().encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise UsageError("the private key of GOOGLE_APPLICATION_CREDENTIALS is damaged")

    def sign(text: str, scope: str) -> str:  # noqa: ARG001 - it stands in the text
        return key.sign(text.encode(), padding.PKCS1v15(), SHA256()).hex()

    return Signer(id=email, algorithm="GOOG4-RSA-SHA256", sign=sign)
