"""A storage account that answers as the real service does where Azurite answers otherwise.

Speaks the reading half of the blob, data lake and file services. Bodies follow captured ones (see
`tidegate.providers.azure.codes`). One endpoint for all services: `http://127.0.0.1:PORT/{service}/{account}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.sax.saxutils import escape

from services import azure_fake_pages as pages
from services.azure_fake_auth import RefusedRequestError, Wanted, admit
from services.azure_fake_state import Account
from services.azurite import made_up_key

OBJECT_ID = "11111111-2222-3333-4444-555555555555"
TYPES = {"blob": "Windows-Azure-Blob/1.0", "dfs": "Windows-Azure-HDFS/1.0", "file": "Windows-Azure-File/1.0"}


@dataclass
class AzureFake:
    """A running fake; `accounts` may be changed while it runs."""

    accounts: dict[str, Account]
    url: str = ""
    requests: list[str] = field(default_factory=list)
    """Method and path of each request."""

    def endpoints(self) -> str:
        """Return the address for a scope file."""
        return self.url + "/{service}/{account}"


@contextmanager
def running(*accounts: Account) -> Iterator[AzureFake]:
    """Serve the accounts on a free loopback port until the end of the block."""
    fake = AzureFake({account.name: account for account in accounts})

    class Handler(_Handler):
        state = fake

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = False
        fake.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield fake
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: AzureFake
    timeout = 5

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.state.requests.append(f"{self.command} {parts.path}")
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        _, service, name, *rest = unquote(parts.path).split("/", 4)
        self._service = service
        try:
            self._serve(self.state.accounts[name], service, [each for each in rest if each], query)
        except RefusedRequestError as refused:
            self._refuse(refused)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        """Lend a user delegation key to the owner, who is signed in; the same for the same time."""
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        parts = urlsplit(self.path)
        self.state.requests.append(f"{self.command} {parts.path}")
        _, self._service, name, *_ = unquote(parts.path).split("/")
        account = self.state.accounts[name]
        asked = dict(parse_qsl(parts.query))
        if asked.get("comp") != "userdelegationkey" or not account.owner(
            self.headers.get("Authorization", "")
        ):
            self._refuse(RefusedRequestError(403, "AuthorizationPermissionMismatch", "Not permitted."))
            return
        if not account.delegation_keys:  # revoked: a new one is made
            account.delegation_keys[OBJECT_ID] = made_up_key(f"delegation {len(self.state.requests)}")
        told = {
            "SignedOid": OBJECT_ID,
            "SignedTid": "66666666-7777-8888-9999-000000000000",
            "SignedStart": "2026-01-01T00:00:00Z",
            "SignedExpiry": "2099-01-01T00:00:00Z",
            "SignedService": "b",
            "SignedVersion": "2021-12-02",
            "Value": account.delegation_keys[OBJECT_ID],
        }
        inside = "".join(f"<{tag}>{value}</{tag}>" for tag, value in told.items())
        self._answer(200, f"<UserDelegationKey>{inside}</UserDelegationKey>".encode())

    def _serve(self, account: Account, service: str, rest: list[str], query: dict[str, str]) -> None:
        container, path = (*rest, "", "")[:2]
        wanted = self._wanted(service, container, path, query)
        if not account.owner(self.headers.get("Authorization", "")):
            admit(account, wanted, query, self.client_address[0])
        if not container:
            self._containers(account, service, query)
        elif service == "file":
            self._file(account, container, path, query)
        elif container not in account.containers:
            raise RefusedRequestError(404, "ContainerNotFound", "The specified container does not exist.")
        elif service == "dfs":
            body, following = pages.paths(account.containers[container].blobs, query)
            self._answer(200, body.encode(), {"x-ms-continuation": following} if following else {})
        elif not path:
            self._blobs(account, container, query)
        else:
            self._blob(account, container, path, query)

    @staticmethod
    def _wanted(service: str, container: str, path: str, query: dict[str, str]) -> Wanted:
        kind = "file" if service == "file" else "blob"
        if not container:
            return Wanted(kind, "s", "l")
        if query.get("comp") == "list" or query.get("resource") == "filesystem":
            return Wanted(kind, "c", "l", container, query.get("directory", path if kind == "file" else ""))
        return Wanted(kind, "o", "r", container, path)

    def _containers(self, account: Account, service: str, query: dict[str, str]) -> None:
        names = {name: each.public for name, each in account.containers.items()}
        record = "Container"
        if service == "file":
            names, record = dict.fromkeys(account.shares, ""), "Share"
        most = int(query.get("maxresults", "5000"))
        self._answer(200, pages.containers(account, most, query.get("marker", ""), record, names).encode())

    def _blobs(self, account: Account, container: str, query: dict[str, str]) -> None:
        if "versions" in query.get("include", "") and not account.versioned:
            raise RefusedRequestError(
                409,
                "FeatureNotSupportedForAccount",
                "This feature is not currently supported for this account.",
            )
        if "versions" in query.get("include", "") and "delimiter" in query:
            message = "Listing versions and using a delimiter are mutually exclusive."
            raise RefusedRequestError(400, "InvalidQueryParameterValue", message)
        listing = pages.blobs(account.containers[container].blobs, query, hierarchical=account.hierarchical)
        self._answer(200, listing.encode())

    def _blob(self, account: Account, container: str, path: str, query: dict[str, str]) -> None:
        found = [
            blob
            for blob in account.containers[container].blobs
            if blob.name == path
            and not blob.deleted
            and blob.snapshot == query.get("snapshot", "")
            and ("versionid" not in query or blob.version == query["versionid"])
            and (blob.current or "versionid" in query)
        ]
        if not found:
            raise RefusedRequestError(404, "BlobNotFound", "The specified blob does not exist.")
        if found[0].tier == "Archive" and self.command == "GET":
            raise RefusedRequestError(
                409, "BlobArchived", "This operation is not permitted on an archived blob."
            )
        self._bytes(found[0].content)

    def _file(self, account: Account, share: str, path: str, query: dict[str, str]) -> None:
        if share not in account.shares:
            raise RefusedRequestError(404, "ShareNotFound", "The specified share does not exist.")
        files = account.shares[share]
        if query.get("comp") == "list":
            listing = pages.directory(files, files, path, query)
            if listing is None:
                raise RefusedRequestError(404, "ResourceNotFound", "The specified resource does not exist.")
            self._answer(200, listing.encode())
        elif path in files:
            self._bytes(files[path])
        else:
            raise RefusedRequestError(404, "ResourceNotFound", "The specified resource does not exist.")

    def _bytes(self, content: bytes) -> None:
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        headers = {"Last-Modified": pages.DATE, "ETag": '"0x8DB"', "x-ms-creation-time": pages.DATE}
        if asked is None:
            self._answer(200, content, headers)
            return
        start, stop = int(asked[1]), int(asked[2]) + 1
        if start >= len(content):
            raise RefusedRequestError(
                416, "InvalidRange", "The range specified is invalid for the current size."
            )
        part = content[start:stop]
        headers["Content-Range"] = f"bytes {start}-{start + len(part) - 1}/{len(content)}"
        self._answer(206, part, headers)

    def _refuse(self, refused: RefusedRequestError) -> None:
        detail = (
            f"<AuthenticationErrorDetail>{escape(refused.detail)}</AuthenticationErrorDetail>"
            if refused.detail
            else ""
        )
        body = (
            f"{pages.START}<Error><Code>{refused.code}</Code><Message>{escape(refused.message)}\n"
            f"RequestId:11111111-0000-0000-0000-000000000000\nTime:2026-11-26T00:00:00.0000000Z</Message>{detail}</Error>"
        )
        if self._service == "dfs":
            body = f'{{"error":{{"code":"{refused.code}","message":"{refused.message}"}}}}'
        self._answer(refused.status, body.encode(), {"x-ms-error-code": refused.code})

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("x-ms-request-id", "11111111-0000-0000-0000-000000000000")
        self.send_header("x-ms-version", "2021-12-02")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def version_string(self) -> str:
        return f"{TYPES[self._service]} Microsoft-HTTPAPI/2.0"

    def log_message(self, *_given: object) -> None:
        """Say nothing: the tests read `requests`."""
