"""Presigned links, forms and keys: those that can be are signed by AWS's own library."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.client import Config
from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from provider_sightings import DECODERS, NOW, decode, redact, sighting

from tidegate.model.grant import Permission, Scope, Validity
from tidegate.providers.s3.keys import account_of_key_id

P = Permission
KEY_ID = "AKIAQFABRICATED23456"
SECRET = "fAbRiCaTeDfAbRiCaTeDfAbRiCaTeDfAbRiCaTeD"


def client(
    version: str = "s3v4", style: str = "virtual", token: str | None = None, endpoint: str | None = None
):
    return boto3.client(
        "s3",
        region_name="eu-west-1",
        aws_access_key_id=KEY_ID if token is None else "ASIA" + KEY_ID[4:],
        aws_secret_access_key=SECRET,
        aws_session_token=token,
        endpoint_url=endpoint,
        config=Config(signature_version=version, s3={"addressing_style": style}),
    )


def signature(url: str) -> str:
    query = parse_qs(urlsplit(url).query)
    return (query.get("X-Amz-Signature") or query["Signature"])[0]


def presign(operation: str, seconds: int = 3600, how: dict[str, str] | None = None, **params: object) -> str:
    made = client(**(how or {})).generate_presigned_url(
        operation, {"Bucket": "contoso-public", **params}, seconds
    )
    assert isinstance(made, str)
    return made


@pytest.mark.parametrize("style", ["virtual", "path"])
@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_a_link_presigned_by_awss_library_is_one_object_for_a_while(version: str, style: str) -> None:
    url = presign("get_object", how={"version": version, "style": style}, Key="runs/7/model.ckpt")
    grant = decode("s3", "presigned", url, signature(url), now=datetime.now(UTC))
    assert (grant.provider, grant.kind, grant.account) == ("aws", "presigned_url", KEY_ID)
    assert (grant.scope, grant.container, grant.key) == (Scope.OBJECT, "contoso-public", "runs/7/model.ckpt")
    assert grant.validity is Validity.VALID
    assert grant.expires_at is not None
    assert abs(grant.expires_at - datetime.now(UTC) - timedelta(hours=1)) < timedelta(minutes=2)
    assert signature(url) not in repr(grant)
    assert signature(url) not in redact("s3", "presigned", url, signature(url))


METHODS: list[tuple[str, dict[str, object], set[Permission]]] = [
    ("get_object", {"Key": "k"}, {P.READ, P.UNKNOWN}),
    ("get_object", {"Key": "k", "ResponseContentDisposition": "attachment"}, {P.READ}),
    ("put_object", {"Key": "k", "ContentType": "text/plain"}, {P.WRITE}),
    ("put_object", {"Key": "k", "ACL": "public-read"}, {P.WRITE}),
    ("upload_part", {"Key": "k", "UploadId": "u", "PartNumber": 1}, {P.WRITE}),
    ("list_objects_v2", {"Prefix": "runs/"}, {P.LIST}),
    ("get_bucket_policy", {}, {P.PROPERTIES, P.UNKNOWN}),
]


@pytest.mark.parametrize(("operation", "params", "rights"), METHODS)
def test_the_method_is_read_from_hints_and_without_any_as_larger(
    operation: str, params: dict[str, object], rights: set[Permission]
) -> None:
    url = presign(operation, **params)
    grant = decode("s3", "presigned_v4", url, signature(url))
    assert set(grant.permissions) == rights
    assert any("method" in each for each in grant.warnings) is (
        rights == {P.READ, P.UNKNOWN} or P.UNKNOWN in rights
    )


def test_a_session_link_says_that_it_ends_with_its_session_and_hides_the_token() -> None:
    token = "FwoGZXIvYXdzEFakeFakeFakeFakeFakeFake"
    url = presign("get_object", how={"token": token}, Key="k")
    grant = decode("s3", "presigned_v4", url, signature(url))
    assert any("session" in each for each in grant.warnings)
    assert "TokenIssueTime" in grant.revocation.means
    assert token not in redact("s3", "presigned_v4", url, signature(url))
    assert token not in repr(grant)


def v4(
    date: str = "20261124T110000Z", expires: str = "7200", host: str = "contoso-public.s3.amazonaws.com"
) -> str:
    return (
        f"https://{host}/a.bin?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={KEY_ID}%2F20261124%2Feu-west-1%2Fs3%2F"
        f"aws4_request&X-Amz-Date={date}&X-Amz-Expires={expires}&X-Amz-SignedHeaders=host&X-Amz-Signature={'ab' * 32}"
    )


def test_a_v4_link_ends_its_seconds_after_its_date() -> None:
    grant = decode("s3", "presigned_v4", v4(), "ab" * 32)
    assert grant.starts_at == datetime(2026, 11, 24, 11, tzinfo=UTC)
    assert grant.expires_at == datetime(2026, 11, 24, 13, tzinfo=UTC)
    assert grant.validity is Validity.VALID
    assert grant.facts["X-Amz-Expires"] == "7200"


@pytest.mark.parametrize(
    ("date", "expires", "state"),
    [
        ("20261124T090000Z", "3600", Validity.EXPIRED),
        ("20261125T000000Z", "3600", Validity.NOT_YET_VALID),
        ("yesterday", "3600", Validity.UNKNOWN),
        ("20261124T090000Z", "never", Validity.VALID),
        ("20261124T090000Z", "9" * 30, Validity.VALID),
    ],
)
def test_bad_and_extreme_times_never_shorten_a_link(date: str, expires: str, state: Validity) -> None:
    assert decode("s3", "presigned_v4", v4(date, expires), "ab" * 32).validity is state


def test_more_than_seven_days_is_said_to_be_more_than_amazon_allows() -> None:
    grant = decode("s3", "presigned_v4", v4(expires="31536000"), "ab" * 32)
    assert any("7 days" in each for each in grant.warnings)


def test_a_v2_link_may_live_for_decades() -> None:
    url = f"https://s3.amazonaws.com/contoso-public/a.bin?AWSAccessKeyId={KEY_ID}&Expires=2580000000&Signature=Zm9yZ2VkZm9yZ2Vk"
    grant = decode("s3", "presigned_v2", url, "Zm9yZ2VkZm9yZ2Vk")
    assert grant.expires_at == datetime.fromtimestamp(2580000000, tz=UTC)
    assert any("years" in each for each in grant.warnings)


HOSTS = [
    ("contoso-public.s3.amazonaws.com", "aws", "contoso-public"),
    ("contoso-public.s3.dualstack.eu-west-1.amazonaws.com", "aws", "contoso-public"),
    ("contoso-public.s3-eu-west-1.amazonaws.com", "aws", "contoso-public"),
    ("contoso-public.s3-website-eu-west-1.amazonaws.com", "aws", "contoso-public"),
    ("contoso-public.s3-website.eu-central-1.amazonaws.com", "aws", "contoso-public"),
    ("contoso-public.s3.cn-north-1.amazonaws.com.cn", "aws", "contoso-public"),
    ("contoso-public.s3.us-gov-west-1.amazonaws.com", "aws", "contoso-public"),
    ("contoso-public.s3-accelerate.amazonaws.com", "aws", "contoso-public"),
    ("reader-123456789012.s3-accesspoint.eu-west-1.amazonaws.com", "aws", "reader-123456789012"),
    ("my.dotted.bucket.s3.eu-west-1.amazonaws.com", "aws", "my.dotted.bucket"),
    ("contoso-public.0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com", "other", "contoso-public"),
    ("pub-0123456789abcdef0123456789abcdef.r2.dev", "other", "pub-0123456789abcdef0123456789abcdef"),
    ("contoso-public.nyc3.digitaloceanspaces.com", "other", "contoso-public"),
    ("contoso-public.s3.us-west-004.backblazeb2.com", "other", "contoso-public"),
    ("contoso-public.s3.eu-central-1.wasabisys.com", "other", "contoso-public"),
]


@pytest.mark.parametrize(("host", "provider", "bucket"), HOSTS)
def test_the_bucket_is_read_from_every_form_of_host(host: str, provider: str, bucket: str) -> None:
    signed = decode("s3", "presigned_v4", v4(host=host), "ab" * 32)
    plain = decode("s3", "public_url", f"https://{host}/a.bin", "x" * 9)
    assert (signed.provider, signed.container, signed.key) == (provider, bucket, "a.bin")
    assert (plain.kind, plain.container, plain.key, plain.permissions) == ("anonymous", bucket, "a.bin", ())


@pytest.mark.parametrize(
    "host",
    ["s3.amazonaws.com", "s3.eu-west-1.amazonaws.com", "s3-eu-west-1.amazonaws.com", "s3.dualstack.eu-west-1.amazonaws.com",
     "0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com", "minio.contoso.example:9000", "127.0.0.1:9000"],
)  # fmt: skip
def test_in_path_style_the_bucket_stands_first_in_the_path(host: str) -> None:
    grant = decode("s3", "public_url", f"https://{host}/contoso-public/dir/a.bin", "x" * 9)
    assert (grant.container, grant.key, grant.scope) == ("contoso-public", "dir/a.bin", Scope.OBJECT)


def test_a_bucket_without_an_object_is_a_container() -> None:
    assert decode("s3", "public_url", "s3://contoso-public", "x" * 9).scope is Scope.CONTAINER
    assert (
        decode("s3", "public_url", "https://contoso-public.s3.amazonaws.com/", "x" * 9).scope
        is Scope.CONTAINER
    )


def test_a_post_form_made_by_awss_library_may_write_under_its_prefix() -> None:
    form = client().generate_presigned_post(
        "contoso-public",
        "uploads/${filename}",
        Conditions=[["starts-with", "$key", "uploads/"], ["content-length-range", 1, 1048576]],
        ExpiresIn=3600,
    )
    grant = decode(
        "s3", "post_policy", json.dumps(form), form["fields"]["x-amz-signature"], now=datetime.now(UTC)
    )
    assert (grant.kind, grant.provider, grant.account) == ("post_policy", "aws", KEY_ID)
    assert (grant.container, grant.scope, grant.permissions) == (
        "contoso-public",
        Scope.DIRECTORY,
        (P.WRITE,),
    )
    assert grant.facts["content-length-range"] == "1-1048576"
    assert grant.validity is Validity.VALID


def test_a_post_form_in_html_and_its_bare_policy_are_read_alike() -> None:
    policy = {
        "expiration": "2027-01-01T00:00:00Z",
        "conditions": [
            {"bucket": "contoso-public"},
            ["eq", "$key", "one.bin"],
            {"x-amz-credential": f"{KEY_ID}/2026/x"},
        ],
    }
    packed = base64.b64encode(json.dumps(policy).encode()).decode()
    html = (
        '<form action="https://contoso-public.s3.amazonaws.com/" method="post"><input type="hidden" name="policy" '
        f'value="{packed}"><input name="x-amz-signature" value="{"ab" * 32}"></form>'
    )
    for text in (html, packed):
        grant = decode("s3", "post_policy", text, "ab" * 32)
        assert (grant.scope, grant.container, grant.key) == (Scope.OBJECT, "contoso-public", "one.bin")
        assert grant.expires_at == datetime(2027, 1, 1, tzinfo=UTC)
        assert "ab" * 32 not in redact("s3", "post_policy", text, "ab" * 32)


@pytest.mark.parametrize(
    "text", ["", "eyJ4", "not a form", "<input name='policy' value='%%%'>", "eyJ" + "[" * 400]
)
def test_a_form_whose_policy_cannot_be_read_is_no_grant(text: str) -> None:
    assert DECODERS["s3"].decode(sighting("s3", "post_policy", text), NOW) is None


def cloudfront(policy: str | None) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signer = CloudFrontSigner(
        "K2FAKEKEYPAIR1", lambda message: key.sign(message, padding.PKCS1v15(), hashes.SHA1())
    )
    url = "https://d0fakefakefake.cloudfront.net/runs/7/model.ckpt"
    if policy is None:
        made = signer.generate_presigned_url(url, date_less_than=datetime(2030, 1, 1, tzinfo=UTC))
    else:
        made = signer.generate_presigned_url(url, policy=policy)
    assert isinstance(made, str)
    return made


def test_a_canned_cloudfront_link_reads_one_object() -> None:
    url = cloudfront(None)
    grant = decode("s3", "cloudfront_signed_url", url, signature(url))
    assert (grant.kind, grant.provider, grant.account) == ("signed_url", "aws", "K2FAKEKEYPAIR1")
    assert (grant.scope, grant.key, grant.permissions) == (Scope.OBJECT, "runs/7/model.ckpt", (P.READ,))
    assert grant.expires_at == datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("resource", "scope"),
    [
        ("https://d0fakefakefake.cloudfront.net/runs/7/model.ckpt", Scope.OBJECT),
        ("https://d0fakefakefake.cloudfront.net/runs/7/model.ckpt?*", Scope.OBJECT),
        ("https://d0fakefakefake.cloudfront.net/runs/*", Scope.DIRECTORY),
        ("https://d0fakefakefake.cloudfront.net/*", Scope.CONTAINER),
        ("http*://*", Scope.CONTAINER),
    ],
)
def test_a_custom_cloudfront_policy_says_how_wide_from_when_and_from_where(
    resource: str, scope: Scope
) -> None:
    policy = {
        "Statement": [
            {
                "Resource": resource,
                "Condition": {
                    "DateLessThan": {"AWS:EpochTime": 1893456000},
                    "DateGreaterThan": {"AWS:EpochTime": 1764000000},
                    "IpAddress": {"AWS:SourceIp": "203.0.113.7/32"},
                },
            }
        ]
    }
    url = cloudfront(json.dumps(policy, separators=(",", ":")))
    grant = decode("s3", "cloudfront_signed_url", url, signature(url))
    assert grant.scope is scope
    assert grant.expires_at == datetime.fromtimestamp(1893456000, tz=UTC)
    assert grant.starts_at == datetime.fromtimestamp(1764000000, tz=UTC)
    assert grant.ip_range == "203.0.113.7"


def test_a_cloudfront_policy_that_cannot_be_read_opens_an_unknown_amount() -> None:
    url = "https://d0fakefakefake.cloudfront.net/x?Policy=nonsense&Signature=Zm9yZ2VkZm9yZ2Vk&Key-Pair-Id=K2FAKE"
    assert decode("s3", "cloudfront_signed_url", url, "Zm9yZ2VkZm9yZ2Vk").scope is Scope.UNKNOWN


def test_a_key_pair_permits_whatever_its_owner_may() -> None:
    grant = decode("s3", "access_key", SECRET, SECRET, key_id=KEY_ID)
    assert (grant.provider, grant.kind, grant.account) == ("aws", "access_key", KEY_ID)
    assert set(grant.permissions) == {P.MINT, P.ADMIN}
    assert (grant.expires_at, grant.validity) == (None, Validity.UNKNOWN)
    assert (
        redact("s3", "access_key", SECRET, SECRET, key_id=KEY_ID) == f"secret access key REDACTED of {KEY_ID}"
    )


def test_a_key_of_another_service_is_not_called_amazons() -> None:
    r2 = decode(
        "s3",
        "access_key",
        "f" * 64,
        "f" * 64,
        key_id="0123456789abcdef0123456789abcdef",
        endpoint="https://0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com",
    )
    minio = decode(
        "s3", "access_key", "minio-secret-1", "minio-secret-1", key_id="minio-user", provider="Minio"
    )
    assert (r2.provider, r2.facts["service"]) == ("other", "Cloudflare R2")
    assert (minio.provider, minio.facts["service"]) == ("other", "MinIO")


def test_a_session_key_ends_by_itself_and_needs_its_token() -> None:
    without = decode("s3", "access_key", SECRET, SECRET, key_id="ASIA" + KEY_ID[4:])
    with_token = decode("s3", "access_key", SECRET, SECRET, key_id="ASIA" + KEY_ID[4:], session_token="yes")
    assert any("session token" in each for each in without.warnings)
    assert not any("was not seen" in each for each in with_token.warnings)


def test_a_key_id_alone_opens_nothing() -> None:
    grant = decode("s3", "access_key_id", KEY_ID, KEY_ID)
    assert (grant.kind, grant.account, grant.permissions) == ("access_key_id", KEY_ID, ())


def test_newer_key_ids_tell_their_account() -> None:
    # Built backwards from an account number, as the id itself holds it.
    raw = ((123456789012 << 7) | (1 << 47) | 5).to_bytes(6, "big") + bytes(4)
    key_id = "AKIA" + base64.b32encode(raw).decode()
    assert account_of_key_id(key_id) == "123456789012"
    assert account_of_key_id("AKIAIFABRICATED23456") is None


@pytest.mark.parametrize("text", ["", "https://contoso-public.s3.amazonaws.com/a.bin", "?X-Amz-Signature="])
def test_what_carries_no_signature_is_none(text: str) -> None:
    assert DECODERS["s3"].decode(sighting("s3", "presigned_v4", text), NOW) is None
