"""Somebody between a program and a service, who can end the program at the moment of its choice."""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit


@dataclass
class Between:
    """What is done around a request that changes something; nothing by default."""

    url: str
    before: Callable[[], None] | None = None
    """Called before it is handed on: it is lost then."""
    after: Callable[[], None] | None = None
    """Called once it was answered: the answer is lost then."""


@contextmanager
def between(service: str) -> Iterator[Between]:
    """Hand requests on to a service of loopback until the end of the block."""
    host = urlsplit(service).netloc

    class Handler(BaseHTTPRequestHandler):
        def _hand_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            changes = self.command not in ("GET", "HEAD")
            if changes and made.before is not None:
                made.before()
                return
            with contextlib.closing(http.client.HTTPConnection(host, timeout=30)) as onward:
                onward.request(self.command, self.path, body, dict(self.headers.items()))
                answer = onward.getresponse()
                content = answer.read()
            if changes and made.after is not None:
                made.after()
                return
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                    self.send_header(name, value)
            self.send_header("Content-Length", answer.getheader("Content-Length", str(len(content))))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_HEAD = do_PUT = do_POST = _hand_on  # noqa: N815 -- the base class looks for these names

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made = Between(f"http://127.0.0.1:{server.server_address[1]}")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()
