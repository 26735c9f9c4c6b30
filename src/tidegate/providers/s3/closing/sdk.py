"""Amazon's own library, sent through our own ways out.

Boto knows what the requests are, reads the answers, signs, and finds the owner's credentials by its default
chain. It never sends anything itself: each request is handed to `Net` or `Writer` just before it would go, so
that guard, audit log and announcement hold for it too. What the default chain asks for credentials (single
sign-on, the machine's metadata service) is boto's own business, and not in the audit log.
Source: docs.aws.amazon.com/boto3/latest/guide/events.html ("before-send").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from tidegate.errors import (
    NoAnswerError,
    NotDoneError,
    OutOfScopeError,
    RefusedError,
    TidegateError,
    UsageError,
)
from tidegate.model.closing import Call
from tidegate.model.secret import Secret
from tidegate.net.message import Request, Response, Sends, Write, Writes
from tidegate.providers.s3.access import Key

_MISSING = UsageError(
    "Amazon's own library is not installed, and keys and buckets are only changed through it",
    hint="pip install 'tidegate[s3]'",
)
_NO_OWNER = UsageError(
    "no credentials of the owner were found",
    hint="Sign in as for Amazon's own tools: aws sso login, AWS_PROFILE, or AWS_ACCESS_KEY_ID and secret.",
)

_KEPT = re.compile(r"content-type|content-md5|x-amz-(?:checksum-[a-z0-9]+|sdk-checksum-algorithm|acl)")
"""Headers that decide what is done; the others say who asks, and when."""
_DROPPED = frozenset(
    ("host", "content-length", "user-agent", "expect", "accept-encoding", "connection", "transfer-encoding")
)
_SECRET = frozenset(("authorization", "x-amz-security-token"))
_CODE = re.compile(rb"<Code>\s*([A-Za-z0-9_.]{1,80})\s*</Code>")


_CLOCK = "Look at this machine's clock, and at the owner's credentials."
_SIGN_IN = "The owner's own credentials are refused: sign in anew."
_HINTS = {
    "RequestTimeTooSkewed": _CLOCK,
    "RequestExpired": _CLOCK,
    "SignatureDoesNotMatch": _CLOCK,
    "InvalidClientTokenId": _SIGN_IN,
    "InvalidAccessKeyId": _SIGN_IN,
    "ExpiredToken": _SIGN_IN,
    "UnrecognizedClientException": _SIGN_IN,
}


class _PlannedError(Exception):
    """Thrown in the place of sending: this is the request."""

    def __init__(self, call: Call) -> None:
        super().__init__(call.method)
        self.call = call


class Sdk:
    """Boto's clients for one case; all requests of one kind of address go to one name of the scope."""

    def __init__(self, net: Sends, writer: Writes) -> None:
        """Find the owner's credentials. Raises `UsageError` without the library, or without credentials."""
        self._net, self._writer = net, writer
        self.asked: list[Call] = []
        """Requests with the verb of a write that only read: every request to IAM has that verb."""
        try:
            from boto3 import Session  # noqa: PLC0415 - 0.3 s, and an extra
            from botocore.exceptions import BotoCoreError  # noqa: PLC0415
        except ImportError:
            raise _MISSING from None
        try:
            self._session = Session()
            found = self._session.get_credentials()
            self._frozen = None if found is None else found.get_frozen_credentials()
        except BotoCoreError as why:
            raise UsageError(f"the owner's credentials: {type(why).__name__}", hint=_NO_OWNER.hint) from None
        if self._frozen is None or not self._frozen.access_key:
            raise _NO_OWNER
        token = Secret(self._frozen.token) if self._frozen.token else None
        self.owner = Key(key_id=self._frozen.access_key, secret=Secret(self._frozen.secret_key), token=token)
        """The owner's key, for control requests."""

    def client(self, service: Service) -> Client:
        """Return what makes requests to one service."""
        return Client(self, service)


class Service:
    """Where one service is, and what of the scope a request to it needs."""

    def __init__(self, net: Sends, word: str, *, provider: str, name: str, host: str, region: str) -> None:
        """word: boto's name of it. host: where it is, but for an endpoint. Raises `OutOfScopeError`."""
        self.word, self.provider, self.name, self.region = word, provider, name, region
        base = net.base(provider, name, "management" if provider.endswith("_management") else provider, host)
        self.at_endpoint = base.host is not None
        self.url = base.url if self.at_endpoint or word != "s3" else None


