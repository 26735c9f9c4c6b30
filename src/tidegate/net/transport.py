"""Sending requests: the guard stands in front, the recorder behind."""

from __future__ import annotations

import asyncio
import secrets
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import aiohttp
import yarl

from tidegate.errors import ConfigError, NoAnswerError, OutOfScopeError, RequestError
from tidegate.net.audit import Entry, Recorder
from tidegate.net.budget import Spending
from tidegate.net.failure import Failure, explain
from tidegate.net.guard import Checked, Guard, Owner
from tidegate.net.limits import Limits
from tidegate.net.loop import LoopThread
from tidegate.net.message import Base, Request, Response
from tidegate.net.resolver import AddressRefusedError, CheckingResolver, Lookup, look_up
from tidegate.net.retry import STATUSES, wait_s
from tidegate.net.scope import Scope
from tidegate.version import VERSION

_SHORTEST_SLEEP_S = 0.001
"""Turns nearer than this are taken at once: the loop's clock is no finer."""


class Net:
    """The real `Sends`: blocking, for many threads, on one event loop of its own.

    It follows no redirect, reads no proxy settings and no `.netrc`, keeps no cookies, undoes no
    compression, and checks certificates.
    """

    def __init__(
        self,
        scope: Scope,
        *,
        owners: Mapping[str, Owner],
        audit: Recorder,
        limits: Limits | None = None,
        lookup: Lookup = look_up,
    ) -> None:
        """owners: provider -> `Storage.owner`. lookup: how names become addresses.

        Raises `ConfigError` when the scope's certificate authority cannot be read.
        """
        self._scope = scope
        self._guard = Guard(scope, owners)
        self._audit = audit
        self._limits = limits or Limits()
        self._spending = Spending(scope.budget, scope.file)
        self._run = secrets.token_hex(4)
        self._attempts = 0
        self._agent = f"tidegate/{VERSION} (read-only storage check; scope={scope.id})"
        self._resolver = CheckingResolver(self._guard, lookup)
        self._tls = _tls(scope)
        self._loop = LoopThread("tidegate-net")
        self._session, self._slots = self._loop.run(self._start())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Break off what is under way, which then raises `NoAnswerError`, and give everything back."""
        self._loop.close(self._session.close())

    @property
    def run(self) -> str:
        """Marks this run in the audit log, and in Azure's own logs as the client request id."""
        return self._run

    @property
    def requests(self) -> int:
        """Attempts so far."""
        return self._spending.requests

    @property
    def bytes_read(self) -> int:
        """Bytes of bodies so far."""
        return self._spending.bytes_read

    def named(self, provider: str) -> tuple[str, ...]:
        """Return the names that the scope gives without a wildcard."""
        return self._scope.named(provider)

    def base(self, provider: str, name: str, service: str, host: str, scheme: str = "https") -> Base:
        return self._guard.base(provider, name, service, host, scheme)

    def send(self, request: Request) -> Response:
        return self._loop.run(self._send(request, self._guard.check(request)))

    async def _start(self) -> tuple[aiohttp.ClientSession, asyncio.Semaphore]:
        limits = self._limits
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=self._resolver,
                limit=limits.concurrency,
                ssl=self._tls,
                # Azurite closes idle connections after 5 s; who comes later finds a closed door.
                keepalive_timeout=4.0,
                ttl_dns_cache=300,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=limits.connect_s, sock_read=limits.idle_s, ceil_threshold=60.0
            ),
            auto_decompress=False,
            trust_env=False,
            max_line_size=limits.header_line_bytes,
            max_field_size=limits.header_line_bytes,
            max_headers=limits.headers,
        )
        # aiohttp would repeat a request whose connection was stale, and no repeat may be missing in the log.
        session._retry_connection = False
        return session, asyncio.Semaphore(limits.concurrency)

    async def _send(self, request: Request, checked: Checked) -> Response:
        clock = asyncio.get_running_loop().time
        if checked.at_endpoint:
            self._resolver.endpoints.add((checked.url.host, checked.url.port))
        async with self._slots:
            ends_s = None
            attempt = 0
            while True:
                attempt += 1
                turn_s = self._spending.request(clock())
                if turn_s > _SHORTEST_SLEEP_S:
                    await asyncio.sleep(turn_s)
                ends_s = ends_s or clock() + self._limits.request_s
                left_s = min(ends_s - clock(), self._spending.left_s(clock()), self._limits.attempt_s)
                outcome = await self._attempt(request, checked, left_s)
                if self._spending.left_s(clock()) <= 0:
                    raise self._spending.time_error()
                wait = self._wait_s(outcome, attempt)
                if wait is None or clock() + wait >= ends_s:
                    break
                if self._spending.left_s(clock()) <= wait:
                    raise self._spending.time_error()
                await asyncio.sleep(wait)
        if isinstance(outcome, Failure):
            raise outcome.error
        return outcome

    def _wait_s(self, outcome: Response | Failure, attempt: int) -> float | None:
        """Return how long to wait before asking again; `None`: what came is final."""
        final = not outcome.again if isinstance(outcome, Failure) else outcome.status not in STATUSES
        if final or attempt >= self._limits.attempts:
            return None
        headers = {} if isinstance(outcome, Failure) else outcome.headers
        return wait_s(self._limits, attempt, headers, datetime.now(UTC))

    async def _attempt(self, request: Request, checked: Checked, left_s: float) -> Response | Failure:
        self._attempts += 1
        n, sent_at, begun_s, reading = self._attempts, datetime.now(UTC), time.monotonic(), _Reading()
        error = "broken off"
        try:
            outcome = await self._exchange(
                request, checked, self._headers(request, checked, n), left_s, reading
            )
            error = str(outcome.error) if isinstance(outcome, Failure) else ""
        except RequestError as raised:
            error = str(raised)
            raise
        finally:
            self._audit.record(
                Entry(
                    time=sent_at.isoformat(timespec="milliseconds"),
                    run=self._run,
                    n=n,
                    method=request.method,
                    url=request.url,
                    asked=request.asked,
                    status=reading.status,
                    error=error,
                    bytes=reading.bytes,
                    milliseconds=round((time.monotonic() - begun_s) * 1000),
                )
            )
        return outcome

    async def _exchange(
        self, request: Request, checked: Checked, headers: Mapping[str, str], left_s: float, reading: _Reading
    ) -> Response | Failure:
        url = yarl.URL(checked.full_url, encoded=True)
        try:
            async with (
                asyncio.timeout(left_s),
                self._session.request(request.method, url, headers=headers, allow_redirects=False) as answer,
            ):
                reading.status = answer.status
                return await self._read(answer, request, reading)
        except AddressRefusedError as refused:
            failure = Failure(OutOfScopeError(str(refused.error), hint=refused.error.hint), again=False)
        except (aiohttp.ClientError, OSError) as raised:
            failure = explain(raised, checked.url.host)
        # Outside of the handler, or the error of aiohttp, which knows the whole URL, would hang on to ours.
        return failure

    async def _read(
        self, answer: aiohttp.ClientResponse, request: Request, reading: _Reading
    ) -> Response | Failure:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        trouble = _unreadable(request, answer.status, headers)
        if trouble:
            answer.close()
            return Failure(NoAnswerError(trouble), again=False)
        pieces: list[bytes] = []
        truncated = False
        async for piece in answer.content.iter_any():
            self._spending.read(len(piece))
            reading.bytes += len(piece)
            truncated = reading.bytes > request.max_bytes
            pieces.append(piece)
            if truncated:
                answer.close()
                break
        body = b"".join(pieces)[: request.max_bytes]
        return Response(
            status=answer.status, headers=headers, body=body, truncated=truncated, url=request.url
        )

    def _headers(self, request: Request, checked: Checked, n: int) -> dict[str, str]:
        headers = {
            "accept": "*/*",
            **checked.headers,
            "accept-encoding": "identity",
            "user-agent": self._agent,
        }
        # A signature with an account key covers every x-ms header: none may be added to such a request.
        if request.provider == "azure" and not headers.get("authorization", "").startswith("SharedKey"):
            headers["x-ms-client-request-id"] = f"{self._run}-{n}"
        return headers


