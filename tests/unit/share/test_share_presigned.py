"""Links that we sign are those that the clouds' own libraries sign, for any name; and what a policy says of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from unittest import mock

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from google.cloud.storage import _signing
from google.oauth2 import service_account
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus import mint_clouds as mint
from tidegate.model.secret import Secret
from tidegate.model.share import Wish
from tidegate.net.audit import Memory
from tidegate.net.scope import Scope
from tidegate.net.transport import Net
from tidegate.net.writer import Writer
from tidegate.plugins import storage
from tidegate.providers.gcs.share.hands import GcsHands
from tidegate.providers.gcs.share.signers import by_key
from tidegate.providers.s3.access import Key
from tidegate.providers.s3.share.hands import S3Hands
from tidegate.providers.s3.share.policy import statement
from tidegate.share.look import as_found

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
KEY_ID, SECRET = "AKIAMADEUPFORTESTS00", "made-up-secret-of-forty-characters-000000"
FILE = mint.service_account_json("signer")
GOOGLES = by_key(FILE["client_email"], Secret(FILE["private_key"]))
GOOGLES_OWN = service_account.Credentials.from_service_account_info(FILE)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).filter(
    lambda name: not any(part in ("", ".", "..") for part in name.split("/"))
)


def wish(provider: str, path: str, right: str = "read") -> Wish:
    return Wish(
        id="sh-0123abcd", provider=provider, account="", container="contoso-models", path=path, rights=(right,),
        ends_at=NOW + timedelta(hours=1),
    )  # fmt: skip


@cache
def net() -> Net:
    """Return a way out that nothing is sent through."""
    owners = {name: storage(name).owner for name in ("s3", "gcs")}
    return Net(Scope.of(s3=["contoso-*"], gcs=["contoso-*"]), owners=owners, audit=Memory())


def s3_hands(path: str, region: str = "eu-west-1", token: str = "", right: str = "read") -> S3Hands:
    key = Key(key_id=KEY_ID, secret=Secret(SECRET), token=Secret(token) if token else None)
    return S3Hands(wish("s3", path, right), key, region, net(), mock.create_autospec(Writer))


@settings(deadline=None, max_examples=60)
@given(
    KEYS, st.sampled_from(["eu-west-1", "us-east-1", "cn-north-1"]), st.sampled_from(["", "made/up+token=="])
)
def test_amazons_own_signer_signs_the_same_link(path: str, region: str, token: str) -> None:
    hands = s3_hands(path, region, token)
    link = hands._link(hands._parameters(NOW, timedelta(hours=1))).reveal()
    request = AWSRequest("GET", link.partition("?")[0])
    signer = botocore.auth.S3SigV4QueryAuth(
        Credentials(KEY_ID, SECRET, token or None), "s3", region, expires=3600
    )
    with mock.patch.object(botocore.auth, "get_current_datetime", return_value=NOW.replace(tzinfo=None)):
        signer.add_auth(request)
    assert set(link.partition("?")[2].split("&")) == set(request.url.partition("?")[2].split("&"))
    found, redacted = as_found(Secret(link), "s3", NOW)
    assert found.secret is not None
    assert found.secret.reveal() in link
    assert found.secret.reveal() not in redacted
    if token:
        assert token not in redacted


@settings(deadline=None, max_examples=20)
@given(KEYS)
def test_googles_own_library_signs_the_same_link(path: str) -> None:
    hands = GcsHands(wish("gcs", path), GOOGLES, net())
    link = hands.again(hands._parameters(NOW, timedelta(hours=1))).reveal()
    theirs = _signing.generate_signed_url_v4(
        GOOGLES_OWN,
        link.partition("?")[0].removeprefix("https://storage.googleapis.com"),
        3600,
        api_access_endpoint="https://storage.googleapis.com",
        _request_timestamp=NOW.strftime("%Y%m%dT%H%M%SZ"),
    )
    assert set(link.partition("?")[2].split("&")) == set(theirs.partition("?")[2].split("&"))


def test_the_parameters_of_another_kind_of_link_make_none() -> None:
    hands = s3_hands("a")
    for wrong in ({}, {"X-Amz-Date": "x"}, {"X-Amz-Credential": "a/b/c", "X-Amz-Date": ""}):
        with pytest.raises(ValueError, match="not the parameters"):
            hands.again(wrong)


@pytest.mark.parametrize(
    ("path", "region", "right", "resource"),
    [
        ("a/b.bin", "eu-west-1", "read", "arn:aws:s3:::contoso-models/a/b.bin"),
        ("a*b?c$d{e", "us-east-1", "read", "arn:aws:s3:::contoso-models/a${*}b${?}c${$}d{e"),
        ("a/", "cn-north-1", "list", "arn:aws-cn:s3:::contoso-models"),
        ("in", "us-gov-west-1", "write", "arn:aws-us-gov:s3:::contoso-models/in"),
    ],
)
def test_a_policy_denies_one_object_and_no_name_that_looks_like_it(
    path: str, region: str, right: str, resource: str
) -> None:
    hands = s3_hands(path, region, right=right)
    denied = statement(hands.access, hands.wish)
    assert denied["Resource"] == resource
    assert denied["Sid"] == "TidegateSh0123abcd"
    assert denied["Effect"] == "Deny"
    assert denied["Condition"] == {"StringNotEquals": {"s3:authType": "REST-HEADER"}}
