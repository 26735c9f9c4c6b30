"""What is concluded from answers that no honest service gives, and from none."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_sends import SERVICE, PlainSends, answer
from provider_sightings import NOW, SIG, sighting

from tidegate.errors import NoAnswerError, RefusedError
from tidegate.model.credential import Credential
from tidegate.model.reach import Reach, State
from tidegate.net.message import Response
from tidegate.plugins import Container
from tidegate.providers.azure import PLUGIN
from tidegate.providers.azure.codes import CODES, verdict
from tidegate.providers.azure.storage import STORAGE

TOKEN = f"sv=2021-12-02&sr=c&sp=rl&se=2051-10-06T07:00:00Z&sig={SIG}"
MODELS = Container(service="blob", name="models")
PRIVATE = answer(404, code="ResourceNotFound")
BAD = answer(403, code="AuthenticationFailed")


def link(text: str = f"https://contosomodels.blob.core.windows.net/models?{TOKEN}") -> Credential:
    seen = sighting("azure", "sas", text)
    grant = PLUGIN.decode(seen, NOW)
    assert grant is not None
    return Credential(grant=grant, text=seen.text, secret=seen.secret, kind="sas")


def probed(*answers: Response | str) -> Reach:
    return STORAGE.probe(link(), PlainSends(list(answers)), NOW)


@pytest.mark.parametrize(
    "status", [200, 204, 301, 302, 307, 400, 401, 404, 407, 418, 429, 500, 502, 503, 504]
)
def test_no_status_without_the_services_own_words_closes_or_opens(status: int) -> None:
    location = {"location": "http://169.254.169.254/latest"} if 300 <= status < 400 else {}
    html = Response(status=status, headers=location, body=b"<html>gateway</html>")
    assert probed(html).state is State.UNKNOWN


def test_a_bare_403_is_not_enough_to_close() -> None:
    assert probed(PRIVATE, answer(403)).state is State.UNKNOWN


@pytest.mark.parametrize("code", ["AuthenticationFailed"])
def test_a_refusal_closes_only_if_an_altered_copy_is_refused_alike(code: str) -> None:
    refused = answer(403, code=code)
    assert probed(PRIVATE, refused, refused).state is State.CLOSED
    for other in (answer(503, code="ServerBusy"), answer(500), answer(404), "no connection to it in time"):
        assert probed(PRIVATE, refused, other).state is State.UNKNOWN


def test_an_altered_copy_is_sent_only_when_the_credential_is_refused() -> None:
    """The control goes first, as anyone; what is answered needs no third request."""
    page = answer(body=b"<EnumerationResults><Blobs /><NextMarker /></EnumerationResults>")
    for reply, count in ((page, 2), (answer(403, code="AuthenticationFailed"), 3)):
        net = PlainSends([PRIVATE, reply, reply, reply])
        STORAGE.probe(link(), net, NOW)
        assert net.requests[0].secret_query is None
        assert len(net.requests) == count


def test_a_service_that_did_not_see_the_credential_has_not_judged_it() -> None:
    blob = link(f"https://contosomodels.blob.core.windows.net/models/x?{TOKEN.replace('sr=c', 'sr=b')}")
    unseen = answer(401, code="NoAuthenticationInformation")
    assert STORAGE.probe(blob, PlainSends([unseen]), NOW).state is State.UNKNOWN


def test_no_code_but_these_two_ever_closes_by_itself() -> None:
    closing = {code for code, words in CODES.items() if words.state is State.CLOSED}
    assert closing == {"KeyBasedAuthenticationNotPermitted", "PublicAccessNotPermitted"}


def test_a_name_that_does_not_exist_is_unknown_and_the_danger_is_said() -> None:
    reach = probed("there is no host contosomodels.blob.core.windows.net")
    assert reach.state is State.UNKNOWN
    assert "anyone could register it" in reach.reason


def test_silence_is_unknown_and_the_credential_is_not_sent_into_it() -> None:
    net = PlainSends(["no connection to contosomodels.blob.core.windows.net in time"])
    assert STORAGE.probe(link(), net, NOW).state is State.UNKNOWN
    assert all(request.secret_query is None for request in net.requests)


def test_a_web_page_with_status_200_proves_nothing() -> None:
    page = Response(status=200, headers={}, body=b"<!DOCTYPE html><html><body>Sign in</body></html>")
    reach = probed(PRIVATE, page)
    assert reach.state is State.UNKNOWN
    assert "web page" in reach.reason or "document type" in reach.reason


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "it is empty"),
        (b"<html><body>hello</body></html>", "outermost element"),
        (b"<html><br></html>", "it is a web page"),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]><EnumerationResults>&a;</EnumerationResults>", "document type"),
        (b"<EnumerationResults><Blobs>", "malformed or cut off"),
        (b"<EnumerationResults>\xff\xfe</EnumerationResults>", "not in UTF-8"),
        (b"<a>" * 50, "more elements"),
        (b"<Error><Code>X</Code></Error>", "no listing"),
        (
            b"<EnumerationResults><Blobs><Blob><Name>a</Name><Properties><Content-Length>-1</Content-Length>"
            b"</Properties></Blob></Blobs></EnumerationResults>",
            "no number of bytes",
        ),
    ],
)
def test_a_listing_that_is_none_says_what_it_is(body: bytes, words: str) -> None:
    with pytest.raises(NoAnswerError, match=words):
        STORAGE.page(link(), PlainSends([answer(body=body)]), MODELS)


def test_a_page_beyond_every_size_is_no_answer() -> None:
    cut = Response(status=200, headers={"x-ms-request-id": "1"}, body=b"<Enum", truncated=True)
    net = PlainSends([cut])
    with pytest.raises(NoAnswerError, match="longer than 16 MiB"):
        STORAGE.page(link(), net, MODELS)
    assert ["maxresults=5000" in request.url for request in net.requests] == [True, False]


def test_a_page_that_is_too_long_is_asked_for_in_pieces() -> None:
    cut = Response(status=200, headers={"x-ms-request-id": "1"}, body=b"<Enum", truncated=True)
    fewer = answer(body=b"<EnumerationResults><Blobs /><NextMarker>on</NextMarker></EnumerationResults>")
    net = PlainSends([cut, fewer])
    assert STORAGE.page(link(), net, MODELS).after == "on"
    assert "maxresults=1000&" in net.requests[1].url + "&"


def test_an_entity_bomb_does_not_go_off() -> None:
    bomb = b"<?xml version='1.0'?><!DOCTYPE l [<!ENTITY l 'lol'>" + b"".join(
        b"<!ENTITY l%d '%s'>" % (i, b"&l%d;" % (i - 1) * 10) for i in range(1, 20)
    )
    with pytest.raises(NoAnswerError, match="document type"):
        STORAGE.page(link(), PlainSends([answer(body=bomb + b"]><a>&l19;</a>")]), MODELS)


def test_a_list_of_containers_that_begins_again_is_left() -> None:
    account = link(
        f"https://contosomodels.blob.core.windows.net/?sv=2021-12-02&ss=b&srt=sco&sp=rl&se=2051-10-06&sig={SIG}"
    )
    page = (
        b"<EnumerationResults><Containers><Container><Name>a</Name></Container></Containers>"
        b"<NextMarker>again</NextMarker></EnumerationResults>"
    )
    found = STORAGE.containers(account, PlainSends([answer(body=page)]))
    with pytest.raises(NoAnswerError, match="begins again"):
        list(found)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (answer(206, b"x" * 9), "another range"),
        (answer(206, b"x" * 9, content_range="bytes 0-8/100"), "another range"),
        (answer(206, b"x" * 9, content_range="bytes 5-20/100"), "another range"),
        (answer(206, b"x" * 3, content_range="bytes 5-14/100"), "less than the range"),
        (answer(200, b"x" * 100), "whole object"),
        (answer(302, location="http://127.0.0.1/"), "was not followed"),
        (answer(503, code="ServerBusy"), "too busy"),
    ],
)
def test_bytes_that_were_not_asked_for_are_not_taken(given: Response, words: str) -> None:
    with pytest.raises(NoAnswerError, match=words):
        STORAGE.read(link(), PlainSends([given]), MODELS, "m", 5, 15)


def test_a_service_without_ranges_gives_the_beginning_and_an_object_that_ended_gives_nothing() -> None:
    whole = answer(200, b"abcdef")
    assert STORAGE.read(link(), PlainSends([whole]), MODELS, "m", 0, 4) == b"abcd"
    assert STORAGE.read(link(), PlainSends([answer(416, code="InvalidRange")]), MODELS, "m", 9, 12) == b""
    with pytest.raises(RefusedError, match="archive"):
        STORAGE.read(link(), PlainSends([answer(409, code="BlobArchived")]), MODELS, "m", 0, 4)


def test_a_code_that_is_no_word_is_not_repeated() -> None:
    reach = probed(PRIVATE, answer(403, code="Evil\x1b[31m<script>"))
    assert "script" not in repr(reach)


@pytest.mark.parametrize(
    ("detail", "state"),
    [
        ("Signature did not match. String to sign used was r\n\n", State.CLOSED),
        ("SAS identifier cannot be found for specified signed identifier", State.CLOSED),
        (
            "The MAC signature found in the HTTP request 'x' is not the same as any computed signature.",
            State.CLOSED,
        ),
        ("Signed expiry time [a] must be after signed start time [b]", State.CLOSED),
        ("Signature fields not well formed.", State.UNKNOWN),
        ("SAS field 'sp' is not well formed.", State.UNKNOWN),
        ("Request date header too old: 'x'", State.UNKNOWN),
        (
            "Signature not valid in the specified time frame: Start [Thu, 13 Jun 2019 16:18:02 GMT] - "
            "Expiry [Fri, 14 Jun 2019 16:23:02 GMT] - Current [Thu, 13 Jun 2019 09:22:47 GMT]",
            State.UNKNOWN,
        ),
        (
            "Signature not valid in the specified time frame: Start [Fri, 22 May 2020 18:45:17 GMT] - "
            "Expiry [Tue, 30 Jun 2020 18:45:00 GMT] - Current [Tue, 30 Jun 2020 19:27:39 GMT]",
            State.CLOSED,
        ),
        ("Signature not valid in the specified time frame: Start [] - Expiry [?] - Current []", State.CLOSED),
    ],
)
def test_the_words_behind_authentication_failed_are_told_apart(detail: str, state: State) -> None:
    assert verdict(403, "AuthenticationFailed", detail).state is state


CODE_WORDS = st.sampled_from(["", *CODES, "AuthenticationFailed", "Nonsense", "x" * 200, "\x00"])
BODIES = st.one_of(
    st.binary(max_size=200),
    st.sampled_from(
        [
            b"",
            b"{}",
            b"[]",
            b'{"error": {"code": 7}}',
            b'{"odata.error": null}',
            b"<Error><Code>AuthenticationFailed</Code></Error>",
            b"<EnumerationResults><Blobs /></EnumerationResults>",
            b"<EnumerationResults><Blobs><Blob><Name>a</Name></Blob></Blobs></EnumerationResults>",
        ]
    ),
)


@st.composite
def answers(draw: st.DrawFn) -> Response | str:
    if draw(st.integers(0, 7)) == 0:
        return "no connection in time"
    status = draw(st.sampled_from([200, 206, 301, 400, 401, 403, 404, 409, 416, 429, 500, 503, 999]))
    headers = {"x-ms-error-code": draw(CODE_WORDS)} if draw(st.booleans()) else {}
    headers |= (
        SERVICE
        if draw(st.booleans())
        else {"server": draw(st.sampled_from(["nginx", "Azurite-Blob/3.35.0"]))}
    )
    return Response(status=status, headers=headers, body=draw(BODIES), truncated=draw(st.booleans()))


@given(st.lists(answers(), min_size=1, max_size=8))
@settings(deadline=None, max_examples=150)
def test_whatever_comes_back_a_probe_ends_in_a_state_that_its_answers_carry(
    given_answers: list[Response | str],
) -> None:
    net = PlainSends(list(given_answers))
    reach = STORAGE.probe(link(), net, NOW)
    asked = [answer for answer in reach.answers if answer.permission is not None]
    assert len(net.requests) <= 8
    if reach.state is State.OPEN:
        assert any(answer.state is State.OPEN and answer.status in (200, 206, 416) for answer in asked)
    if reach.state is State.CLOSED:
        assert any(answer.state is State.CLOSED and answer.code for answer in asked)
        assert not any(answer.state is State.OPEN for answer in asked)
    assert SIG not in repr(reach)
    assert all(text.isprintable() for answer in reach.answers for text in (answer.code, answer.words))
