"""Where requests go: by the real guard, to nobody."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from provider_sightings import sighting
from s3_answers import Answers, refusal

from tidegate.errors import NoAnswerError, OutOfScopeError
from tidegate.model.credential import Credential
from tidegate.model.reach import Reach, State
from tidegate.net.message import Response
from tidegate.net.scope import Scope
from tidegate.providers.s3 import PLUGIN
from tidegate.providers.s3.storage import STORAGE, S3Storage

KEY_ID, SECRET = "AKIATIDEGATEFAKEKEY2", "Qw+psJ005CzJrCERCc533aavUQ0T5EtkGuAVAizT"
NOW = datetime.now(UTC)
LISTED = b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"


def credential(kind: str, text: str, secret: str, /, **context: str) -> Credential:
    seen = sighting("s3", kind, text, secret, **context)
    grant = PLUGIN.decode(seen, NOW)
    assert grant is not None
    return Credential(
        grant=grant, text=seen.text, secret=seen.secret, context=context, provider="s3", kind=kind
    )


def key(**context: str) -> Credential:
    return credential("access_key", f"secret_access_key = {SECRET}", SECRET, key_id=KEY_ID, **context)


def probe(what: Credential, net: Answers) -> Reach:
    return S3Storage().probe(what, net, NOW)


def test_a_bucket_in_another_region_is_asked_there_by_its_own_name_and_never_where_a_redirect_points() -> (
    None
):
    net = Answers(Scope.of(s3=["contoso"]))
    net.answers["https://contoso.s3.amazonaws.com/"] = refusal(
        "PermanentRedirect", 301, x_amz_bucket_region="eu-west-1", location="https://evil.example/"
    )
    net.answers["https://contoso.s3.eu-west-1.amazonaws.com/"] = Response(status=200, headers={}, body=LISTED)
    reach = probe(STORAGE.target("s3://contoso"), net)  # type: ignore[arg-type]
    assert reach.state is State.OPEN
    assert net.urls == [
        "https://contoso.s3.amazonaws.com/",
        "https://contoso.s3.eu-west-1.amazonaws.com/",
        "https://contoso.s3.eu-west-1.amazonaws.com/",
    ]


@pytest.mark.parametrize("region", ["evil.example", "eu-west-1.evil", "169", "../x", "a" * 60])
def test_a_region_that_is_none_moves_nothing(region: str) -> None:
    net = Answers(Scope.of(s3=["contoso"]))
    net.answers["https://"] = refusal("PermanentRedirect", 301, x_amz_bucket_region=region)
    assert probe(STORAGE.target("s3://contoso"), net).state is State.UNKNOWN  # type: ignore[arg-type]
    assert set(net.urls) == {"https://contoso.s3.amazonaws.com/"}


def test_a_region_loop_ends_after_one_move() -> None:
    net = Answers(Scope.of(s3=["contoso"]))
    net.answers["https://contoso.s3.amazonaws.com/"] = refusal(
        "PermanentRedirect", 301, x_amz_bucket_region="eu-west-1"
    )
    net.answers["https://"] = refusal("PermanentRedirect", 301, x_amz_bucket_region="us-east-1")
    assert probe(STORAGE.target("s3://contoso"), net).state is State.UNKNOWN  # type: ignore[arg-type]
    assert len(net.sent) == 2


def test_a_key_is_called_dead_only_after_every_partition_was_asked() -> None:
    net = Answers(Scope.of(s3=[KEY_ID]))
    net.answers["https://"] = refusal("InvalidAccessKeyId")
    reach = probe(key(), net)
    assert reach.state is State.CLOSED
    assert net.urls[:4] == [
        "https://s3.amazonaws.com/",
        "https://s3.cn-north-1.amazonaws.com.cn/",
        "https://s3.us-gov-west-1.amazonaws.com/",
        "https://s3.eusc-de-east-1.amazonaws.eu/",
    ]


def test_a_key_of_the_chinese_partition_is_found_there() -> None:
    net = Answers(Scope.of(s3=[KEY_ID]))
    buckets = b"<ListAllMyBucketsResult><Buckets></Buckets></ListAllMyBucketsResult>"
    net.answers["https://s3.cn-north-1"] = Response(status=200, headers={}, body=buckets)
    net.answers["https://"] = refusal("InvalidAccessKeyId")
    assert probe(key(), net).state is State.OPEN


def test_a_key_unknown_to_one_partition_is_unknown_while_the_others_may_not_be_asked() -> None:
    net = Answers(Scope.of(s3=["contoso"]))
    net.answers["https://"] = refusal("InvalidAccessKeyId")
    reach = probe(key(), net)
    assert reach.state is State.UNKNOWN
    assert "name the id of the key in the scope" in reach.reason


def test_a_key_found_beside_its_bucket_is_closed_without_asking_elsewhere() -> None:
    net = Answers(Scope.of(s3=["contoso"]))
    net.answers["https://"] = refusal("InvalidAccessKeyId")
    assert probe(key(bucket="contoso"), net).state is State.CLOSED
    assert {url.split("/")[2] for url in net.urls} == {"contoso.s3.amazonaws.com"}


def test_a_key_of_an_unnamed_store_is_not_sent_to_amazon() -> None:
    net = Answers(Scope.of(s3=["*"]))
    other = credential("access_key", f"secret = {SECRET}", SECRET, key_id="minioadmin01", provider="minio")
    assert probe(other, net).state is State.UNKNOWN
    assert net.sent == []


def test_a_key_goes_to_the_store_that_stood_beside_it() -> None:
    net = Answers(Scope.of(s3=["minioadmin01"]))
    endpoint = "fra1.digitaloceanspaces.com"
    other = credential("access_key", f"secret = {SECRET}", SECRET, key_id="minioadmin01", endpoint=endpoint)
    assert probe(other, net).state is State.UNKNOWN
    assert net.urls == [f"https://{endpoint}/"]


def test_a_link_to_a_strangers_host_is_refused_though_it_names_a_bucket_in_scope() -> None:
    net = Answers(Scope.of(s3=["contoso"]))
    url = f"https://evil.example/contoso/a?AWSAccessKeyId={KEY_ID}&Expires=1893456000&Signature=LB7mg3IhWxzgZEJrXNvU7yWBrOA%3D"
    with pytest.raises(OutOfScopeError):
        probe(credential("presigned_v2", url, "LB7mg3IhWxzgZEJrXNvU7yWBrOA="), net)
    assert net.sent == []


def test_a_link_without_a_host_is_not_asked() -> None:
    net = Answers(Scope.of(s3=["*"]))
    reach = probe(
        credential(
            "presigned_v4",
            "X-Amz-Credential=AKIATIDEGATEFAKEKEY2%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Signature="
            + "0a" * 32,
            "0a" * 32,
        ),
        net,
    )
    assert (reach.state, reach.reason, net.sent) == (State.UNKNOWN, "The link names no host to ask.", [])


def test_a_cloudfront_link_is_asked_when_the_scope_names_its_host() -> None:
    host = "d111111abcdef8.cloudfront.net"
    net = Answers(Scope.of(s3=[host]))
    net.answers[f"https://{host}/m.bin"] = refusal("InvalidKey", message="Unknown Key")
    signature = "ewd226x0qau4oNARnHOugu-7G5WvAJ8GaeK1LJZk9~u0WN3zq9fM8GF6tpNioTreBGxPGUkHEOXYk3unLvqQqgCkPd6xeiDU4RmIjWvz"
    url = f"https://{host}/m.bin?Expires=1893456000&Signature={signature}&Key-Pair-Id=K2TIDEGATEFAKE"
    reach = probe(credential("cloudfront_signed_url", url, signature), net)
    assert reach.state is State.CLOSED
    assert "Signature" not in "".join(request.url for request in net.sent)


def test_a_store_that_takes_no_new_parameters_is_asked_without_them() -> None:
    net = Answers(Scope.of(s3=[KEY_ID, "one"]))
    buckets = b"<ListAllMyBucketsResult><Buckets><Bucket><Name>one</Name></Bucket></Buckets></ListAllMyBucketsResult>"
    net.answers["https://s3.amazonaws.com/?"] = refusal("NotImplemented", 501)
    net.answers["https://s3.amazonaws.com/"] = Response(status=200, headers={}, body=buckets)
    assert probe(key(), net).state is State.OPEN
    assert [each.name for each in S3Storage().containers(key(), net)] == ["one"]


def test_all_pages_of_buckets_are_listed_and_a_list_that_repeats_itself_is_an_error() -> None:
    net = Answers(Scope.of(s3=[KEY_ID]))

    def page(name: str) -> Response:
        body = (
            f"<ListAllMyBucketsResult><Buckets><Bucket><Name>{name}</Name></Bucket></Buckets>"
            "<ContinuationToken>a&amp;b</ContinuationToken></ListAllMyBucketsResult>"
        )
        return Response(status=200, headers={}, body=body.encode())

    net.answers["https://s3.amazonaws.com/?max-buckets=1000&continuation-token=a%26b"] = page("two")
    net.answers["https://s3.amazonaws.com/?max-buckets=1000"] = page("one")
    listed = S3Storage().containers(key(), net)
    assert [next(listed).name, next(listed).name] == ["one", "two"]
    with pytest.raises(NoAnswerError, match="nothing new comes"):
        next(listed)


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/a+b", "/a+b"),
        ("/a%2Bb", "/a%2Bb"),
        ("/a b", "/a%20b"),
        ("/100%", "/100%25"),
        ("/\u00fc", "/%C3%BC"),
        ("//a", "//a"),
    ],
)
def test_the_path_of_a_link_is_sent_as_it_stands(path: str, sent: str) -> None:
    net = Answers(Scope.of(s3=["contoso"]))
    url = f"https://contoso.s3.amazonaws.com{path}?AWSAccessKeyId={KEY_ID}&Expires=1893456000&Signature=LB7mg3IhWxzgZEJrXNvU7yWBrOA%3D"
    probe(credential("presigned_v2", url, "LB7mg3IhWxzgZEJrXNvU7yWBrOA="), net)
    assert net.urls[0] == f"https://contoso.s3.amazonaws.com{sent}"


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        ("s3://contoso", "https://contoso.s3.amazonaws.com/"),
        ("s3://con.toso", "https://s3.amazonaws.com/con.toso/"),
        ("https://con.toso.s3.eu-west-1.amazonaws.com/", "https://s3.eu-west-1.amazonaws.com/con.toso/"),
        ("https://s3.eu-west-1.amazonaws.com/contoso/", "https://contoso.s3.eu-west-1.amazonaws.com/"),
        ("https://contoso.s3.dualstack.eu-west-1.amazonaws.com/", "https://contoso.s3.dualstack.eu-west-1.amazonaws.com/"),
        ("https://contoso.s3-accelerate.amazonaws.com/", "https://contoso.s3-accelerate.amazonaws.com/"),
        ("http://contoso.s3-website-eu-west-1.amazonaws.com/", "https://contoso.s3.eu-west-1.amazonaws.com/"),
        ("http://contoso.s3-website.eu-central-1.amazonaws.com/", "https://contoso.s3.eu-central-1.amazonaws.com/"),
        ("https://contoso.s3.cn-north-1.amazonaws.com.cn/", "https://contoso.s3.cn-north-1.amazonaws.com.cn/"),
        ("https://contoso.nyc3.digitaloceanspaces.com/", "https://contoso.nyc3.digitaloceanspaces.com/"),
        ("https://contoso.nyc3.cdn.digitaloceanspaces.com/", "https://contoso.nyc3.cdn.digitaloceanspaces.com/"),
        ("https://s3.eu-central-2.wasabisys.com/contoso/", "https://contoso.s3.eu-central-2.wasabisys.com/"),
    ],
)  # fmt: skip
def test_an_open_address_is_asked_where_its_service_is(address: str, asked: str) -> None:
    net = Answers(Scope.of(s3=["con*", "*.digitaloceanspaces.com", "*.wasabisys.com"]))
    target = STORAGE.target(address)
    assert target is not None
    assert probe(target, net).state is State.CLOSED
    assert net.urls == [asked]


@pytest.mark.parametrize(
    ("endpoint", "asked", "host"),
    [
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000/contoso/", "127.0.0.1:9000"),
        ("https://minio.contoso.com", "https://minio.contoso.com/contoso/", "minio.contoso.com"),
        ("http://{account}.localhost:9000", "http://contoso.localhost:9000/", "contoso.localhost:9000"),
        ("http://localhost:9000/{account}", "http://localhost:9000/contoso/", "localhost:9000"),
    ],
)
def test_an_endpoint_of_the_scope_is_asked_by_its_own_name(endpoint: str, asked: str, host: str) -> None:
    net = Answers(Scope.of(s3=["contoso"], endpoints={"s3": endpoint}))
    target = STORAGE.target("s3://contoso")
    assert target is not None
    assert probe(target, net).state is State.CLOSED
    assert (net.urls, net.sent[0].host) == ([asked], host)
