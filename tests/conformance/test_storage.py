"""Laws for every provider's storage, whatever a server answers: what `tidegate.plugins.Storage` promises."""

from __future__ import annotations

import json
import re
import traceback
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from asking import PROVIDERS, Case, Scripted, cases, storage
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from corpus.model import NOW
from tidegate import items
from tidegate.errors import NoAnswerError, OutOfScopeError, RequestError
from tidegate.model.reach import Reach, State
from tidegate.net.address import split_url
from tidegate.net.guard import Guard
from tidegate.net.message import Request, Response
from tidegate.net.scope import Scope
from tidegate.plugins import Container, Page

LAWS = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

OWN = {
    "azure": (
        ("https://contoso.blob.core.windows.net/models/a.bin", "contoso"),
        ("https://contoso.dfs.core.windows.net/models", "contoso"),
        ("https://contoso.queue.core.windows.net/", "contoso"),
    ),
    "s3": (
        ("https://contoso.s3.amazonaws.com/a.bin", "contoso"),
        ("https://s3.eu-west-1.amazonaws.com/contoso/a.bin", "contoso"),
        ("https://s3.amazonaws.com/", ""),
    ),
    "gcs": (
        ("https://contoso.storage.googleapis.com/a.bin", "contoso"),
        ("https://storage.googleapis.com/contoso/a.bin", "contoso"),
        ("https://storage.googleapis.com/storage/v1/b/contoso/o?prefix=a", "contoso"),
        ("https://storage.googleapis.com/download/storage/v1/b/contoso/o/a?alt=media", "contoso"),
        ("https://firebasestorage.googleapis.com/v0/b/contoso/o/a?alt=media", "contoso"),
        ("https://storage.cloud.google.com/contoso/a.bin", "contoso"),
        ("https://storage.googleapis.com/storage/v1/b?project=p", ""),
        ("https://storage.googleapis.com/", ""),
    ),
}
ADDRESSES = [(provider, *own) for provider in PROVIDERS for own in OWN[provider]]

CODES = (
    "AuthenticationFailed AuthorizationFailure AuthorizationPermissionMismatch ResourceNotFound ServerBusy "
    "KeyBasedAuthenticationNotPermitted PublicAccessNotPermitted NoAuthenticationInformation AccountIsDisabled "
    "SignatureDoesNotMatch InvalidAccessKeyId AccessDenied ExpiredToken InvalidToken NoSuchBucket NoSuchKey "
    "PermanentRedirect SlowDown InvalidSecurity UserProjectAccountProblem authError required forbidden"
).split()
WORDS = (
    "Signature did not match. String to sign used was x",
    "Signature not valid in the specified time frame: Start [x] - Expiry [y] - Current [z]",
    "Request has expired",
    "Anonymous caller does not have storage.objects.list access",
    "Permission denied.",
    "",
)
FOREIGN = st.one_of(
    st.sampled_from(
        (
            b"",
            b"<!DOCTYPE html><html><body>Sign in to the airport's network</body></html>",
            b"<html><title>Welcome</title></html>",
            b"{}",
            b"[]",
            b"null",
            b'{"error": {}}',
            b"<Error/>",
            b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]><ListBucketResult>&a;</ListBucketResult>",
            b"<rss><Contents><Key>a</Key></Contents></rss>",
            b"\xff\xfe<\x00",
            b"{" * 100_000,
            b"<a>" * 100_000,
        )
    ),
    st.binary(max_size=300),
)
"""What no storage service answers to a read."""
LISTINGS = (
    b'<?xml version="1.0"?><EnumerationResults ServiceEndpoint="https://contoso.blob.core.windows.net/">%s</EnumerationResults>',
    b'<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">%s</ListBucketResult>',
    b'<?xml version="1.0"?><ListAllMyBucketsResult>%s</ListAllMyBucketsResult>',
    b'<?xml version="1.0"?><ListVersionsResult>%s</ListVersionsResult>',
    b'{"kind": "storage#objects", "items": %s}',
    b'{"kind": "storage#buckets", "items": %s}',
    b'{"paths": %s}',
    b'{"prefixes": [], "items": %s, "nextPageToken": "2"}',
    b'{"value": %s}',
)
ENTRIES = (
    b"",
    b"[]",
    b"[1]",
    b'[{"name": "a", "size": "1", "generation": "5"}]',
    b'[{"name": "\\ud800", "size": "-1"}]',
    b'[{"name": 5}]',
    b'[{"name": "a", "contentLength": "1e9", "lastModified": "yesterday"}]',
    b"<Contents><Key>a</Key><Size>1</Size></Contents>",
    b"<Contents><Key>a</Key><Size>-1</Size></Contents>",
    b"<Contents/>",
    b"<IsTruncated>true</IsTruncated><NextMarker></NextMarker>",
    b"<Blobs><Blob><Name>a</Name><Properties><Content-Length>1</Content-Length></Properties></Blob></Blobs><NextMarker/>",
    b"<Blobs><Blob><Name>a</Name><Properties><Content-Length>x</Content-Length></Properties></Blob></Blobs>",
    b"<Containers><Container><Name>models</Name></Container></Containers><NextMarker>2</NextMarker>",
    b"<Containers><Container><Name></Name></Container></Containers>",
    b"<Buckets><Bucket><Name>contoso-public</Name></Bucket></Buckets>",
    b"<Buckets><Bucket><Name>../..</Name></Bucket></Buckets>",
    b"<Buckets><Bucket/></Buckets>",
)


