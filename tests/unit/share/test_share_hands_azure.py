"""What the owner's hands do when clocks differ, when others write at the same time, when an answer is strange."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from services.azurite import made_up_key
from tidegate.errors import NoAnswerError, NotDoneError, RefusedError, UsageError
from tidegate.model.secret import Secret
from tidegate.model.share import Found, Wish
from tidegate.net.message import Base, Request, Response, Write
from tidegate.providers.azure.access import Access
from tidegate.providers.azure.ask import Client
from tidegate.providers.azure.share.delegation import DelegationHands
from tidegate.providers.azure.share.policies import PolicyHands

HOUR = timedelta(hours=1)
NAMES = ("a", "b", "c", "d", "e")


def acl(*names: str) -> bytes:
    inside = "".join(f"<SignedIdentifier><Id>{name}</Id></SignedIdentifier>" for name in names)
    return f"<SignedIdentifiers>{inside}</SignedIdentifiers>".encode()


@dataclass
class Service:
    """One container whose clock may be off, and to whose policies others write as well."""

    ahead: timedelta = timedelta()
    status: int = 200
    code: str = ""
    body: bytes = acl("theirs")
    statuses: list[int] = field(default_factory=lambda: [200])
    changed: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    sent: list[Write] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    requests: int = 0
    bytes_read: int = 0

    def _headers(self) -> Mapping[str, str]:
        return {
            "date": format_datetime(datetime.now(UTC) + self.ahead, usegmt=True),
            "last-modified": format_datetime(self.changed, usegmt=True),
            "x-ms-error-code": self.code,
        }

    def base(self, *_: str) -> Base:
        return Base("https://contoso.blob.core.windows.net")

    def named(self, _: str) -> tuple[str, ...]:
        return ()

    def send(self, request: Request | Write) -> Response:
        if isinstance(request, Write):
            self.sent.append(request)
            status = self.statuses[min(len(self.sent), len(self.statuses)) - 1]
            return Response(status=status, headers=self._headers(), body=self.body)
        self.asked.append(request.asked)
        if not request.secret_headers:  # anyone
            return Response(status=404, headers={"x-ms-error-code": "ResourceNotFound"}, body=b"")
        return Response(status=self.status, headers=self._headers(), body=self.body)

    def announce(self, method: str, url: str) -> None:
        assert (method, url.partition("?")[0]) in {
            ("PUT", "https://contoso.blob.core.windows.net/models"),
            ("POST", "https://contoso.blob.core.windows.net/"),
        }


def hands(service: Service, wait: Callable[[float], None] = lambda _: None, **rest: object) -> PolicyHands:
    access = Access(account="contoso", front="blob", key=Secret(made_up_key("hands")))
    client = Client(access=access, net=service, clock=lambda: datetime.now(UTC))
    return PolicyHands(wish(**rest), client, service, service, wait)


def wish(path: str = "m.bin", rights: tuple[str, ...] = ("read",)) -> Wish:
    return Wish(
        id="sh-0123abcd", provider="azure", account="contoso", container="models", path=path, rights=rights,
        ends_at=datetime.now(UTC) + HOUR,
    )  # fmt: skip


def found() -> Found:
    return Found(ends_at=datetime.now(UTC) + HOUR)


@pytest.mark.parametrize("minutes", [-240, 0, 240])
def test_a_link_ends_by_the_services_clock(minutes: int) -> None:
    service = Service(ahead=timedelta(minutes=minutes))
    seen = hands(service).find(HOUR)
    assert abs(seen.ends_at - (datetime.now(UTC) + service.ahead + HOUR)) < timedelta(seconds=30)
    told = [note for note in seen.notes if "clock" in note]
    assert bool(told) == bool(minutes)
    assert all(("behind" if minutes > 0 else "ahead") in note for note in told)


def test_a_refusal_with_a_wrong_clock_names_the_clock() -> None:
    service = Service(ahead=timedelta(minutes=-20), status=403, code="AuthenticationFailed")
    with pytest.raises(RefusedError) as refused:
        hands(service).find(HOUR)
    assert refused.value.hint == "This machine's clock is 20 minutes ahead of the service's: set it."


@pytest.mark.parametrize(
    ("status", "code", "error", "hint"),
    [
        (404, "ContainerNotFound", RefusedError, "There is no container models"),
        (403, "KeyBasedAuthenticationNotPermitted", RefusedError, "takes no keys"),
        (403, "AuthorizationPermissionMismatch", RefusedError, ""),
        (503, "ServerBusy", NoAnswerError, ""),
        (302, "", NoAnswerError, ""),
    ],
)
def test_what_cannot_be_found_is_told_with_what_to_do(
    status: int, code: str, error: type[RefusedError | NoAnswerError], hint: str
) -> None:
    with pytest.raises(error, match="could not find the object") as refused:
        hands(Service(status=status, code=code)).find(HOUR)
    assert hint in refused.value.hint


def test_an_object_that_is_yet_to_be_written_need_not_be_there() -> None:
    assert hands(Service(status=404, code="BlobNotFound"), rights=("write",)).find(HOUR)


def test_a_write_that_another_came_before_begins_anew_and_no_other_write_is_repeated() -> None:
    service = Service(statuses=[412, 200])
    hands(service).mint(found())
    assert len(service.sent) == 2
    assert all("If-Unmodified-Since" in each.headers for each in service.sent)
    for status, error in (
        (403, NotDoneError),
        (409, NotDoneError),
        (500, NoAnswerError),
        (302, NoAnswerError),
    ):
        service = Service(statuses=[status])
        with pytest.raises(error, match=f"could not make the policy tidegate-sh-0123abcd: {status}"):
            hands(service).mint(found())
        assert len(service.sent) == 1
    service = Service(statuses=[412])
    with pytest.raises(NotDoneError, match="412"):
        hands(service).mint(found())
    assert len(service.sent) == 4


def test_one_waits_until_the_second_of_the_last_change_is_over() -> None:
    service, waited = Service(changed=datetime.now(UTC)), []
    hands(service, waited.append).mint(found())
    assert waited == [1.1]
    waited.clear()
    hands(Service(), waited.append).mint(found())
    assert waited == []


def test_other_policies_are_written_back_as_they_came() -> None:
    theirs = b"<SignedIdentifier><Id>o&amp;ther</Id><AccessPolicy><Expiry>x</Expiry></AccessPolicy></SignedIdentifier>"
    service = Service(body=b"\xef\xbb\xbf<SignedIdentifiers>" + theirs + b"</SignedIdentifiers>")
    hands(service).mint(found())
    assert theirs in service.sent[0].body
    assert b"<Permission>r</Permission>" in service.sent[0].body


@pytest.mark.parametrize(
    "body",
    [
        b"<SignedIdentifiers><SignedIdentifier>",
        b"<!DOCTYPE x><SignedIdentifiers/>",
        b"<SignedIdentifier>" * 9,
    ],
)
def test_policies_that_cannot_be_read_are_not_written_over(body: bytes) -> None:
    service = Service(body=body)
    with pytest.raises(NoAnswerError, match="none that is known"):
        hands(service).mint(found())
    assert service.sent == []


def test_a_policy_that_stands_already_is_never_taken_over() -> None:
    service = Service(body=acl("tidegate-sh-0123abcd"))
    with pytest.raises(UsageError, match="already"):
        hands(service).mint(found())
    assert service.sent == []
    with pytest.raises(UsageError, match="no more are allowed"):
        hands(Service(body=acl(*NAMES))).mint(found())


@pytest.mark.parametrize("body", [b"", b"<Value>", b"<UserDelegationKey/>" * 3, b"\xff" * 100])
def test_a_delegation_key_that_cannot_be_read_is_none(body: bytes) -> None:
    service = Service(body=body)
    access = Access(account="contoso", front="blob", bearer=Secret("made-up-token"))
    client = Client(access=access, net=service, clock=lambda: datetime.now(UTC))
    with pytest.raises(NoAnswerError, match="none that is known"):
        DelegationHands(wish(), client, service, service).find(HOUR)
    service.statuses = [403]
    with pytest.raises(NotDoneError, match="403") as refused:
        DelegationHands(wish(), client, service, service).find(HOUR)
    assert "Storage Blob Delegator" in refused.value.hint
