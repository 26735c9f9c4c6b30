"""Signed links made by Google's own library with a throw-away key, and Google's other credentials."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.cloud.storage import Client
from google.oauth2 import service_account
from provider_sightings import DECODERS, NOW, decode, redact, sighting

from tidegate.errors import NoAnswerError
from tidegate.model.credential import Credential
from tidegate.model.grant import Permission, Scope, Validity
from tidegate.model.secret import Secret
from tidegate.providers.gcs.access import api_of

P = Permission
EMAIL = "trainer@contoso-ml.iam.gserviceaccount.com"


@cache
def pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def key_file() -> dict[str, str]:
    return {
        "type": "service_account",
        "project_id": "contoso-ml",
        "private_key_id": "0123456789abcdef0123456789abcdef01234567",
        "private_key": pem(),
        "client_email": EMAIL,
        "client_id": "123456789012345678901",
        "token_uri": "https://oauth2.googleapis.com/token",
    }


def signed(version: str, **options: object) -> str:
    credentials = service_account.Credentials.from_service_account_info(key_file())
    client = Client(project="contoso-ml", credentials=credentials)
    name = options.pop("name", "runs/7/model.ckpt")
    holder = client.bucket("contoso-public") if name is None else client.bucket("contoso-public").blob(name)
    url = holder.generate_signed_url(version=version, **{"expiration": timedelta(hours=1), **options})
    client.close()
    assert isinstance(url, str)
    return url


def signature(url: str) -> str:
    query = parse_qs(urlsplit(url).query)
    return (query.get("X-Goog-Signature") or query["Signature"])[0]


@pytest.mark.parametrize("version", ["v2", "v4"])
@pytest.mark.parametrize("style", [{}, {"virtual_hosted_style": True}])
def test_a_link_signed_by_googles_library_is_one_object_for_a_while(
    version: str, style: dict[str, object]
) -> None:
    url = signed(version, **style)
    grant = decode("gcs", f"signed_{version}", url, signature(url), now=datetime.now(UTC))
    assert (grant.provider, grant.kind, grant.signer) == ("gcp", "signed_url", EMAIL)
    assert (grant.scope, grant.container, grant.key) == (Scope.OBJECT, "contoso-public", "runs/7/model.ckpt")
    assert grant.validity is Validity.VALID
    assert grant.expires_at is not None
    assert abs(grant.expires_at - datetime.now(UTC) - timedelta(hours=1)) < timedelta(minutes=2)
    assert signature(url) not in repr(grant)
    assert signature(url) not in redact("gcs", "signed", url, signature(url))


def test_a_link_to_a_whole_bucket_lists() -> None:
    url = signed("v4", name=None)
    grant = decode("gcs", "signed_v4", url, signature(url))
    assert grant.scope is Scope.CONTAINER
    assert P.LIST in grant.permissions


METHODS: list[tuple[dict[str, object], set[Permission]]] = [
    ({}, {P.READ, P.UNKNOWN}),
    ({"response_disposition": "attachment"}, {P.READ}),
    ({"method": "PUT", "content_type": "text/plain"}, {P.WRITE}),
    ({"method": "RESUMABLE"}, {P.WRITE}),
]


@pytest.mark.parametrize(("options", "rights"), METHODS)
def test_the_method_is_read_from_hints_and_without_any_as_larger(
    options: dict[str, object], rights: set[Permission]
) -> None:
    url = signed("v4", **options)
    assert set(decode("gcs", "signed_v4", url, signature(url)).permissions) == rights


def test_a_v4_link_ends_its_seconds_after_its_date() -> None:
    url = (
        f"https://storage.googleapis.com/contoso-public/a?X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Credential={EMAIL}%2F20261124"
        f"%2Fauto%2Fstorage%2Fgoog4_request&X-Goog-Date=20261124T113000Z&X-Goog-Expires=604801&X-Goog-Signature={'ab' * 128}"
    )
    grant = decode("gcs", "signed_v4", url, "ab" * 128)
    assert grant.expires_at == datetime(2026, 12, 1, 11, 30, 1, tzinfo=UTC)
    assert any("7 days" in each for each in grant.warnings)


@pytest.mark.parametrize("expires", ["2580000000", "99999999999999999999"])
def test_a_v2_link_may_live_for_decades(expires: str) -> None:
    url = f"https://storage.googleapis.com/contoso-public/a?GoogleAccessId={EMAIL}&Expires={expires}&Signature=Zm9yZ2VkZm9yZ2Vk"
    grant = decode("gcs", "signed_v2", url, "Zm9yZ2VkZm9yZ2Vk")
    assert grant.validity is Validity.VALID
    assert any("years" in each for each in grant.warnings)


ADDRESSES = [
    ("https://storage.googleapis.com/contoso-public/a/b.bin", "contoso-public", "a/b.bin"),
    ("https://contoso-public.storage.googleapis.com/a/b.bin", "contoso-public", "a/b.bin"),
    ("https://storage.cloud.google.com/contoso-public/a/b.bin", "contoso-public", "a/b.bin"),
    ("https://commondatastorage.googleapis.com/contoso-public/a/b.bin", "contoso-public", "a/b.bin"),
    (
        "https://storage.googleapis.com/storage/v1/b/contoso-public/o/a%2Fb.bin?alt=media",
        "contoso-public",
        "a/b.bin",
    ),
    (
        "https://storage.googleapis.com/download/storage/v1/b/contoso-public/o/a%2Fb.bin",
        "contoso-public",
        "a/b.bin",
    ),
    ("https://storage.europe-west3.rep.googleapis.com/contoso-public/a/b.bin", "contoso-public", "a/b.bin"),
    (
        "https://firebasestorage.googleapis.com/v0/b/contoso.appspot.com/o/a%2Fb.bin",
        "contoso.appspot.com",
        "a/b.bin",
    ),
    ("gs://contoso-public/a/b.bin", "contoso-public", "a/b.bin"),
    ("gs://contoso-public", "contoso-public", None),
]


@pytest.mark.parametrize(("text", "bucket", "key"), ADDRESSES)
def test_bucket_and_object_are_read_from_every_form_of_address(
    text: str, bucket: str, key: str | None
) -> None:
    grant = decode("gcs", "public_url", text, text)
    assert (grant.kind, grant.container, grant.key, grant.permissions) == ("anonymous", bucket, key, ())
    assert grant.scope is (Scope.OBJECT if key else Scope.CONTAINER)


def test_a_firebase_token_reads_one_object_for_ever() -> None:
    token = "11111111-2222-4333-8444-555555555555"
    url = f"https://firebasestorage.googleapis.com/v0/b/contoso.appspot.com/o/img%2Fa.png?alt=media&token={token}"
    grant = decode("gcs", "firebase_token", url, token)
    assert (grant.container, grant.key, grant.permissions) == ("contoso.appspot.com", "img/a.png", (P.READ,))
    assert (grant.expires_at, grant.kind) == (None, "download_token")
    assert token not in repr(grant)
    assert redact("gcs", "firebase_token", url, token).endswith("?alt=media&token=REDACTED")


@pytest.mark.parametrize("cut", [None, 400])
def test_a_key_file_is_read_whole_and_broken(cut: int | None) -> None:
    text = json.dumps(
        {name: key_file()[name] for name in ("project_id", "private_key_id", "client_email", "private_key")}
    )
    grant = decode("gcs", "service_account_key", text[:cut], pem())
    assert (grant.provider, grant.kind, grant.account) == ("gcp", "service_account_key", "contoso-ml")
    assert grant.signer == EMAIL
    assert grant.facts["private_key_id"].startswith("0123")
    assert set(grant.permissions) == {P.MINT, P.ADMIN}
    assert "PRIVATE KEY" not in repr(grant)
    assert redact("gcs", "service_account_key", text, pem()) == f"service account key REDACTED of {EMAIL}"


def test_a_key_file_escaped_in_a_string_is_read_by_pattern() -> None:
    text = json.dumps(json.dumps({"project_id": "contoso-ml", "client_email": EMAIL}))
    assert decode("gcs", "service_account_key", text, pem()).signer == EMAIL


def test_a_bare_private_key_takes_its_account_from_what_stood_near() -> None:
    grant = decode("gcs", "service_account_key", pem(), pem(), email=EMAIL)
    assert (grant.account, grant.signer) == ("contoso-ml", EMAIL)


@pytest.mark.parametrize("text", ["[" * 200_000, '{"a":' * 100_000, "", "{}", "null"])
def test_a_hostile_key_file_is_still_a_key(text: str) -> None:
    assert decode("gcs", "service_account_key", text, pem()).kind == "service_account_key"


def test_an_hmac_pair_permits_whatever_its_owner_may() -> None:
    key_id = "GOOG1E" + "A" * 55
    grant = decode("gcs", "hmac_key", "s" * 40, "s" * 40, key_id=key_id)
    assert (grant.kind, grant.signer, grant.facts["owner"]) == ("hmac_key", key_id, "service account")
    assert set(grant.permissions) == {P.MINT, P.ADMIN}


@pytest.mark.parametrize(
    "text", ["", "https://storage.googleapis.com/contoso-public/a", "https://a.example/?token=x"]
)
def test_what_carries_no_signature_is_none(text: str) -> None:
    assert DECODERS["gcs"].decode(sighting("gcs", "signed_v4", text), NOW) is None


def test_a_persons_sign_in_may_what_the_person_may_and_is_never_tried() -> None:
    token = "1//0tidegateFakeRefreshTokenForTestsOnly0123456789AbCdEfGhIjKl"
    grant = decode("gcs", "user_credentials", token, token, project="contoso-ml")
    assert (grant.account, grant.permissions, grant.expires_at) == ("contoso-ml", (P.ADMIN,), None)
    assert not grant.revocation.individually
    assert token not in redact("gcs", "user_credentials", token, token)
    with pytest.raises(NoAnswerError, match="as a person"):
        api_of(Credential(grant=grant, secret=Secret(token)), _no_way_out(), NOW)


def _no_way_out() -> Any:
    """Whatever would be sent fails."""
    return None
