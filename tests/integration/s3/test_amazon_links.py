"""Presigned links, answered in Amazon's own words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from s3_setting import altered, found, key, link, open_address, way

from services.s3_clients import client
from services.s3_fake import Bucket, FakeKey, S3Fake, error
from tidegate.errors import RefusedError
from tidegate.model.grant import Permission
from tidegate.model.reach import State

KEY_ID, SECRET = "AKIATIDEGATEFAKEKEY2", "made0up0for0tests0only0and0for0one0fake0"
BUCKET, NAME = "contoso-models", "m/weights v2+.bin"
P = Permission


@pytest.fixture
def amazon(amazon: S3Fake) -> S3Fake:
    amazon.buckets[BUCKET] = Bucket(objects={NAME: b"weights", "empty": b""})
    amazon.keys[KEY_ID] = FakeKey(SECRET)
    return amazon


def signed(
    operation: str = "get_object",
    *,
    version: str = "s3v4",
    ends_in_s: int = 600,
    endpoint: str = "https://s3.amazonaws.com",
    **params: str,
) -> str:
    given = (
        {"Bucket": BUCKET, "Key": NAME, **params}
        if "object" in operation and "list" not in operation
        else {"Bucket": BUCKET, **params}
    )
    with client("s3", endpoint, KEY_ID, SECRET, version=version, style="virtual") as s3:
        return s3.generate_presigned_url(operation, Params=given, ExpiresIn=ends_in_s)


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_a_link_is_sent_as_it_was_signed_whatever_its_name(amazon: S3Fake, version: str) -> None:
    with way(amazon.url, BUCKET) as ask:
        reach = ask.probe(link(signed(version=version)))
        assert (reach.state, reach.proved) == (State.OPEN, (P.READ,))
        assert (
            ask.read(link(signed(version=version)), ask.containers(link(signed()))[0], NAME, 2, 5) == b"igh"
        )
        assert {each.host for each in amazon.asked} == {f"{BUCKET}.s3.amazonaws.com"}
        assert {each.method for each in amazon.asked} == {"GET"}


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_the_end_of_a_link_is_told_by_the_service_not_by_the_clock_here(amazon: S3Fake, version: str) -> None:
    url = signed(version=version)
    amazon.ahead = timedelta(hours=1)
    with way(amazon.url, BUCKET) as ask:
        reach = ask.probe(link(url), datetime.now(UTC) - timedelta(days=1))
    assert (reach.state, reach.reason) == (State.CLOSED, "The link has expired (AccessDenied).")
    assert len(reach.answers) == 2


def test_a_link_that_has_not_begun_is_unknown(amazon: S3Fake) -> None:
    url = signed()
    amazon.ahead = timedelta(hours=-1)
    with way(amazon.url, BUCKET) as ask:
        reach = ask.probe(link(url))
    assert (reach.state, reach.reason) == (State.UNKNOWN, "The link is not yet valid (AccessDenied).")


def test_no_signature_that_the_service_repeats_gets_into_a_reach(amazon: S3Fake) -> None:
    credential = link(altered(signed(ResponseContentType="text/plain")))
    with way(amazon.url, BUCKET) as ask:
        reach = ask.probe(credential)
    assert reach.state is State.CLOSED
    assert credential.secret is not None
    assert credential.secret.reveal() not in repr(reach)
    assert credential.secret.reveal() not in repr(ask.audit.entries)


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        (error(400, "ExpiredToken", "The provided token has expired."), "closed", "its session token has expired (ExpiredToken)"),
        (error(400, "TokenRefreshRequired", "The provided token must be refreshed."), "closed", "its session token has to be made anew (TokenRefreshRequired)"),
        (error(400, "ExpiredRequest", "Request has expired"), "closed", "the link has expired (ExpiredRequest)"),
        (error(400, "InvalidToken", "The provided token is malformed or otherwise invalid."), "closed", "its session token is malformed or no longer valid (InvalidToken)"),
        (error(403, "AllAccessDisabled", "All access to this object has been disabled"), "unknown", "all access to this resource has been switched off by the provider (AllAccessDisabled)"),
        (error(403, "AccessDenied", "User: arn:aws:iam::111122223333:user/m is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:x"), "unknown", "it may not use the key that decrypts the object (AccessDenied): its key is alive, but may not do this, or not from here"),
        (error(403, "AccessDenied", "User: arn:aws:iam::111122223333:user/m is not authorized to perform: s3:GetObject with an explicit deny in a resource-based policy"), "unknown", "a policy denies it explicitly (AccessDenied): its key is alive, but may not do this, or not from here"),
        (error(403, "InvalidObjectState", "The operation is not valid for the object's storage class"), "unknown", "reading is allowed, but the object is archived (InvalidObjectState)"),
        (error(503, "SlowDown", "Please reduce your request rate."), "unknown", "the service asks to go slower (SlowDown)"),
        (error(500, "InternalError", "We encountered an internal error. Please try again."), "unknown", "the service failed inside (InternalError)"),
        (error(501, "NotImplemented", "A header you provided implies functionality that is not implemented"), "unknown", "the service does not know this request (NotImplemented)"),
        (error(403, "LambdaPermissionError", "The caller is not authorized to invoke the Lambda function"), "unknown", "it may not call the function behind this access point (LambdaPermissionError): its key is alive, but may not do this, or not from here"),
        (error(403, "SomethingNew", "?"), "unknown", "refused with a code that tells nothing here (SomethingNew)"),
        ((403, {"content-type": "text/html"}, b"<html><body><Code>InvalidAccessKeyId</Code></body></html>"), "unknown", "refused without a reason (HTTP 403)"),
        ((404, {"content-type": "text/html"}, b"<html></html>"), "unknown", "there is nothing of that name (HTTP 404)"),
        ((200, {"content-type": "text/html"}, b"<html>Sign in to the guest network</html>"), "unknown", "answered, but not with content: this is no object store's answer"),
        ((302, {"location": "http://169.254.169.254/latest/meta-data/"}, b""), "unknown", "the service points to another address, which is not followed (HTTP 302)"),
        ((407, {}, b""), "unknown", "this is no answer of an object store (HTTP 407)"),
    ],
)  # fmt: skip
def test_every_answer_gets_its_state_and_words(
    amazon: S3Fake, answer: tuple, state: str, reason: str
) -> None:
    amazon.forced_before[BUCKET] = answer
    with way(amazon.url, BUCKET) as ask:
        reach = ask.probe(link(signed()))
    assert (reach.state.value, reach.reason) == (state, f"{reason[0].upper()}{reason[1:]}.")
    assert reach.proved == ()


def test_an_outage_is_told_from_a_refusal_by_a_wrong_signature(amazon: S3Fake) -> None:
    amazon.forced[BUCKET] = error(503, "SlowDown", "Please reduce your request rate.")
    with way(amazon.url, BUCKET) as ask:
        reach = ask.probe(link(signed()))
    assert reach.state is State.UNKNOWN
    assert reach.reason == (
        "The service asks to go slower (SlowDown), though a wrong signature is refused: the link got further than that."
    )


def test_a_refusal_that_a_wrong_signature_does_not_get_is_no_proof_of_death(amazon: S3Fake) -> None:
    amazon.forced[BUCKET] = error(
        403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."
    )
    with way(amazon.url, BUCKET) as ask:
        reach = ask.probe(link(signed()))
    assert reach.state is State.UNKNOWN
    assert "a copy with a wrong signature is answered otherwise" in reach.reason


def test_a_link_past_its_own_end_that_is_refused_in_any_words_is_closed(amazon: S3Fake) -> None:
    url = signed()
    amazon.forced_before[BUCKET] = error(403, "AccessDenied", "Access Denied")
    with way(amazon.url, BUCKET) as ask:
        reach = ask.probe(link(url), datetime.now(UTC) + timedelta(days=2))
        assert reach.state is State.CLOSED
        assert reach.reason.startswith("It ended on 20")
        amazon.forced_before[BUCKET] = error(503, "SlowDown", "Please reduce your request rate.")
        assert ask.probe(link(url), datetime.now(UTC) + timedelta(days=2)).state is State.UNKNOWN


def test_a_link_signed_for_a_wrong_region_is_unknown_and_not_changed(amazon: S3Fake) -> None:
    amazon.buckets[BUCKET].region = "eu-central-1"
    with way(amazon.url, BUCKET) as ask:
        reach = ask.probe(link(signed()))
    assert reach.state is State.UNKNOWN
    assert reach.reason.endswith("(AuthorizationQueryParametersError).")


def test_a_link_signed_with_headers_that_it_does_not_hold_is_not_sent(amazon: S3Fake) -> None:
    url = signed("put_object", ContentType="image/png", ACL="private")
    with way(amazon.url, BUCKET) as ask:
        reach = ask.probe(link(url))
        assert reach.state is State.UNKNOWN
        assert "content-type" in reach.reason
        assert reach.untried == (P.WRITE,)
        assert ask.audit.entries == []


def test_a_link_to_all_buckets_needs_the_id_of_its_key_in_scope(amazon: S3Fake) -> None:
    with client("s3", "https://s3.amazonaws.com", KEY_ID, SECRET) as s3:
        url = s3.generate_presigned_url("list_buckets", ExpiresIn=600)
    with way(amazon.url, KEY_ID) as ask:
        reach = ask.probe(link(url))
    assert (reach.state, reach.proved) == (State.OPEN, (P.LIST_CONTAINERS,))


def test_a_list_of_version_2_lists_the_whole_bucket_page_by_page(
    amazon: S3Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tidegate.providers.s3.listing.PAGE", 1)
    credential = link(signed("list_objects", version="s3", Prefix="m/", MaxKeys=5))
    with way(amazon.url, BUCKET) as ask:
        assert ask.probe(credential).proved == (P.LIST,)
        assert "max-keys=1" in amazon.asked[-1].query
        (container,) = ask.containers(credential)
        assert ask.names(credential, container) == ["empty", NAME]


def test_a_list_of_version_4_is_one_page_and_says_when_there_is_more(amazon: S3Fake) -> None:
    credential = link(signed("list_objects_v2", MaxKeys=1))
    with way(amazon.url, BUCKET) as ask:
        (container,) = ask.containers(credential)
        page = ask.storage.page(credential, ask.net, container)
        assert list(page.items["name"]) == ["empty"]
        assert page.after is not None
        with pytest.raises(RefusedError, match="signed for no other"):
            ask.storage.page(credential, ask.net, container, after=page.after)


def test_a_session_link_is_sent_with_its_token_and_the_token_is_never_recorded(amazon: S3Fake) -> None:
    token = "FQoGZXIvYXdzE" + "made0up0session0token" * 6
    session_id = "ASIATIDEGATEFAKEKEY3"
    amazon.keys[session_id] = FakeKey(SECRET, token=token)
    with client("s3", "https://s3.amazonaws.com", session_id, SECRET, style="virtual", token=token) as s3:
        url = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": NAME}, ExpiresIn=600)
    with way(amazon.url, BUCKET) as ask:
        assert ask.probe(link(url)).state is State.OPEN
        text = f"[default]\naws_access_key_id={session_id}\naws_secret_access_key={SECRET}\naws_session_token={token}\n"
        reach = ask.probe(key(session_id, SECRET, text=text))
        assert (reach.state, reach.proved) == (State.OPEN, (P.READ, P.LIST))
        assert ask.only_reads((SECRET, token))


def test_an_upload_form_and_a_bare_id_are_never_asked(amazon: S3Fake) -> None:
    form = found(
        "post_policy",
        "eyJleHBpcmF0aW9uIjogIjIwMzAtMDEtMDFUMDA6MDA6MDBaIiwgImNvbmRpdGlvbnMiOiBbeyJidWNrZXQiOiAiY29udG9zby1tb2RlbHMifV19",
        "0" * 63 + "1",
    )
    bare = found("access_key_id", KEY_ID, KEY_ID)
    with way(amazon.url, "*") as ask:
        assert ask.probe(form).reason == "Granted, not tried: it is for uploading only."
        assert ask.probe(form).untried == (P.WRITE,)
        assert ask.probe(bare).state is State.UNKNOWN
        assert ask.audit.entries == []


def test_an_access_list_that_lets_anyone_write_is_stated_and_not_tried(amazon: S3Fake) -> None:
    amazon.buckets[BUCKET].listed_by_anyone = True
    amazon.buckets[BUCKET].acl = (
        "<AccessControlPolicy><AccessControlList><Grant><Grantee><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI>"
        "</Grantee><Permission>WRITE</Permission></Grant><Grant><Grantee><ID>owner</ID></Grantee>"
        "<Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>"
    )
    with way(amazon.url, BUCKET) as ask:
        reach = ask.probe(open_address(f"s3://{BUCKET}"))
        assert reach.proved == (P.LIST, P.PROPERTIES)
        assert reach.untried == (P.WRITE, P.DELETE)
        assert ask.only_reads()


def test_a_list_of_version_4_that_names_folders_does_not_pass_for_the_whole(amazon: S3Fake) -> None:
    credential = link(signed("list_objects_v2", Delimiter="/"))
    with way(amazon.url, BUCKET) as ask:
        (container,) = ask.containers(credential)
        page = ask.storage.page(credential, ask.net, container)
        assert (list(page.items["name"]), page.prefixes) == (["empty"], ("m/",))
        with pytest.raises(RefusedError, match="signed for no other"):
            ask.storage.page(credential, ask.net, container, after=page.after)
