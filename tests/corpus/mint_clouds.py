"""Makes AWS and Google credentials with botocore and google-cloud-storage: fake keys, a still clock."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from types import SimpleNamespace
from typing import Any
from unittest import mock

import botocore.session
from botocore.config import Config
from botocore.signers import CloudFrontSigner, generate_presigned_post
from Cryptodome.PublicKey import RSA
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from google.cloud.storage import _signing
from google.oauth2 import service_account

from corpus.mint import guid, letters, seeded

BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
BASE36 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
SIGNED_AT = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
"""Six hours before the corpus is judged."""


def aws_key_id(name: str, prefix: str = "AKIA") -> str:
    """Return an access key id: four letters and 16 of base32."""
    return prefix + letters("aws id " + name, 16, BASE32)


def aws_secret(name: str) -> str:
    """Return a secret access key: 30 bytes in base64, 40 characters."""
    return base64.b64encode(seeded("aws secret " + name, 30)).decode()


def presign(
    name: str,
    operation: str,
    params: dict[str, str],
    *,
    seconds: int = 604_800,
    region: str = "eu-west-1",
    key_id: str = "",
    token: str | None = None,
    endpoint: str | None = None,
    version: str = "s3v4",
    style: str = "auto",
) -> str:
    """Return a presigned S3 link. `version`: `s3v4`, or `s3` for signature version 2."""
    session = botocore.session.Session()
    session.set_credentials(key_id or aws_key_id(name), aws_secret(name), token)
    config = Config(signature_version=version, s3={"addressing_style": style})
    client = session.create_client("s3", region_name=region, endpoint_url=endpoint, config=config)
    with _still():
        link: str = client.generate_presigned_url(operation, Params=params, ExpiresIn=seconds)
    return link


def post_form(name: str, bucket: str, key: str) -> dict[str, Any]:
    """Return `url` and `fields` of a presigned POST, as boto3 gives them."""
    session = botocore.session.Session()
    session.set_credentials(aws_key_id(name), aws_secret(name))
    client = session.create_client("s3", region_name="eu-west-1", config=Config(signature_version="s3v4"))
    with _still():
        made: dict[str, Any] = generate_presigned_post(client, bucket, key, ExpiresIn=86_400)
    return made


@contextmanager
def _still() -> Iterator[None]:
    """Stop botocore's clock: it takes no time as an argument."""

    def clock(*, remove_tzinfo: bool = True) -> datetime:
        return SIGNED_AT.replace(tzinfo=None) if remove_tzinfo else SIGNED_AT

    with (
        mock.patch("botocore.auth.get_current_datetime", clock),
        mock.patch("botocore.signers.get_current_datetime", clock),
        mock.patch("botocore.auth.time", SimpleNamespace(time=SIGNED_AT.timestamp)),
    ):
        yield


@cache
def rsa_key(name: str) -> Any:
    """Return a private key of 2,048 bits made from the name: the same one in every run."""
    stream = hashlib.shake_256(b"tidegate rsa " + name.encode()).digest(1 << 20)
    position = 0

    def take(size: int) -> bytes:
        nonlocal position
        position += size
        return stream[position - size : position]

    pem = RSA.generate(2048, randfunc=take).export_key(pkcs=8)
    return serialization.load_pem_private_key(pem, password=None)


def pem(name: str) -> str:
    """Return the private key as PEM (PKCS #8)."""
    form = serialization.PrivateFormat.PKCS8
    kept: bytes = rsa_key(name).private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return kept.decode()


def service_account_json(name: str, project: str = "contoso-research") -> dict[str, str]:
    """Return a key file of a service account, as the console hands it out."""
    mail = f"{name}@{project}.iam.gserviceaccount.com"
    return {
        "type": "service_account",
        "project_id": project,
        "private_key_id": seeded("kid " + name, 20).hex(),
        "private_key": pem("gcp"),
        "client_email": mail,
        "client_id": letters("cid " + name, 21, "0123456789"),
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": "https://oauth2.googleapis.com/token",
    }


def gcs_signed(name: str, resource: str, *, version: int, method: str = "GET", seconds: int = 604_800) -> str:
    """Return a signed Cloud Storage link of version 2 or 4."""
    credentials = service_account.Credentials.from_service_account_info(service_account_json(name))
    host = "https://storage.googleapis.com"
    if version == 2:
        end = int(SIGNED_AT.timestamp()) + seconds
        return str(
            _signing.generate_signed_url_v2(
                credentials,
                resource,
                datetime.fromtimestamp(end, UTC),
                api_access_endpoint=host,
                method=method,
            )
        )
    stamp = SIGNED_AT.strftime("%Y%m%dT%H%M%SZ")
    made: str = _signing.generate_signed_url_v4(
        credentials, resource, seconds, api_access_endpoint=host, method=method, _request_timestamp=stamp
    )
    return made


def cloudfront(name: str, link: str, *, policy: bool = False) -> str:
    """Return a signed CloudFront link: a canned policy, or a custom one in base64."""

    def sign(message: bytes) -> bytes:
        made: bytes = rsa_key("cloudfront").sign(message, padding.PKCS1v15(), hashes.SHA1())
        return made

    signer = CloudFrontSigner("K" + letters("cf " + name, 13, BASE36), sign)
    end = datetime(2051, 10, 6, 9, 0, tzinfo=UTC)
    text = None
    if policy:
        text = signer.build_policy(link.split("?", maxsplit=1)[0].rsplit("/", 1)[0] + "/*", end)
    made: str = signer.generate_presigned_url(link, date_less_than=None if policy else end, policy=text)
    return made


def compact(value: object) -> str:
    """Return JSON without spaces."""
    return json.dumps(value, separators=(",", ":"))


def hmac_pair(name: str) -> tuple[str, str]:
    """Return a Google HMAC key of a service account: 61 and 40 characters."""
    return "GOOG1E" + letters("goog " + name, 55, BASE36), base64.b64encode(
        seeded("goog secret " + name, 30)
    ).decode()


def firebase_token(name: str) -> str:
    """Return a download token: a GUID."""
    return guid("firebase " + name)
