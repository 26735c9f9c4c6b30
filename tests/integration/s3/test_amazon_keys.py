"""Access keys, answered in Amazon's own words: signatures are checked by Amazon's own signer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from s3_setting import key, open_address, way

from services.s3_fake import Bucket, FakeKey, S3Fake, error
from tidegate.errors import RequestError
from tidegate.model.grant import Permission
from tidegate.model.reach import State

KEY_ID, SECRET = "AKIATIDEGATEFAKEKEY2", "made0up0for0tests0only0and0for0one0fake0"
BUCKET = "contoso-models"
P = Permission


@pytest.fixture
def amazon(amazon: S3Fake) -> S3Fake:
    amazon.buckets[BUCKET] = Bucket(objects={"a b/\u00fc&+.bin": b"weights", "z": b"last"})
    amazon.keys[KEY_ID] = FakeKey(SECRET)
    return amazon


def test_a_key_signs_so_that_amazons_own_signer_agrees(amazon: S3Fake) -> None:
    with way(amazon.url, KEY_ID, BUCKET) as ask:
        reach = ask.probe(key(KEY_ID, SECRET))
        assert (reach.state, reach.proved) == (State.OPEN, (P.READ, P.LIST, P.LIST_CONTAINERS))
        (container,) = ask.containers(key(KEY_ID, SECRET))
        assert ask.names(key(KEY_ID, SECRET), container) == ["a b/\u00fc&+.bin", "z"]
        assert ask.read(key(KEY_ID, SECRET), container, "a b/\u00fc&+.bin", 1, 4) == b"eig"


def test_a_key_is_signed_anew_for_the_region_that_the_service_expects(amazon: S3Fake) -> None:
    amazon.buckets[BUCKET].region = "eu-central-1"
    with way(amazon.url, BUCKET) as ask:
        reach = ask.probe(key(KEY_ID, SECRET))
        assert (reach.state, reach.proved) == (State.OPEN, (P.READ, P.LIST))
        assert [answer.code for answer in reach.answers] == [
            "AccessDenied",
            "AuthorizationHeaderMalformed",
            "",
            "",
        ]
        (container,) = ask.containers(key(KEY_ID, SECRET))
        before = len(amazon.asked)
        assert len(ask.names(key(KEY_ID, SECRET), container)) == 2
        assert ask.read(key(KEY_ID, SECRET), container, "z", 0, 9) == b"last"
        assert len(amazon.asked) - before == 3, "the region is asked for once, then known"


def test_a_clock_that_is_off_is_met_with_a_signature_for_the_services_time(amazon: S3Fake) -> None:
    amazon.ahead = timedelta(hours=3)
    with way(amazon.url, BUCKET) as ask:
        assert ask.probe(key(KEY_ID, SECRET)).state is State.OPEN
        amazon.ahead = timedelta(days=3)
        reach = ask.probe(key(KEY_ID, SECRET))
    assert reach.state is State.UNKNOWN
    assert "RequestTimeTooSkewed" in reach.reason


def test_a_key_that_may_not_list_the_buckets_is_alive(amazon: S3Fake) -> None:
    amazon.keys[KEY_ID] = FakeKey(SECRET, rights=frozenset())
    with way(amazon.url, KEY_ID) as ask:
        reach = ask.probe(key(KEY_ID, SECRET))
        with pytest.raises(RequestError, match="AccessDenied"):
            ask.containers(key(KEY_ID, SECRET))
    assert (reach.state, reach.proved) == (State.UNKNOWN, ())
    assert "the key is alive" in reach.reason
    assert "arn:" not in repr(reach)


def test_a_deleted_key_is_closed_whatever_is_asked_of_it(amazon: S3Fake) -> None:
    amazon.keys.clear()
    with way(amazon.url, KEY_ID, BUCKET) as ask:
        reach = ask.probe(key(KEY_ID, SECRET))
    assert (reach.state, reach.untried) == (State.CLOSED, ())
    assert reach.reason.endswith("(InvalidAccessKeyId).")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (error(503, "SlowDown", "Please reduce your request rate."), "SlowDown"),
        ((200, {"content-type": "text/html"}, b"<html>Welcome</html>"), "no object store's answer"),
        ((302, {"location": "https://example.invalid/"}, b""), "HTTP 302"),
        ((403, {}, b""), "without a reason"),
        (error(403, "AccountProblem", "There is a problem with your AWS account"), "AccountProblem"),
    ],
)
def test_a_key_is_not_closed_by_what_says_nothing_of_it(amazon: S3Fake, answer: tuple, words: str) -> None:
    amazon.forced_before |= {"": answer, BUCKET: answer}
    with way(amazon.url, KEY_ID, BUCKET) as ask:
        reach = ask.probe(key(KEY_ID, SECRET))
    assert reach.state is State.UNKNOWN
    assert words in reach.reason


def test_a_redirect_to_another_host_is_not_followed_for_a_listing(amazon: S3Fake) -> None:
    amazon.forced_before[BUCKET] = error(
        307,
        "TemporaryRedirect",
        "Please re-send",
        "<Endpoint>evil.example</Endpoint>",
        location="https://evil.example/",
    )
    with way(amazon.url, BUCKET) as ask:
        reach = ask.probe(open_address(f"s3://{BUCKET}"))
        assert reach.state is State.UNKNOWN
        assert all(entry.url.startswith(amazon.url) for entry in ask.audit.entries)