class Client:
    """One service, asked by the owner."""

    def __init__(self, sdk: Sdk, service: Service) -> None:
        from botocore.config import Config  # noqa: PLC0415

        self._sdk, self._service = sdk, service
        self._planning = False
        self._asked = ""
        self._body = b""
        """Of the last answer."""
        config = Config(
            retries={"total_max_attempts": 1, "mode": "standard"},
            s3={"addressing_style": "path" if service.at_endpoint else "virtual"},
            ignore_configured_endpoint_urls=True,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        self._boto = sdk._session.client(
            service.word, region_name=service.region, endpoint_url=service.url, config=config
        )
        self._boto.meta.events.register("before-send", self._instead)

    def plan(self, operation: str, **what: Any) -> Call:
        """Return the request that an operation would be. Nothing is sent."""
        self._planning = True
        try:
            with self._explained(operation):
                getattr(self._boto, operation)(**what)
        except _PlannedError as planned:
            return planned.call
        finally:
            self._planning = False
        raise NoAnswerError(f"the library made no request of {operation}")

    def read(self, operation: str, asked: str, **what: Any) -> dict[str, Any]:
        """Ask. Raises `RefusedError`, `NoAnswerError`, `OutOfScopeError`."""
        self._asked = asked
        with self._explained(asked):
            found: dict[str, Any] = getattr(self._boto, operation)(**what)
        return found

    def send(self, call: Call, asked: str) -> None:
        """Send a planned request, once, signed now.

        Raises `NotDoneError` when the service, or the guard before it, refused; anything else leaves it open.
        """
        from botocore.auth import S3SigV4Auth, SigV4Auth  # noqa: PLC0415
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415

        service = self._service
        request = AWSRequest(
            method=call.method, url=call.url, data=call.body.encode(), headers=dict(call.headers)
        )
        kind: Callable[..., Any] = S3SigV4Auth if service.word == "s3" else SigV4Auth
        kind(self._sdk._frozen, service.word, service.region).add_auth(request)
        try:
            response = self._write(request.prepare(), asked)
        except OutOfScopeError as why:  # the guard stopped it before a byte left
            raise NotDoneError(str(why), hint=why.hint) from None
        if 200 <= response.status < 300:
            return
        code = _code_in(response.body) or "no code"
        words = f"could not {asked}: {response.status} {code}"
        if response.status < 500 and response.status != 429:
            raise NotDoneError(words, hint=_HINTS.get(code, ""))
        raise RefusedError(
            words, status=response.status, code=code, hint="It may have been done: look before trying again."
        )

    def _instead(self, request: Any, **_: Any) -> Any:
        """Take the place of boto's own way out; boto hands over each request, whole and signed."""
        call = _call_of(request)
        if self._planning:
            raise _PlannedError(call)
        if request.method in ("GET", "HEAD"):
            headers, secret = _parted(request.headers)
            response = self._sdk._net.send(
                Request(
                    method=request.method,
                    provider=self._service.provider,
                    name=self._service.name,
                    url=request.url,
                    headers=headers,
                    secret_headers=secret,
                    host=self._host(request.url),
                    asked=self._asked,
                )
            )
        else:
            if call not in self._sdk.asked:
                self._sdk.asked.append(call)
            response = self._write(request, self._asked)
        self._body = response.body
        return _for_boto(response, request.url)

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        """Turn boto's errors into ours; they carry what the service wrote: only short codes are kept."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415
        from botocore.parsers import ResponseParserError  # noqa: PLC0415

        try:
            yield
        except (TidegateError, _PlannedError):
            raise
        except ClientError as why:
            told = why.response.get("Error", {}).get("Code", "")
            code = told if re.fullmatch(r"[A-Za-z0-9_.]{1,80}", told) else ""
            code = code if re.search("[A-Za-z]", code) else _code_in(self._body) or code
            status = why.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            words = f"could not {what}: {status} {code or 'no code'}"
            raise RefusedError(words, status=status, code=code, hint=_HINTS.get(code, "")) from None
        except BotoCoreError as why:
            raise NoAnswerError(f"could not {what}: {type(why).__name__}") from None
        except (ResponseParserError, LookupError, ValueError, TypeError, AttributeError, RecursionError):
            # Boto's readers trust the service; what it sent instead stands in their messages.
            raise NoAnswerError(f"could not {what}: the answer is none that is known") from None

    def _write(self, request: Any, asked: str) -> Response:
        headers, secret = _parted(request.headers)
        self._sdk._writer.announce(request.method, request.url)
        body = request.body or b""
        return self._sdk._writer.send(
            Write(
                method=request.method,
                provider=self._service.provider,
                name=self._service.name,
                url=request.url,
                headers=headers,
                secret_headers=secret,
                body=body.encode() if isinstance(body, str) else bytes(body),
                host=self._host(request.url),
                asked=asked,
            )
        )

    def _host(self, url: str) -> str | None:
        return urlsplit(url).netloc if self._service.at_endpoint else None


def _code_in(body: bytes) -> str:
    found = _CODE.search(body[:16384])
    return found[1].decode("ascii") if found else ""


def _text(value: Any) -> str:
    return value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)


def _parted(given: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Secret]]:
    """Part headers into those that may be shown and those that may not; leave out what the transport sets."""
    headers = {str(name).lower(): _text(value) for name, value in given.items()}
    plain = {n: v for n, v in headers.items() if n not in _SECRET and n not in _DROPPED}
    return plain, {name: Secret(value) for name, value in headers.items() if name in _SECRET}


def _call_of(request: Any) -> Call:
    body = request.body or b""
    kept = {
        str(name).lower(): _text(value)
        for name, value in request.headers.items()
        if _KEPT.fullmatch(str(name).lower())
    }
    return Call(
        method=request.method,
        url=request.url,
        body=body if isinstance(body, str) else bytes(body).decode("utf-8", "replace"),
        headers=tuple(sorted(kept.items())),
    )


class _Raw:
    """What boto reads a body from."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self._body

    def read(self, *_: Any, **__: Any) -> bytes:
        body, self._body = self._body, b""
        return body


def _for_boto(response: Response, url: str) -> Any:
    from botocore.awsrequest import AWSResponse  # noqa: PLC0415

    return AWSResponse(url, response.status, dict(response.headers), _Raw(response.body))
