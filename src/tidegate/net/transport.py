"""Sending requests: the guard stands in front, the recorder behind."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from tidegate.errors import ConfigError, NoAnswerError, OutOfScopeError, RequestError
from tidegate.net.audit import Entry, Recorder
from tidegate.net.budget import Spending
from tidegate.net.exchange import Client, Reading, tls_context
from tidegate.net.failure import Failure
from tidegate.net.guard import Checked, Guard, Owner
from tidegate.net.limits import Limits
from tidegate.net.loop import LoopThread
from tidegate.net.message import Base, Request, Response
from tidegate.net.resolver import CheckingResolver, Lookup, look_up
from tidegate.net.retry import STATUSES, wait_s
from tidegate.net.scope import Scope
from tidegate.version import VERSION

_SHORTEST_SLEEP_S = 0.001
"""Turns nearer than this are taken at once: the loop's clock is no finer."""


class Net:
    """The real `Sends`: blocking, for many threads, on one event loop of its own.

    Close it before you wait for threads that send: what is under way is then broken off.
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
        self._agent = f"tidegate/{VERSION} (read-only storage check; scope={scope.id})"
        self._resolver = CheckingResolver(self._guard, lookup)
        self._attempts = 0
        self._unrecorded: str = ""
        """Why the recorder failed: nothing more is sent then, whoever took the error for a gap."""
        self._dead: set[str] = set()
        """Hosts that no attempt of a request brought an answer from: until one does, none is repeated."""
        self._tls = tls_context(scope.ca)
        self._slots = asyncio.Semaphore(self._limits.concurrency)
        self._first = threading.Lock()
        self._begun: tuple[LoopThread, Client] | None = None
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Break off what is under way, which then raises `NoAnswerError`, and give everything back."""
        with self._first:
            self._closed = True
            begun = self._begun
        if begun is not None:
            begun[0].close(begun[1].close())

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

    @property
    def bytes_left(self) -> int | None:
        return self._spending.bytes_left

    def named(self, provider: str) -> tuple[str, ...]:
        return self._scope.named(provider)

    def base(self, provider: str, name: str, service: str, host: str, scheme: str = "https") -> Base:
        return self._guard.base(provider, name, service, host, scheme)

    def send(self, request: Request) -> Response:
        checked = self._guard.check(request)
        loop, client = self._begin()
        return loop.run(self._send(client, request, checked))

    def _begin(self) -> tuple[LoopThread, Client]:
        """Start at the first request: before it a run forks its workers, which no thread survives."""
        with self._first:
            if self._closed:
                raise NoAnswerError("the network was closed")
            if self._begun is None:
                loop = LoopThread("tidegate-net")

                async def client() -> Client:
                    return Client(self._limits, self._resolver, self._tls, self._spending.read)

                self._begun = loop, loop.run(client())
            return self._begun

    async def _send(self, client: Client, request: Request, checked: Checked) -> Response:
        if checked.at_endpoint:
            self._resolver.endpoints.add((checked.url.host, checked.url.port))
        async with self._slots:
            outcome = await self._attempts_of(client, request, checked)
        if isinstance(outcome, Response):
            self._dead.discard(checked.url.host)
            return outcome
        if outcome.again:
            self._dead.add(checked.url.host)
        if isinstance(outcome.error, OutOfScopeError):
            outcome.error.hint = self._guard.endpoint_hint(request, checked.url)
        raise outcome.error

    async def _attempts_of(self, client: Client, request: Request, checked: Checked) -> Response | Failure:
        clock, limits, spending = asyncio.get_running_loop().time, self._limits, self._spending
        ends_s = float("inf")
        for attempt in range(1, limits.attempts + 1):
            if self._unrecorded:
                raise ConfigError(self._unrecorded)
            turn_s = spending.request(clock())
            if turn_s > _SHORTEST_SLEEP_S:
                await asyncio.sleep(turn_s)
            # Waiting for the first turn is the user's wish, not the server's fault.
            ends_s = min(ends_s, clock() + limits.request_s)
            left_s = min(ends_s - clock(), spending.left_s(clock()), limits.attempt_s)
            outcome = await self._recorded(client, request, checked, left_s)
            spending.check_time(clock())
            wait = self._wait_s(outcome, attempt, checked.url.host)
            if wait is None or clock() + wait >= ends_s:
                break
            spending.check_time(clock() + wait)
            await asyncio.sleep(wait)
        return outcome

    def _wait_s(self, outcome: Response | Failure, attempt: int, host: str) -> float | None:
        """Return how long to wait before asking again; `None`: what came is final."""
        if isinstance(outcome, Failure):
            final, headers = not outcome.again or host in self._dead, {}
        else:
            final, headers = outcome.status not in STATUSES, dict(outcome.headers)
        if final or attempt == self._limits.attempts:
            return None
        return wait_s(self._limits, attempt, headers, datetime.now(UTC))

    async def _recorded(
        self, client: Client, request: Request, checked: Checked, left_s: float
    ) -> Response | Failure:
        self._attempts += 1
        n, sent_at, begun_s, reading = self._attempts, datetime.now(UTC), time.monotonic(), Reading()
        headers, error = self._headers(request, checked, n), "broken off"
        try:
            outcome = await client.exchange(request, checked, headers, left_s, reading)
            error = str(outcome.error) if isinstance(outcome, Failure) else ""
        except RequestError as raised:
            error = str(raised)
            raise
        finally:
            self._record(
                Entry(
                    time=sent_at.isoformat(timespec="milliseconds"),
                    run=self._run,
                    n=n,
                    provider=request.provider,
                    name=request.name,
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

    def _record(self, entry: Entry) -> None:
        try:
            self._audit.record(entry)
        except ConfigError as error:
            self._unrecorded = str(error)
            raise

    def _headers(self, request: Request, checked: Checked, n: int) -> dict[str, str]:
        headers = {"accept": "*/*", **checked.headers}
        headers |= {"accept-encoding": "identity", "user-agent": self._agent}
        # A signature with an account key covers every x-ms header: none may be added to such a request.
        if request.provider == "azure" and not headers.get("authorization", "").startswith("SharedKey"):
            headers["x-ms-client-request-id"] = f"{self._run}-{n}"
        return headers
