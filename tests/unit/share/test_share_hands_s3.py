"""Bucket policies that are strange, services that fail halfway, clocks that differ."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from tidegate.errors import NoAnswerError, NotDoneError, RefusedError, UsageError
from tidegate.model.secret import Secret
from tidegate.model.share import Wish
from tidegate.net.message import Base, Request, Response, Write
from tidegate.providers.s3.access import Key
from tidegate.providers.s3.share.hands import S3Hands

HOUR = timedelta(hours=1)
DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
SKEWED = b"<Error><Code>RequestTimeTooSkewed</Code><Message>The difference is too large.</Message></Error>"
NONE = b"<Error><Code>NoSuchBucketPolicy</Code><Message>none</Message></Error>"
THEIRS = {"Sid": "Theirs", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}


@dataclass
class Service:
    """One bucket with a policy."""

    policy: bytes = NONE
    read_status: int = 404
    write_status: int = 204
    keeps: bool = True
    """What is written is what is read."""
    ahead: timedelta = timedelta()
    skewed: bool = False
    writes: list[dict[str, Any]] = field(default_factory=list)
    requests: int = 0
    bytes_read: int = 0

    def _headers(self) -> dict[str, str]:
        stamp = format_datetime(datetime.now(UTC) + self.ahead, usegmt=True)
        return {"date": stamp, "etag": '"x"', "x-amz-request-id": "1"}

    def base(self, *_: str) -> Base:
        return Base("https://contoso-models.s3.amazonaws.com")

    def named(self, _: str) -> tuple[str, ...]:
        return ()

    def announce(self, method: str, url: str) -> None:
        assert (method, url) == ("PUT", "https://contoso-models.s3.amazonaws.com/?policy=")

    def send(self, request: Request | Write) -> Response:
        if isinstance(request, Write):
            self.writes.append(json.loads(request.body))
            if self.keeps and self.write_status == 204:
                self.policy, self.read_status = request.body, 200
            return Response(status=self.write_status, headers=self._headers(), body=DENIED)
        if "policy=" in request.url:
            return Response(status=self.read_status, headers=self._headers(), body=self.policy)
        signed = "authorization" in request.secret_headers
        if not signed:
            return Response(status=403, headers=self._headers(), body=DENIED)
        if self.skewed and abs(_date(request) - datetime.now(UTC) - self.ahead) > timedelta(minutes=15):
            return Response(status=403, headers=self._headers(), body=SKEWED)
        return Response(status=200, headers=self._headers(), body=b"")


def _date(request: Request) -> datetime:
    return datetime.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def hands(service: Service) -> S3Hands:
    wanted = Wish(
        id="sh-0123abcd", provider="s3", account="", container="contoso-models", path="a.bin",
        ends_at=datetime.now(UTC) + HOUR,
    )  # fmt: skip
    key = Key(key_id="AKIAMADEUPFORTESTS00", secret=Secret("made-up-secret-of-forty-characters-000000"))
    return S3Hands(wanted, key, "us-east-1", service, service)


def test_other_statements_stay_and_a_second_run_writes_nothing() -> None:
    service = Service(json.dumps({"Version": "2008-10-17", "Id": "x", "Statement": THEIRS}).encode(), 200)
    assert hands(service).end("", {}).done
    (written,) = service.writes
    assert written["Statement"][0] == THEIRS
    assert (written["Version"], written["Id"]) == ("2008-10-17", "x")
    assert hands(service).end("", {}).done
    assert len(service.writes) == 1


@pytest.mark.parametrize("body", [b"", b"[]", b"[" * 9000, b'{"Statement": 1}', b"x" * 30_000, b"\xff"])
def test_a_policy_that_cannot_be_read_is_not_written_over(body: bytes) -> None:
    service = Service(body, 200)
    with pytest.raises(NoAnswerError):
        hands(service).end("", {})
    assert service.writes == []


def test_what_is_not_kept_is_not_called_done() -> None:
    service = Service(keeps=False)
    with pytest.raises(NoAnswerError, match="does not hold what was written"):
        hands(service).end("", {})


@pytest.mark.parametrize(
    ("status", "error"), [(403, NotDoneError), (500, NoAnswerError), (301, NoAnswerError)]
)
def test_a_write_that_fails_says_whether_it_may_have_been_done(
    status: int, error: type[NotDoneError | NoAnswerError]
) -> None:
    service = Service(write_status=status)
    with pytest.raises(error, match="could not deny presigned links"):
        hands(service).end("", {})
    assert len(service.writes) == 1


def test_who_may_not_read_the_policy_is_told_the_rights() -> None:
    with pytest.raises(RefusedError) as refused:
        hands(Service(DENIED, 403)).end("", {})
    assert "s3:GetBucketPolicy" in refused.value.hint


def test_a_policy_that_would_grow_too_long_is_left_as_it_is() -> None:
    long = {"Statement": [{**THEIRS, "Sid": "x" * 20_200}]}
    service = Service(json.dumps(long).encode(), 200)
    with pytest.raises(UsageError, match="longer than the service takes"):
        hands(service).end("", {})
    assert service.writes == []


@pytest.mark.parametrize("hours", [-3, 0, 3])
def test_a_link_begins_and_ends_by_the_services_clock(hours: int) -> None:
    service = Service(ahead=timedelta(hours=hours), skewed=True)
    sharing = hands(service)
    found = sharing.find(HOUR)
    theirs = datetime.now(UTC) + service.ahead
    assert abs(found.ends_at - theirs - HOUR) < timedelta(seconds=30)
    parameters = sharing.mint(found).parameters
    begins = datetime.strptime(parameters["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert abs(begins - theirs) < timedelta(seconds=30)
    assert parameters["X-Amz-Expires"] == "3600"
    assert any("clock" in note for note in found.notes) == bool(hours)
