"""Which key of a service account signed a link: the signature is checked with each public key of it.

Sources: cloud.google.com/storage/docs/authentication/canonical-requests (version 4),
…/docs/access-control/signed-urls-v2.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator, Mapping
from urllib.parse import quote, unquote

from tidegate.providers.gcs.link_api import LinkApi

_METHODS = ("GET", "HEAD", "PUT", "POST", "DELETE", "RESUMABLE")


def signed_by(link: LinkApi, certificates: Mapping[str, bytes]) -> str | None:
    """Return the id of the key whose public part accepts the signature; `None` when none does.

    certificates: id -> PEM of a certificate or public key. A link does not tell its method: each is tried.
    """
    query = {name.lower(): unquote(value) for name, value in link.pairs}
    texts = list(_version_4(link, query) if "x-goog-signature" in query else _version_2(link, query))
    try:
        if "x-goog-signature" in query:
            signature = bytes.fromhex(query["x-goog-signature"])
        else:
            signature = base64.b64decode(query.get("signature", ""), validate=True)
    except (ValueError, binascii.Error):
        return None
    return next(
        (name for name, pem in certificates.items() if any(_accepts(pem, signature, text) for text in texts)),
        None,
    )


def _version_4(link: LinkApi, query: Mapping[str, str]) -> Iterator[bytes]:
    if link.signed_headers:
        return  # the values of further headers are not in the link
    stamp = query.get("x-goog-date", "")
    scope = query.get("x-goog-credential", "").partition("/")[2]
    pairs = sorted(
        (quote(unquote(name), safe="-._~"), quote(unquote(value), safe="-._~"))
        for name, value in link.pairs
        if name.lower() != "x-goog-signature"
    )
    canonical = "&".join("=".join(pair) for pair in pairs)
    for method in _METHODS:
        request = "\n".join((method, link.path, canonical, f"host:{link.host}\n", "host", "UNSIGNED-PAYLOAD"))
        digest = hashlib.sha256(request.encode()).hexdigest()
        yield f"GOOG4-RSA-SHA256\n{stamp}\n{scope}\n{digest}".encode()


def _version_2(link: LinkApi, query: Mapping[str, str]) -> Iterator[bytes]:
    for method in _METHODS:
        yield f"{method}\n\n\n{query.get('expires', '')}\n{link.path}".encode()


def _accepts(pem: bytes, signature: bytes, text: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415
    from cryptography.x509 import load_pem_x509_certificate  # noqa: PLC0415

    try:
        if b"BEGIN CERTIFICATE" in pem:
            key: object = load_pem_x509_certificate(pem).public_key()
        else:
            key = load_pem_public_key(pem)
        if not isinstance(key, rsa.RSAPublicKey):
            return False
        key.verify(signature, text, padding.PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True
