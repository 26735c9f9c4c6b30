"""Somebody who is signed in with Entra: tokens as the emulator takes them, and an endpoint that gives them out."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

OBJECT_ID = "11111111-2222-3333-4444-555555555555"
TENANT_ID = "66666666-7777-8888-9999-000000000000"
HEADER = "made-up-header"


def unsigned_token(resource: str = "https://storage.azure.com") -> str:
    """Return claims and no signature: nobody but an emulator accepts it."""
    now = int(time.time())
    claims = {
        "aud": resource,
        "iss": f"https://sts.windows.net/{TENANT_ID}/",
        "oid": OBJECT_ID,
        "tid": TENANT_ID,
        "nbf": now - 60,
        "iat": now - 60,
        "exp": now + 3600,
    }
    return ".".join([_part({"alg": "none", "typ": "JWT"}), _part(claims), "unsigned"])


def _part(value: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@dataclass
class Identity:
    """An endpoint of a managed identity, as App Service has it."""

    url: str
    works: bool = True
    asked: int = 0

    @property
    def environment(self) -> dict[str, str]:
        """What Azure's library finds it by."""
        return {"IDENTITY_ENDPOINT": f"{self.url}/msi/token", "IDENTITY_HEADER": HEADER}


@contextmanager
def identity() -> Iterator[Identity]:
    """Serve one on a free loopback port until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            who.asked += 1
            fits = who.works and self.headers.get("X-IDENTITY-HEADER") == HEADER
            resource = parse_qs(urlsplit(self.path).query).get("resource", [""])[0]
            told = {
                "access_token": unsigned_token(resource),
                "expires_on": str(int(time.time()) + 3600),
                "resource": resource,
                "token_type": "Bearer",
            }
            body = json.dumps(told if fits else {"error": "no"}).encode()
            self.send_response(200 if fits else 400)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        who = Identity(f"http://127.0.0.1:{server.server_address[1]}")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield who
        finally:
            server.shutdown()
            thread.join()
