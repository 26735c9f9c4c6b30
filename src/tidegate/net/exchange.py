"""One attempt: a request goes out, an answer is read as far as it may be."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp
import yarl

from tidegate.errors import ConfigError, NoAnswerError, OutOfScopeError
from tidegate.net.failure import Failure, explain
from tidegate.net.guard import Checked
from tidegate.net.limits import Limits
from tidegate.net.message import Request, Response
from tidegate.net.resolver import AddressRefusedError, CheckingResolver


@dataclass(slots=True)
class Reading:
    """How far an attempt came; kept up to date while it runs."""

    status: int | None = None
    bytes: int = 0


class Client:
    """aiohttp, with everything switched off that a probe must not do.

    It follows no redirect, reads no proxy settings and no `.netrc`, keeps no cookies, undoes no
    compression, and checks certificates.
    """

    def __init__(
        self, limits: Limits, resolver: CheckingResolver, tls: ssl.SSLContext, count: Callable[[int], None]
    ) -> None:
        """Must be called on the event loop. count: is told the size of every piece; may raise to stop."""
        self._count = count
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=resolver,
                limit=limits.concurrency,
                ssl=tls,
                # Azurite closes idle connections after 5 s: who comes later finds the door closed.
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
        self._session._retry_connection = False

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def exchange(
        self, request: Request, checked: Checked, headers: Mapping[str, str], left_s: float, reading: Reading
    ) -> Response | Failure:
        """Make one attempt that takes `left_s` seconds at most.

        Raises what `count` raises. No error that comes from here holds on to one of aiohttp, which knows
        the whole URL: hence they are returned and not raised.
        """
        url = yarl.URL(checked.full_url, encoded=True)
        try:
            async with (
                asyncio.timeout(left_s),
                self._session.request(request.method, url, headers=headers, allow_redirects=False) as answer,
            ):
                reading.status = answer.status
                return await self._read(answer, request, reading)
        except AddressRefusedError as refused:
            return Failure(OutOfScopeError(str(refused)), again=False)
        except (aiohttp.ClientError, OSError) as raised:
            return explain(raised, checked.url.host)

    async def _read(
        self, answer: aiohttp.ClientResponse, request: Request, reading: Reading
    ) -> Response | Failure:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        trouble = _unreadable(request, answer.status, headers)
        if trouble:
            answer.close()
            return Failure(NoAnswerError(trouble), again=False)
        pieces: list[bytes] = []
        watch = _Watch(answer)
        try:
            async for piece in answer.content.iter_any():
                pieces.append(piece)
                reading.bytes += len(piece)
                self._count(len(piece))
                if reading.bytes > request.max_bytes:
                    answer.close()
                    break
        finally:
            watch.end()
        return Response(
            status=answer.status,
            headers=headers,
            body=b"".join(pieces)[: request.max_bytes],
            truncated=reading.bytes > request.max_bytes,
            url=request.url,
        )


class _Watch:
    """Ends a body that aiohttp leaves open.

    Where what comes after the head is no HTTP, and comes later than the head, aiohttp 3.14 closes the
    connection and tells whoever waits for the body nothing.
    """

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._content = answer.content
        self._connection = answer.connection
        self._info = answer.request_info
        self._look()

    def end(self) -> None:
        """Look no more."""
        self._next.cancel()

    def _look(self) -> None:
        self._next = asyncio.get_running_loop().call_later(_LOOK_S, self._look)
        lost = self._connection is not None and self._connection.transport is None
        if lost and not self._content.is_eof() and self._content.exception() is None:
            self._content.set_exception(aiohttp.ClientResponseError(self._info, (), message="no HTTP"))


_LOOK_S: Final = 0.5


def _unreadable(request: Request, status: int, headers: Mapping[str, str]) -> str:
    """Say why a body cannot be taken for what was asked; empty when it can."""
    # An object may have been stored compressed: then its bytes are what was asked for. Nothing else may be.
    encoding = headers.get("content-encoding", "identity").strip().lower()
    of_object = request.method == "HEAD" or (
        status in {200, 206} and "range" in map(str.lower, request.headers)
    )
    if encoding not in {"", "identity"} and not of_object:
        return "the answer is compressed, which was not asked for"
    bodiless = request.method == "HEAD" or status in {204, 304}
    if not bodiless and "content-length" not in headers and "transfer-encoding" not in headers:
        return "the answer does not say where it ends: it may be cut off"
    return ""


def tls_context(ca: Path | None) -> ssl.SSLContext:
    """Return what checks certificates, by the system's authorities and one more. Raises `ConfigError`."""
    # Not `create_default_context`: that one writes the session's keys to a file that SSLKEYLOGFILE names.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    context.load_default_certs()
    if ca is not None:
        try:
            context.load_verify_locations(ca)
        except (OSError, ssl.SSLError):
            raise ConfigError(f"{ca} is no certificate authority in PEM form") from None
    return context
