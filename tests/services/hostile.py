"""A server that answers as it is told, byte by byte: for everything that a good server never does."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Behaviour = Callable[["Heard", asyncio.StreamWriter], Awaitable[None]]
"""Answers one request. The connection is closed after it, unless it returns with `Heard.keep` set."""

DRIP_S = 0.02
"""Between two bytes of a slow answer."""


@dataclass
class Heard:
    """One request, as it came in."""

    head: bytes
    count: int
    """Counts the server's requests from 1."""
    keep: bool = False

    @property
    def line(self) -> str:
        return self.head.split(b"\r\n", 1)[0].decode("latin-1")

    @property
    def headers(self) -> Mapping[str, str]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if name
        }


@dataclass
class Hostile:
    """A running server and what it heard."""

    port: int
    heard: list[Heard] = field(default_factory=list)
    connections: int = 0
    sent_bytes: int = 0
    """As far as a behaviour counted."""


@contextmanager
def hostile(behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> Iterator[Hostile]:
    """Run a server on a free loopback port, on a thread of its own."""
    loop = asyncio.new_event_loop()
    server = Hostile(port=0)
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        writers.append(writer)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                heard = Heard(await reader.readuntil(b"\r\n\r\n"), len(server.heard) + 1)
                server.heard.append(heard)
                await behaviour(heard, writer)
                if not heard.keep:
                    break
        writer.close()

    async def start() -> asyncio.Server:
        return await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)

    async def stop() -> None:
        listening.close()
        # A connection may come in while others are ended.
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for writer in writers:
            writer.transport.abort()
        for _ in range(3):  # Transports close in a later turn of the loop.
            await asyncio.sleep(0)

    thread = threading.Thread(target=loop.run_forever, name="hostile", daemon=True)
    thread.start()
    listening = asyncio.run_coroutine_threadsafe(start(), loop).result()
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def raw(*pieces: bytes, keep: bool = False) -> Behaviour:
    """Answer with these bytes, whatever they are, and close."""

    async def behave(heard: Heard, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        heard.keep = keep

    return behave


def whole(status: str, body: bytes = b"", *headers: str, keep: bool = True) -> Behaviour:
    """Answer properly."""
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", "")
    return raw("\r\n".join(lines).encode("latin-1"), body, keep=keep)


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """Answer the first request with the first, and so on; the last one again and again."""

    async def behave(heard: Heard, writer: asyncio.StreamWriter) -> None:
        await behaviours[min(heard.count, len(behaviours)) - 1](heard, writer)

    return behave


def forever(head: bytes, piece: bytes, pause_s: float = 0.0) -> Behaviour:
    """Send `head`, then `piece` without end."""

    async def behave(heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause_s)

    return behave


async def reset(heard: Heard, writer: asyncio.StreamWriter) -> None:
    """Break the connection off with a reset."""
    writer.transport.abort()


async def silent(heard: Heard, writer: asyncio.StreamWriter) -> None:
    """Never answer."""
    await asyncio.Event().wait()


OK_HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n"

ENDLESS_BODY = forever(CHUNKED, b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
ENDLESS_HEADERS = forever(OK_HEAD, b"X-More: 1\r\n")
ENDLESS_HEADER_LINE = forever(OK_HEAD + b"X-More: ", b"x" * 4096)
ENDLESS_STATUS_LINE = forever(b"HTTP/1.1 200 ", b"x" * 4096)
ENDLESS_CONTINUE = forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n")
ENDLESS_CHUNK_EXTENSION = forever(CHUNKED + b"1;", b"x" * 4096)
ENDLESS_TRAILER = forever(CHUNKED + b"1\r\nx\r\n0\r\n", b"X-More: 1\r\n")
DRIPPING_HEADERS = forever(OK_HEAD + b"X-Slow: ", b"x", DRIP_S)
DRIPPING_BODY = forever(OK_HEAD + b"Content-Length: 100000\r\n\r\n", b"x", DRIP_S)
DRIPPING_CHUNKS = forever(CHUNKED, b"1\r\nx\r\n", DRIP_S)
SHORT_BODY = raw(OK_HEAD + b"Content-Length: 1000\r\n\r\n", b"only this")
SHORT_CHUNKS = raw(CHUNKED, b"9\r\nonly this\r\n")
CHUNK_GARBAGE = raw(CHUNKED, b"zz\r\nwhat\r\n0\r\n\r\n")
CHUNK_NEGATIVE = raw(CHUNKED, b"-5\r\nwhat\r\n0\r\n\r\n")


async def chunk_garbage_later(heard: Heard, writer: asyncio.StreamWriter) -> None:
    """Send a head, and when it has been read what is no chunk."""
    writer.write(CHUNKED)
    await writer.drain()
    await asyncio.sleep(0.1)
    writer.write(b"zz\r\nwhat\r\n0\r\n\r\n")
    await writer.drain()


CHUNK_HUGE = raw(CHUNKED, b"ffffffffffffffffff\r\nwhat\r\n0\r\n\r\n")
TWO_LENGTHS = raw(OK_HEAD + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\n", b"what?")
LENGTH_AND_CHUNKS = raw(
    OK_HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n", b"4\r\nwhat\r\n0\r\n\r\n"
)
NEGATIVE_LENGTH = raw(OK_HEAD + b"Content-Length: -1\r\n\r\n", b"what")
NO_LENGTH = raw(OK_HEAD + b"Content-Type: application/xml\r\n\r\n", b"<EnumerationResults>")
NOT_HTTP = raw(b"220 mail.example ESMTP\r\n")
GZIP_BOMB = whole("200 OK", gzip.compress(bytes(16 << 20)), "Content-Encoding: gzip")
