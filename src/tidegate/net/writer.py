"""The way out for writes: nothing is sent that was not announced, and nothing is sent twice.

Reading goes through `Net`, which knows no other verb than GET and HEAD. What changes something goes through
here: first `announce`, which the audit log keeps too, then `send`. The guard judges the address as for a
read.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime

from tidegate.errors import NoAnswerError, OutOfScopeError
from tidegate.net.address import Url, numeric
from tidegate.net.audit import Entry, Recorder
from tidegate.net.exchange import tls_context
from tidegate.net.guard import Guard, Owner
from tidegate.net.message import Request, Response, Write
from tidegate.net.scope import Scope
from tidegate.version import VERSION

__all__ = ["Write", "Writer"]

_METHODS = frozenset(("PUT", "POST", "PATCH", "DELETE"))
_LARGEST_ANSWER_BYTES = 1 << 16
_WITHIN_S = 30.0


class Writer:
    """Sends announced writes, each once: a write that was not answered may have been done."""

    def __init__(self, scope: Scope, *, owners: Mapping[str, Owner], audit: Recorder, run: str) -> None:
        """run: that of the `Net` beside it. Raises `ConfigError` when the scope's authority is unreadable."""
        self._guard = Guard(scope, owners)
        self._audit = audit
        self._tls = tls_context(scope.ca)
        self._run = run
        self._sent = 0
        self._announced: list[tuple[str, str]] = []

    def announce(self, method: str, url: str) -> None:
        """Say that one such request will be sent; `send` refuses all others."""
        self._announced.append((method, url))

    def send(self, write: Write) -> Response:
        """Send it once and return the answer, whatever its status.

        Raises `OutOfScopeError` before anything is sent, `NoAnswerError` when it is not known whether the
        service did it.
        """
        if write.method not in _METHODS or (write.method, write.url) not in self._announced:
            raise OutOfScopeError(f"a {write.method} that was not announced is not sent")
        checked = self._guard.check(
            Request(
                provider=write.provider,
                name=write.name,
                url=write.url,
                headers=write.headers,
                secret_headers=write.secret_headers,
                host=write.host,
            )
        )
        self._announced.remove((write.method, write.url))
        headers = {**checked.headers, "User-Agent": f"tidegate/{VERSION} (write)"}
        sent_at, begun_s, status, error, body = datetime.now(UTC), time.monotonic(), None, "", b""
        try:
            with closing(self._connection(checked.url, at_endpoint=checked.at_endpoint)) as connection:
                target = checked.url.path or "/"
                target += f"?{checked.url.query}" if checked.url.query else ""
                connection.request(write.method, target, write.body or None, headers)
                answer = connection.getresponse()
                status = answer.status
                body = answer.read(_LARGEST_ANSWER_BYTES)
                found = {name.lower(): value for name, value in answer.getheaders()}
        except (OSError, http.client.HTTPException, ssl.SSLError) as why:
            error = f"no answer that could be read ({type(why).__name__})"
            raise NoAnswerError(
                f"could not {write.asked}: {error}", hint="It may have been done: look before trying again."
            ) from None
        finally:
            self._sent += 1
            self._audit.record(
                Entry(
                    time=sent_at.isoformat(timespec="milliseconds"),
                    run=self._run,
                    n=1_000_000 + self._sent,
                    provider=write.provider,
                    name=write.name,
                    method=write.method,
                    url=write.url,
                    asked=write.asked,
                    status=status,
                    error=error,
                    bytes=len(body),
                    milliseconds=round((time.monotonic() - begun_s) * 1000),
                )
            )
        return Response(status=status, headers=found, body=body, url=write.url)

    def _connection(self, url: Url, *, at_endpoint: bool) -> http.client.HTTPConnection:
        """Connect to an address that was judged: there is no second look-up."""
        texts = dict.fromkeys(
            str(row[4][0]) for row in socket.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)
        )
        addresses = [ipaddress.ip_address(text.partition("%")[0]) for text in texts]
        if numeric(url.host) is None:
            self._guard.check_resolved(url.host, addresses, at_endpoint=at_endpoint)
        stream = socket.create_connection((str(addresses[0]), url.port), timeout=_WITHIN_S)
        if url.scheme == "https":
            stream = self._tls.wrap_socket(stream, server_hostname=url.host)
        connection = http.client.HTTPConnection(url.host, url.port, timeout=_WITHIN_S)
        connection.sock = stream
        return connection