@dataclass(slots=True)
class _Reading:
    """How far an attempt came, for the record."""

    status: int | None = None
    bytes: int = 0


def _unreadable(request: Request, status: int, headers: Mapping[str, str]) -> str:
    """Say why a body cannot be taken for what was asked; empty when it can."""
    # An object may have been stored compressed: then its bytes are what was asked for. Nothing else may be.
    encoding = headers.get("content-encoding", "identity").strip().lower()
    of_object = request.method == "HEAD" or (
        status in {200, 206} and "range" in map(str.lower, request.headers)
    )
    if encoding not in {"", "identity"} and not of_object:
        return "the answer is compressed, which was not asked for"
    bodiless = request.method == "HEAD" or status in {204, 304} or status < 200
    if not bodiless and "content-length" not in headers and "transfer-encoding" not in headers:
        return "the answer does not say where it ends: it may be cut off"
    return ""


def _tls(scope: Scope) -> ssl.SSLContext:
    # Not `create_default_context`: that one writes the session's keys to a file that SSLKEYLOGFILE names.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    context.load_default_certs()
    if scope.ca is not None:
        try:
            context.load_verify_locations(scope.ca)
        except (OSError, ssl.SSLError):
            raise ConfigError(f"{scope.ca} is no certificate authority in PEM form") from None
    return context