def refusal(code: str, words: str) -> st.SearchStrategy[bytes]:
    return st.sampled_from(
        (
            f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{words}</Message>"
            f"<AuthenticationErrorDetail>{words}</AuthenticationErrorDetail><Details>{words}</Details></Error>".encode(),
            json.dumps({"error": {"code": code, "message": words, "errors": [{"reason": code}]}}).encode(),
            json.dumps({"odata.error": {"code": code, "message": {"value": words}}}).encode(),
        )
    )


BODIES = st.one_of(
    FOREIGN,
    st.tuples(st.sampled_from(CODES), st.sampled_from(WORDS)).flatmap(lambda t: refusal(*t)),
    st.tuples(st.sampled_from(LISTINGS), st.sampled_from(ENTRIES)).map(lambda t: t[0] % t[1]),
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "x-ms-error-code": st.sampled_from(CODES),
        "content-type": st.sampled_from(("application/xml", "application/json", "text/html", "")),
        "content-range": st.sampled_from(("bytes 0-0/10", "bytes 5-6/1", "bytes */0", "items 1")),
        "content-length": st.sampled_from(("0", "1", "-1", "10")),
        "etag": st.just('"0x8D"'),
        "last-modified": st.sampled_from(("Tue, 24 Nov 2026 06:00:00 GMT", "never")),
        "date": st.sampled_from(("Tue, 24 Nov 2026 12:00:00 GMT", "never", "")),
        "location": st.just("http://169.254.169.254/latest/meta-data"),
        "server": st.sampled_from(("Windows-Azure-Blob/1.0", "AmazonS3", "UploadServer", "Azurite-Blob/3")),
        "x-amz-bucket-region": st.sampled_from(("eu-west-1", "evil.example/", "")),
        "x-amz-request-id": st.just("0"),
        "x-ms-request-id": st.just("0"),
        "x-ms-version": st.just("2021-12-02"),
        "x-goog-hash": st.sampled_from(("md5=1B2M2Y8AsgTpgAmY7PhCfg==", "md5=")),
        "x-goog-stored-content-length": st.sampled_from(("0", "-1")),
    },
)
STATUSES = st.sampled_from(
    (200, 204, 206, 301, 302, 307, 400, 401, 403, 404, 405, 409, 412, 416, 429, 500, 503, 599)
)
RESPONSES = st.none() | st.builds(
    Response, status=STATUSES, headers=HEADERS, body=BODIES, truncated=st.booleans()
)

SILENT = st.none() | st.builds(
    Response,
    status=st.sampled_from((200, 204, 206, 301, 302, 307, 308, 404, 410, 429, 500, 502, 503, 504)),
    headers=HEADERS,
    body=BODIES,
)
"""What says nothing of a credential, whatever stands in it."""
STRANGE = st.builds(
    Response,
    status=STATUSES,
    headers=st.sampled_from(
        (
            {},
            {"content-type": "text/html"},
            {"content-type": "application/xml"},
            {"date": "never"},
            {"server": "nginx"},
        )
    ),
    body=FOREIGN,
)
"""What no storage service answers."""


@pytest.fixture(scope="module")
def asked(cache_dir: Path) -> list[Case]:
    return cases(cache_dir)


def scripted(answers: list[Response | None]) -> Scripted:
    """Answer in turn, and the last for ever."""
    turns = iter(answers)
    return Scripted(lambda _: next(turns, answers[-1]))


