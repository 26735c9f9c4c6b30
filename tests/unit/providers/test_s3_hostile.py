"""Whatever was found, and whatever a service answers: a reach or an error that is ours, and no secret in it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from provider_sightings import sighting
from s3_answers import Answers

from tidegate.errors import RequestError
from tidegate.model.credential import Credential
from tidegate.model.reach import State
from tidegate.net.message import Response
from tidegate.net.scope import Scope
from tidegate.providers.s3 import PLUGIN
from tidegate.providers.s3.codes import CODES, Means
from tidegate.providers.s3.faults import fault_of
from tidegate.providers.s3.storage import S3Storage

NOW = datetime(2026, 11, 26, tzinfo=UTC)
V4, V2 = "a4abd4448c49562d828115d13a1fccea927f52b4d5459297f8b43e42da89238b", "LB7mg3IhWxzgZEJrXNvU7yWBrOA="
parts = st.text(max_size=20) | st.sampled_from(
    ["..", "%2e%2e", "//", "%", "\ud800", "a b", "&amp;", "?", "#", "@", ":9000"]
)
links = st.builds(
    lambda host, path, more: (
        f"https://{host}/{'/'.join(path)}?X-Amz-Credential=AKIATIDEGATEFAKEKEY2%2F20260101%2Fus-east-1%2Fs3%2Faws4_request"
        f"&X-Amz-Date=20260101T000000Z&X-Amz-Expires=60&{'&'.join(f'{name}={value}' for name, value in more)}&X-Amz-Signature={V4}"
    ),
    st.sampled_from(["contoso.s3.amazonaws.com", "s3.amazonaws.com", "x.s3-accelerate.amazonaws.com"])
    | st.text(max_size=20),
    st.lists(parts, max_size=4),
    st.lists(
        st.tuples(
            st.sampled_from(["x-id", "prefix", "list-type", "X-Amz-SignedHeaders", "acl"])
            | st.text(max_size=8),
            parts,
        ),
        max_size=4,
    ),
)
responses = st.builds(
    Response,
    status=st.sampled_from([200, 206, 301, 307, 400, 403, 404, 416, 500, 503]),
    headers=st.dictionaries(
        st.sampled_from(
            ["content-range", "date", "x-amz-bucket-region", "etag", "last-modified", "content-length"]
        ),
        st.text(max_size=30)
        | st.sampled_from(
            ["bytes 0-0/5", "eu-west-1", "Thu, 99 Foo 99999 99:99:99 GMT", "Mon, 01 Jan 0001 00:00:00 +2359"]
        ),
    ),
    body=st.binary(max_size=200)
    | st.sampled_from([f"<Error><Code>{code}</Code><Message>m</Message></Error>".encode() for code in CODES]),
)


@settings(deadline=None)
@given(links, responses)
def test_any_link_and_any_answer_end_as_a_reach_or_an_error_of_ours(text: str, response: Response) -> None:
    net = Answers(Scope.of(s3=["*"]))
    net.answers["https://"] = response
    seen = sighting("s3", "presigned_v4", text, V4)
    grant = PLUGIN.decode(seen, NOW)
    if grant is None:
        return
    credential = Credential(
        grant=grant, text=seen.text, secret=seen.secret, provider="s3", kind="presigned_v4"
    )
    storage, said = S3Storage(), ""
    try:
        said = repr(storage.probe(credential, net, NOW))
        for container in storage.containers(credential, net):
            storage.page(credential, net, container)
            storage.read(credential, net, container, container.prefix, 0, 10)
    except RequestError as error:
        said = repr(error)
    assert V4 not in said
    assert all(V4 not in request.url for request in net.sent)


@settings(deadline=None)
@given(responses)
def test_any_answer_to_a_key_ends_as_a_reach_or_an_error_of_ours(response: Response) -> None:
    net = Answers(Scope.of(s3=["*", "contoso"]))
    net.answers["https://"] = response
    secret = "Qw+psJ005CzJrCERCc533aavUQ0T5EtkGuAVAizT"
    context = {"key_id": "AKIATIDEGATEFAKEKEY2"}
    seen = sighting("s3", "access_key", f"secret_access_key={secret}", secret, **context)
    grant = PLUGIN.decode(seen, NOW)
    assert grant is not None
    credential = Credential(
        grant=grant, text=seen.text, secret=seen.secret, context=context, kind="access_key"
    )
    storage, said = S3Storage(), ""
    try:
        said = repr(storage.probe(credential, net, NOW))
        for container in storage.containers(credential, net):
            storage.page(credential, net, container)
    except RequestError as error:
        said = repr(error)
    assert secret not in said


@pytest.mark.parametrize("status", [200, 204, 301, 302, 307, 404, 429, 500, 502, 503, 504])
def test_silence_a_redirect_or_an_outage_never_closes_anything(status: int) -> None:
    net = Answers(Scope.of(s3=["contoso"]))
    net.answers["https://"] = Response(status=status, headers={}, body=b"")
    storage = S3Storage()
    address = storage.target("s3://contoso/key")
    assert address is not None
    assert storage.probe(address, net, NOW).state is State.UNKNOWN
    text = f"https://contoso.s3.amazonaws.com/a?AWSAccessKeyId=AKIATIDEGATEFAKEKEY2&Expires=1893456000&Signature={V2}"
    seen = sighting("s3", "presigned_v2", text, V2)
    grant = PLUGIN.decode(seen, NOW)
    assert grant is not None
    link = Credential(grant=grant, text=seen.text, secret=seen.secret, kind="presigned_v2")
    assert storage.probe(link, net, NOW).state is State.UNKNOWN


def test_every_code_has_plain_words_and_a_source() -> None:
    for code, known in CODES.items():
        assert known.source in "ACKLNW", code
        assert known.words[0].islower(), code
        assert known.means is not Means.GIVEN, code


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_only_an_error_of_s3_has_a_code(body: bytes) -> None:
    fault = fault_of(Response(status=403, headers={}, body=b"<html>" + body))
    assert (fault.code, fault.region) == ("", "")
