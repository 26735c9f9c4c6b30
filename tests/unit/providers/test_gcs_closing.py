"""Which key signed a Google link is known by its public part; and only the control plane is the control plane."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from corpus import mint_clouds as mint
from tidegate.net.audit import Memory
from tidegate.net.scope import Scope
from tidegate.net.transport import Net
from tidegate.providers.gcs.closing.closer import owner
from tidegate.providers.gcs.closing.signer import signed_by
from tidegate.providers.gcs.link_api import LinkApi


def certificate() -> bytes:
    """Return a certificate as IAM hands it out for a key."""
    key = mint.rsa_key("gcp")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "signer")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    return made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


@pytest.fixture
def link() -> LinkApi:
    """Return a link of version 2, whose signature covers the method, the date and the path."""
    text = b"PUT\n\n\n1893456000\n/contoso-media/a%20b.txt"
    signature = mint.rsa_key("gcp").sign(text, padding.PKCS1v15(), hashes.SHA256())
    from base64 import b64encode  # noqa: PLC0415
    from urllib.parse import quote  # noqa: PLC0415

    pairs = (
        ("GoogleAccessId", "signer%40x"),
        ("Expires", "1893456000"),
        ("Signature", quote(b64encode(signature), safe="")),
    )
    net = Net(Scope.of(gcs=["contoso-media"]), owners={}, audit=Memory())
    return LinkApi(
        net=net,
        bucket="contoso-media",
        host="storage.googleapis.com",
        path="/contoso-media/a%20b.txt",
        pairs=pairs,
    )


def test_the_key_is_found_among_others_whatever_method_was_signed(link: LinkApi) -> None:
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    certificates = {
        "broken": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "curve": other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "right": certificate(),
    }
    assert signed_by(link, certificates) == "right"
    assert signed_by(link.flipped(), certificates) is None
    assert signed_by(link, {}) is None


@pytest.mark.parametrize(
    ("url", "host", "wanted"),
    [
        ("https://iam.googleapis.com/v1/projects/-/serviceAccounts/a@b.iam.gserviceaccount.com/keys", None, "a@b.iam.gserviceaccount.com"),
        ("https://iam.googleapis.com/v1/projects/-/serviceAccounts/a@b.c/keys/12ab:disable", None, "a@b.c"),
        ("https://iam.googleapis.com/v1/projects/-/serviceAccounts/a@b.c/keys/12ab:upload", None, None),
        ("https://iam.googleapis.com/v1/projects/-/serviceAccounts/a@b.c/../x@y.z/keys", None, None),
        ("https://iam.googleapis.com/v1/projects/p/roles", None, None),
        ("https://storage.googleapis.com/storage/v1/projects/p-1/hmacKeys/GOOG1EAAAA", None, "GOOG1EAAAA"),
        ("https://storage.googleapis.com/storage/v1/b/bucket/iam", None, None),
        ("https://iam.googleapis.com.evil.example/v1/projects/-/serviceAccounts/a@b.c/keys", None, None),
        ("http://127.0.0.1:4443/v1/projects/-/serviceAccounts/a@b.c/keys", "iam.googleapis.com", "a@b.c"),
        ("https://x@iam.googleapis.com/v1/projects/-/serviceAccounts/a@b.c/keys", None, None),
    ],
)  # fmt: skip
def test_an_address_of_the_control_plane_belongs_to_one_key_or_account(
    url: str, host: str | None, wanted: str | None
) -> None:
    assert owner(url, host) == wanted