def probe(case: Case, net: Scripted) -> Reach | None:
    """Return what a probe says, `None` when the scope does not let it ask."""
    try:
        return case.fresh.probe(case.credential, net, NOW)
    except OutOfScopeError:
        return None


@given(data=st.data())
@LAWS
def test_whatever_is_answered_a_probe_ends_in_a_state_and_has_only_read(
    asked: list[Case], data: st.DataObject
) -> None:
    case = data.draw(st.sampled_from(asked))
    net = scripted(data.draw(st.lists(RESPONSES, min_size=1, max_size=4)))
    reach = probe(case, net)
    assert reach is None or re.fullmatch(r"[A-Z].*\.", reach.reason, re.DOTALL)
    assert {request.method for request in net.sent} <= {"GET", "HEAD"}
    assert len(net.sent) <= 60


@given(data=st.data())
@LAWS
def test_silence_absence_redirects_and_outages_are_never_closed(
    asked: list[Case], data: st.DataObject
) -> None:
    case = data.draw(st.sampled_from(asked))
    reach = probe(case, scripted(data.draw(st.lists(SILENT, min_size=1, max_size=4))))
    assert reach is None or reach.state is not State.CLOSED, reach


@given(data=st.data())
@LAWS
def test_what_no_storage_answers_is_never_open(asked: list[Case], data: st.DataObject) -> None:
    case = data.draw(st.sampled_from(asked))
    reach = probe(case, scripted(data.draw(st.lists(STRANGE, min_size=1, max_size=4))))
    assert reach is None or reach.state is not State.OPEN, reach


@given(data=st.data())
@LAWS
def test_any_bytes_to_a_listing_end_in_a_page_or_an_error_of_ours(
    asked: list[Case], data: st.DataObject
) -> None:
    case = data.draw(st.sampled_from(asked))
    net = scripted(data.draw(st.lists(RESPONSES, min_size=1, max_size=3)))
    services = {"azure": ("blob", "file", "queue"), "s3": ("s3",), "gcs": ("gcs",)}[case.storage.id]
    grant = case.credential.grant
    container = Container(
        service=data.draw(st.sampled_from(services)),
        name=grant.container or "models",
        prefix=grant.key or "",
        single=data.draw(st.booleans()),
    )
    try:
        page = case.fresh.page(
            case.credential, net, container, delimited=data.draw(st.booleans()), past=data.draw(st.booleans())
        )
    except RequestError:
        return
    assert isinstance(page, Page)
    assert page.items.schema == items.SCHEMA
    assert not page.items["name"].has_nulls()
    assert (page.items["size_bytes"].drop_nulls() >= 0).all()


@given(data=st.data())
@LAWS
def test_any_bytes_to_a_list_of_containers_end_in_names_or_an_error_of_ours(
    asked: list[Case], data: st.DataObject
) -> None:
    case = data.draw(st.sampled_from(asked))
    net = scripted(data.draw(st.lists(RESPONSES, min_size=1, max_size=3)))
    try:
        for count, container in enumerate(case.fresh.containers(case.credential, net)):
            assert isinstance(container, Container)
            if count > 1000:
                break
    except RequestError:
        return
    assert len(net.sent) < 1000


@given(data=st.data())
@LAWS
def test_a_read_gives_no_more_than_was_asked_for(asked: list[Case], data: st.DataObject) -> None:
    case = data.draw(st.sampled_from(asked))
    net = scripted(data.draw(st.lists(RESPONSES, min_size=1, max_size=2)))
    start, size = data.draw(st.integers(0, 9)), data.draw(st.integers(1, 9))
    service = {"azure": "blob"}.get(case.storage.id, case.storage.id)
    container = Container(service=service, name=case.credential.grant.container or "models")
    try:
        read = case.fresh.read(case.credential, net, container, "a/b.bin", start, start + size)
    except RequestError:
        return
    assert len(read) <= size


