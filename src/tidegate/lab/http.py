"""Just enough of an HTTP/1.1 server for loopback: GET and HEAD, kept-alive connections, a thread each."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, unquote

_LONGEST_HEAD = 64 * 1024
_IDLE_S = 60
_REASONS = {
    200: "OK",
    206: "Partial Content",
    304: "Not Modified",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    412: "Precondition Failed",
    416: "Range Not Satisfiable",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked."""

    method: str
    raw_path: str
    """As it came, percent-encoded, without the query."""
    parameters: tuple[tuple[str, str], ...]
    """The query, decoded, in order."""
    headers: Mapping[str, str]
    """Names in lower case."""
    address: str
    """Where it comes from."""

    @property
    def path(self) -> str:
        """The path, decoded, without the leading slash. What is no UTF-8 becomes U+FFFD."""
        return unquote(self.raw_path, errors="replace").removeprefix("/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What is answered."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Iterator[bytes] = b""
    """To a HEAD request it is not sent."""
    length: int | None = None
    """Of the body in bytes, when it is no `bytes`; or of what a HEAD request's answer stands for."""
    chunked: bool = False
    """Send the length in the body, as the service does with listings."""


class Server:
    """Answers on a port of 127.0.0.1 from the moment it is made until it is closed. A context manager."""

    def __init__(self, answer: Callable[[Request], Response], port: int = 0) -> None:
        """`answer` is called from many threads. Raises `OSError` when the port is taken."""
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", port), backlog=128)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self._closed = False
        self.seen: Counter[tuple[str, int]] = Counter()
        """How often each method was answered with each status."""
        self._acceptor = threading.Thread(target=self._accept, name="lab-accept")
        self._acceptor.start()

    @property
    def port(self) -> int:
        """The port it answers on."""
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        """End all connections; returns when no thread is left."""
        with self._lock:
            self._closed = True
            connections = list(self._open)
        for each in (self._listener, *connections):
            # Whoever waits in accept or recv on it wakes up.
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._acceptor.join()
        for thread in list(self._threads):
            thread.join()
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, address = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection, address[0]), name="lab-serve")
            with self._lock:
                if self._closed:
                    connection.close()
                    return
                self._open.add(connection)
                self._threads = {each for each in self._threads if each.is_alive()} | {thread}
                thread.start()

    def _serve(self, connection: socket.socket, address: str) -> None:
        try:
            connection.settimeout(_IDLE_S)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            waiting = b""
            while True:
                head, waiting = _read_head(connection, waiting)
                if head is None or not self._reply(connection, head, address):
                    return
        except OSError:
            # The client went away, or was silent too long; or we are closed.
            return
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def _reply(self, connection: socket.socket, head: bytes, address: str) -> bool:
        """Answer one request; tell whether the connection may be used again."""
        request = _parse(head, address)
        if request is None:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return False
        response = self._answer(request)
        with self._lock:
            self.seen[request.method, response.status] += 1
        # What follows a request with a body is not told apart from the next request.
        keep = (
            request.headers.get("connection", "").lower() != "close"
            and request.headers.get("content-length", "0") == "0"
            and "transfer-encoding" not in request.headers
        )
        _send(connection, request.method, response, keep=keep)
        return keep


def _read_head(connection: socket.socket, waiting: bytes) -> tuple[bytes | None, bytes]:
    """Return the next request's head and what came behind it; no head when the client has ended."""
    while b"\r\n\r\n" not in waiting:
        more = connection.recv(65_536)
        if not more or len(waiting) > _LONGEST_HEAD:
            return None, b""
        waiting += more
    head, _, rest = waiting.partition(b"\r\n\r\n")
    return head, rest


def _parse(head: bytes, address: str) -> Request | None:
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        return None
    raw_path, _, query = words[1].partition("?")
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    return Request(
        method=words[0],
        raw_path=raw_path,
        parameters=tuple(parse_qsl(query, keep_blank_values=True)),
        headers=headers,
        address=address,
    )


def _send(connection: socket.socket, method: str, response: Response, *, keep: bool) -> None:
    body = response.body
    length = len(body) if response.length is None and isinstance(body, bytes) else response.length
    lines = [f"HTTP/1.1 {response.status} {_REASONS.get(response.status, '')}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    lines.append("Transfer-Encoding: chunked" if response.chunked else f"Content-Length: {length}")
    if not keep:
        lines.append("Connection: close")
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    if method == "HEAD":
        connection.sendall(head)
    elif isinstance(body, bytes):
        parts = [head, b"%x\r\n" % len(body), body, b"\r\n0\r\n\r\n"] if response.chunked else [head, body]
        _send_all(connection, parts)
    else:
        connection.sendall(head)
        for piece in body:
            connection.sendall(piece)


def _send_all(connection: socket.socket, parts: list[bytes]) -> None:
    """Send several pieces without joining them: a page is 4 MB."""
    sent = connection.sendmsg(parts)
    for part in parts:
        if sent < len(part):
            connection.sendall(memoryview(part)[sent:])
        sent = max(0, sent - len(part))
