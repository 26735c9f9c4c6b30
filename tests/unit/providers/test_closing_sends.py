"""What a service answers to a write decides what is known after it: nothing done, or perhaps done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from corpus import mint_clouds
from tidegate.errors import NoAnswerError, NotDoneError, OutOfScopeError, RefusedError, TidegateError
from tidegate.model.closing import Call, Case, Study
from tidegate.model.credential import Credential
from tidegate.model.grant import Grant, Revocation, Scope, Validity
from tidegate.model.secret import Secret
from tidegate.net.message import Base, Request, Response, Write
from tidegate.plugins import closing
from tidegate.providers.gcs.closing.sdk import Sdk as GoogleSdk
from tidegate.providers.s3.closing.sdk import Sdk as AmazonSdk
from tidegate.providers.s3.closing.sdk import Service


class Way:
    """Both ways out, to nowhere: says what it was told to say, and keeps what was to be sent."""

    requests = bytes_read = 0

    def __init__(self) -> None:
        self.answer: Response | Exception = Response(status=200, headers={}, body=b"")
        self.writes: list[Write] = []
        self.announced: list[tuple[str, str]] = []

    def base(self, provider: str, name: str, service: str, host: str, scheme: str = "https") -> Base:
        return Base(f"https://{host}")

    def named(self, provider: str) -> tuple[str, ...]:
        return ()

    def announce(self, method: str, url: str) -> None:
        self.announced.append((method, url))

    def send(self, request: Request | Write) -> Response:
        assert isinstance(request, Write)
        assert (request.method, request.url) in self.announced
        self.writes.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def amazon(monkeypatch: pytest.MonkeyPatch) -> tuple[Way, Callable[[], None]]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATIDEGATEFAKEKEY1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made0up0for0tests0only0owners0secret0000")
    way = Way()
    service = Service(way, "iam", provider="s3_management", name="AKIATIDEGATEFAKEKEY2", host="iam.amazonaws.com", region="us-east-1")  # fmt: skip
    client = AmazonSdk(way, way).client(service)
    call = client.plan(
        "update_access_key", UserName="a", AccessKeyId="AKIATIDEGATEFAKEKEY2", Status="Inactive"
    )
    assert call.url == "https://iam.amazonaws.com/"
    return way, lambda: client.send(call, "deactivate it")


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Way, Callable[[], None]]:
    import json  # noqa: PLC0415

    (tmp_path / "key.json").write_text(json.dumps(mint_clouds.service_account_json("owner")))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "key.json"))
    way = Way()
    sdk = GoogleSdk(way, way)
    call = Call(
        method="POST", url="https://iam.googleapis.com/v1/projects/-/serviceAccounts/a@b.c/keys/1234:disable"
    )
    return way, lambda: sdk.send(call, "gcs_management", "a@b.c", "iam.googleapis.com", "disable it")


def error(status: int, code: str) -> Response:
    both = (
        f'{{"error": {{"errors": [{{"reason": "{code}"}}]}}}}'
        if code.islower()
        else f"<Error><Code>{code}</Code></Error>"
    )
    return Response(status=status, headers={}, body=both.encode())


@pytest.mark.parametrize("cloud", ["amazon", "google"])
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(400, "MalformedInput"), NotDoneError),
        (error(403, "AccessDenied"), NotDoneError),
        (error(403, "forbidden"), NotDoneError),
        (error(409, "EntityTemporarilyUnmodifiable"), NotDoneError),
        (error(412, "conditionNotMet"), NotDoneError),
        (error(301, "PermanentRedirect"), NotDoneError),
        (error(429, "Throttling"), RefusedError),
        (error(500, "ServiceFailure"), RefusedError),
        (error(503, "SlowDown"), RefusedError),
        (Response(status=502, headers={}, body=b"<html>\xff\x00" * 9000), RefusedError),
        (OutOfScopeError("not in scope"), NotDoneError),
        (NoAnswerError("no answer came"), NoAnswerError),
    ],
)
def test_a_refusal_changed_nothing_and_a_failure_leaves_it_open(
    request: pytest.FixtureRequest, cloud: str, answer: Any, kind: type[Exception]
) -> None:
    way, send = request.getfixturevalue(cloud)
    way.answer = answer
    with pytest.raises(kind) as told:
        send()
    assert type(told.value) is kind
    assert len(way.writes) == 1, "never sent twice"


@pytest.mark.parametrize("cloud", ["amazon", "google"])
def test_what_is_sent_is_signed_and_no_text_form_shows_by_what(
    request: pytest.FixtureRequest, cloud: str
) -> None:
    way, send = request.getfixturevalue(cloud)
    send()
    (write,) = way.writes
    assert set(write.secret_headers) == {"authorization"}
    assert "made0up0" not in repr(write)
    assert write.secret_headers["authorization"].reveal() not in repr(write)
    assert not {"host", "content-length", "user-agent", "authorization"} & set(write.headers)


def said(body: bytes, status: int = 200) -> Response:
    return Response(status=status, headers={"content-type": "application/json"}, body=body)


class Answers(Way):
    """Answers reads, too, all alike."""

    def send(self, request: Request | Write) -> Response:
        assert isinstance(self.answer, Response)
        return self.answer


HOSTILE = [
    b"",
    b"\xff\xfe\x00",
    b"<html>",
    b"<a" * 30_000,
    b"[" * 100_000,
    b"{}",
    b"[]",
    b"null",
    b'{"bindings": "x", "keys": 1, "state": [], "iamConfiguration": 7, "name": null}',
    b'{"bindings": [{"members": 5}], "keys": ["a", {"name": {}}], "iamConfiguration": {"uniformBucketLevelAccess": []}}',
    b'{"bindings": [{"members": ["allUsers"], "role": {"a": 1}}], "keys": [{"name": "x/y"}]}',
    b"<ListAccessKeysResponse><ListAccessKeysResult><AccessKeyMetadata><member/></AccessKeyMetadata></ListAccessKeysResult></ListAccessKeysResponse>",
    b"<ListUsersResponse><ListUsersResult><IsTruncated>true</IsTruncated><Marker>a</Marker><Users><member><UserName></UserName></member></Users></ListUsersResult></ListUsersResponse>",
    b'<!DOCTYPE a [<!ENTITY b "' + b"c" * 1000 + b'"><!ENTITY d "' + b"&b;" * 1000 + b'"><!ENTITY e "' + b"&d;" * 1000 + b'">]><a>&e;</a>',
    b"<AccessControlPolicy><AccessControlList><Grant/></AccessControlList></AccessControlPolicy>",
]  # fmt: skip


def test_whatever_a_control_plane_answers_a_study_ends_in_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import json  # noqa: PLC0415

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATIDEGATEFAKEKEY1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made0up0for0tests0only0owners0secret0000")
    (tmp_path / "key.json").write_text(json.dumps(mint_clouds.service_account_json("owner")))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "key.json"))
    way = Answers()
    for cloud, leaked in CASES:
        closer = closing(cloud).open(
            Case(finding="tg-1", credential=leaked, now=datetime.now(UTC)), way, way, {}
        )
        for body, status in [(body, 200) for body in HOSTILE] + [(HOSTILE[2], 403), (HOSTILE[8], 403)]:
            way.answer = said(body, status)
            words = ""
            try:
                assert isinstance(closer.study(), Study)
            except TidegateError as told:
                words = str(told)
            assert len(words) < 300


def credential(kind: str, provider: str, **more: str) -> Credential:
    revocation = Revocation(means="", collateral="", individually=True)
    grant = Grant(provider=provider, kind=kind, scope=Scope.ACCOUNT, validity=Validity.UNKNOWN, revocation=revocation, **more)  # fmt: skip
    return Credential(grant=grant, secret=Secret("s" * 40) if kind != "anonymous" else None)


CASES = [
    ("s3", credential("access_key", "aws", account="AKIATIDEGATEFAKEKEY2", signer="AKIATIDEGATEFAKEKEY2")),
    ("s3", credential("anonymous", "aws", container="contoso-open")),
    ("gcs", credential("hmac_key", "gcp", account="contoso-1", signer="GOOG1" + "E" * 56)),
    ("gcs", credential("service_account_key", "gcp", signer="a@b.iam.gserviceaccount.com")),
    ("gcs", credential("anonymous", "gcp", container="contoso-open")),
]