@given(data=st.data())
@LAWS
def test_no_secret_is_shown_by_what_a_probe_says_asks_or_raises(
    asked: list[Case], data: st.DataObject
) -> None:
    case = data.draw(st.sampled_from([each for each in asked if each.credential.secret is not None]))
    assert case.credential.secret is not None
    secret = case.credential.secret.reveal()
    # Services repeat a refused request in their answers: `SignatureDoesNotMatch` quotes what was to be signed.
    echo = f"<Error><Code>SignatureDoesNotMatch</Code><Message>{quote(secret)} {secret}</Message></Error>".encode()
    answers = data.draw(st.lists(RESPONSES, min_size=1, max_size=3))
    answers.insert(data.draw(st.integers(0, 3)), Response(status=data.draw(STATUSES), headers={}, body=echo))
    net = scripted(answers)
    shown: list[Any] = []
    try:
        shown += [probe(case, net)]
        container = Container(service="blob", name=case.credential.grant.container or "models")
        shown += [case.fresh.page(case.credential, net, container)]
    except RequestError as why:
        shown += [*traceback.format_exception_only(why), why.hint, repr(why)]
    shown += [case.credential, *net.sent]
    shown += [f"{request.url} {request.asked} {dict(request.headers)}" for request in net.sent]
    text = " ".join(map(repr, shown))
    if len(secret) >= 16 and case.credential.kind != "access_key_id":
        assert secret not in text
        assert quote(secret, safe="") not in text


@pytest.mark.parametrize(("provider", "url", "name"), ADDRESSES)
def test_an_address_of_the_service_has_its_owner(provider: str, url: str, name: str) -> None:
    assert storage(provider).owner(url, None) == name


@pytest.mark.parametrize(("provider", "url", "name"), ADDRESSES)
def test_an_address_that_only_looks_like_the_service_is_never_asked(
    provider: str, url: str, name: str
) -> None:
    name = name or "KEYID"
    guard = Guard(Scope.of(**{provider: [name]}), {provider: storage(provider).owner})
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    first = host.partition(".")[0]
    assert guard.check(Request(provider=provider, name=name, url=url)).url.host == host
    for fake in (
        f"{host}.evil.example",
        f"{host}-evil.example",
        f"evil.example/{host}",
        f"evil.example/{first}",
        f"evil.example/{name}",
        f"{host}@evil.example",
        f"{host}:443@evil.example",
        f"{first}@{host}",
        f"evil.example#{host}",
        f"evil.example?{host}",
        f"evil.example\\{host}",
        f"evil.example\\@{host}",
        host.replace(".", "%2e", 1),
        host.replace(".", "。", 1),
        host.replace(".", "..", 1),
        host.replace("o", "ο"),
        f"[::ffff:{host}]",
        f"{host}:99999",
        f"{host}:8443",
        f"{host}\r\nhost: evil.example",
        f"evil{host}",
        f"{host}/{name}/..",
    ):
        request = Request(provider=provider, name=name, url=f"{scheme}://{fake}/{path}")
        try:
            guard.check(request)
        except OutOfScopeError:
            continue
        pytest.fail(f"let through: {fake}")
    with pytest.raises(OutOfScopeError):
        guard.check(Request(provider=provider, name=name, url=url, host="evil.example"))
    for same in (host.upper(), f"{host}."):
        assert storage(provider).owner(f"{scheme}://{same}/{path}", None) in (None, name, ""), same


URLS = st.from_regex(r"https?://[a-z0-9.\[\]:_-]{1,40}(/[A-Za-z0-9%./_-]{0,30})?", fullmatch=True)


@pytest.mark.parametrize("provider", PROVIDERS)
@given(text=st.text(max_size=60) | URLS)
@settings(max_examples=200, deadline=None)
@example(text="https://[")
@example(text="https://a]b")
@example(text="gs://[")
@example(text="s3://a:b@c")
@example(text="az://")
def test_any_text_is_a_target_or_none_and_what_the_guard_can_read_has_an_owner_or_none(
    provider: str, text: str
) -> None:
    found = storage(provider).target(text)
    assert found is None or (found.anonymous and found.provider == provider)
    try:
        split_url(text)
    except OutOfScopeError:
        return
    assert isinstance(storage(provider).owner(text, None), str | None)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_the_scope_does_not_name_is_refused_before_anything_is_sent(
    provider: str, asked: list[Case]
) -> None:
    def nothing(_: Request) -> Response:
        raise AssertionError("something was sent")

    for case in asked:
        if case.storage.id != provider:
            continue
        net = Scripted(nothing)
        net.guard = Guard(Scope.of(), {each: storage(each).owner for each in PROVIDERS})
        try:
            reach = case.fresh.probe(case.credential, net, NOW)
        except (OutOfScopeError, NoAnswerError):
            continue
        assert reach.state is State.UNKNOWN, case
        assert net.sent == []
