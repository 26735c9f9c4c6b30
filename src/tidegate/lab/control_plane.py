"""Azure's control plane as far as closing asks it, on loopback: for the replay, and for the tests.

Answers the part of the storage resource provider that lists accounts and keys, replaces a key, changes two
switches and revokes delegation keys, and gives out tokens as App Service does to what runs in it. What it
changes it changes on the emulator that holds the account, so that a link that dies is dead there. Every
request but that for a token must bring a token that was given out.
Source of the forms: learn.microsoft.com/rest/api/storagerp/storage-accounts,
learn.microsoft.com/azure/app-service/overview-managed-identity ("REST endpoint reference").
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

SUBSCRIPTION = "00000000-0000-4000-8000-000000000001"
GROUP = "made-up (lab)"
"""With signs that an address spells otherwise."""

_PROVIDER = "providers/Microsoft.Storage/storageAccounts"
_ACCOUNT = re.compile(
    rf"/subscriptions/{SUBSCRIPTION}/resourceGroups/{re.escape(GROUP)}/{_PROVIDER}/([a-z0-9]+)(?:/(\w+))?",
    re.IGNORECASE,
)
_MOST_BYTES = 64 << 10


@dataclass
class Switches:
    """One account as its owner sees it."""

    keys: Callable[[], tuple[str, str]]
    change: Callable[[str, str], None]
    """Makes these the account's keys, and returns when the old ones are dead."""
    shared_key: bool = True
    public_access: bool = True
    held: tuple[str, str] | None = None
    """The true keys while shared key access is off, and the emulator has others that nobody knows."""
    made_at: dict[str, str] = field(default_factory=dict)
    revoked: int = 0
    """How often the delegation keys were revoked."""

    def current(self) -> tuple[str, str]:
        """Return the account's keys, whether they are accepted now or not."""
        return self.held or self.keys()

    def regenerate(self, name: str) -> None:
        """Replace one key."""
        first, second = self.current()
        fresh = _fresh()
        pair = (fresh, second) if name == "key1" else (first, fresh)
        self.made_at[name] = _now()
        if self.held is not None:
            self.held = pair
        else:
            self.change(*pair)

    def allow_keys(self, allowed: bool) -> None:
        """Turn shared key access on or off."""
        if allowed and self.held is not None:
            self.change(*self.held)
            self.held = None
        elif not allowed and self.held is None:
            self.held = self.keys()
            self.change(_fresh(), _fresh())
        self.shared_key = allowed


@dataclass
class Fault:
    """What goes wrong with one request, once."""

    action: str
    """What its path ends in, or its method: `regenerateKey`, `PATCH`."""
    status: int = 0
    """Answered instead; 0: the connection is cut without an answer."""
    code: str = ""
    done: bool = False
    """It was carried out all the same."""
    body: bytes | None = None
    """Answered as it is, whatever it is."""


class ControlPlane:
    """A running control plane; a context manager."""

    def __init__(self, accounts: Mapping[str, Switches]) -> None:
        self.accounts = dict(accounts)
        self.faults: list[Fault] = []
        self.forbidden: set[str] = set()
        """Actions that whoever asks has no right to."""
        self.requests: list[str] = []
        """Method and path of each request but those for tokens."""
        self.before: Callable[[str], None] = lambda _action: None
        """Called when a request that changes something has come; tests end processes there."""
        self.after: Callable[[str], None] = lambda _action: None
        self._secret = secrets.token_hex(16)
        self._tokens: set[str] = set()
        self._lock = threading.Lock()

        class Handler(_Handler):
            plane = self

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def environment(self) -> dict[str, str]:
        """Return the variables that lead Azure's default chain of credentials here, and nowhere else."""
        return {
            "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
            "IDENTITY_ENDPOINT": f"{self.url}/token",
            "IDENTITY_HEADER": self._secret,
        }

    def gave(self, token: str) -> bool:
        """Tell whether a token was given out here."""
        return token in self._tokens

    def answer(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Any] | None:
        """Answer one request; `None`: cut the connection."""
        parts = urlsplit(target)
        if parts.path == "/token":
            return self._token(parse_qs(parts.query), headers.get("x-identity-header", ""))
        if headers.get("authorization", "").removeprefix("Bearer ") not in self._tokens:
            return _error(401, "AuthenticationFailed")
        with self._lock:
            self.requests.append(f"{method} {parts.path}")
            action = parts.path.rpartition("/")[2] if method == "POST" else method
            if action in self.forbidden:
                return _error(403, "AuthorizationFailed")
            if action not in ("GET", "listKeys"):
                self.before(action)
            fault = next((each for each in self.faults if each.action == action), None)
            if fault is None:
                return self._done(method, parts.path, body, action)
            self.faults.remove(fault)
            if fault.done:
                self._done(method, parts.path, body, action)
            if fault.body is not None:
                return fault.status, fault.body
            return _error(fault.status, fault.code) if fault.status else None

    def _done(self, method: str, path: str, body: bytes, action: str) -> tuple[int, Any]:
        if method == "GET":
            return self._read(path)
        found = _ACCOUNT.fullmatch(unquote(path))
        account = self.accounts.get(found[1].lower()) if found else None
        if found is None or account is None:
            return _error(404, "ResourceNotFound")
        answer = self._changed(found[1].lower(), account, method, action, body)
        if action != "listKeys":
            self.after(action)
        return answer

    def _changed(
        self, name: str, account: Switches, method: str, action: str, body: bytes
    ) -> tuple[int, Any]:
        if action == "listKeys":
            return 200, _keys(account)
        if action == "regenerateKey":
            key = json.loads(body)["keyName"]
            if key not in ("key1", "key2"):
                return _error(400, "InvalidValue")
            account.regenerate(key)
            return 200, _keys(account)
        if action == "revokeUserDelegationKeys":
            account.revoked += 1
            return 200, {}
        if method == "PATCH":
            for switch, value in json.loads(body)["properties"].items():
                if switch == "allowSharedKeyAccess":
                    account.allow_keys(value is True)
                elif switch == "allowBlobPublicAccess":
                    account.public_access = value is True
            return 200, _shown(name, account)
        return _error(400, "InvalidOperation")

    def _read(self, path: str) -> tuple[int, Any]:
        if path == "/subscriptions":
            return 200, {"value": [{"subscriptionId": SUBSCRIPTION, "state": "Enabled"}]}
        if path == f"/subscriptions/{SUBSCRIPTION}/{_PROVIDER}":
            return 200, {"value": [_shown(name, each) for name, each in self.accounts.items()]}
        found = _ACCOUNT.fullmatch(unquote(path))
        account = self.accounts.get(found[1].lower()) if found and not found[2] else None
        if found is None or account is None:
            return _error(404, "ResourceNotFound")
        return 200, _shown(found[1].lower(), account)

    def _token(self, query: Mapping[str, list[str]], secret: str) -> tuple[int, Any]:
        if not secrets.compare_digest(secret, self._secret):
            return _error(401, "AuthenticationFailed")
        now = int(time.time())
        # Azurite reads the claims and asks for no signature.
        claims = {
            "aud": query.get("resource", [""])[0],
            "iss": "https://sts.windows.net/00000000-0000-4000-8000-000000000002/",
            "oid": "00000000-0000-4000-8000-000000000003",
            "tid": "00000000-0000-4000-8000-000000000002",
            "nbf": now - 60,
            "iat": now - 60,
            "exp": now + 3600,
        }
        parts = [_part({"alg": "none", "typ": "JWT"}), _part(claims), secrets.token_hex(8)]
        token = ".".join(parts)
        self._tokens.add(token)
        return 200, {
            "access_token": token,
            "expires_on": str(now + 3600),
            "resource": claims["aud"],
            "token_type": "Bearer",
        }


class _Handler(BaseHTTPRequestHandler):
    plane: ControlPlane
    protocol_version = "HTTP/1.1"

    def _any(self) -> None:
        length = min(int(self.headers.get("content-length") or 0), _MOST_BYTES)
        body = self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.plane.answer(self.command, self.path, headers, body)
        if answer is None:
            self.close_connection = True
            self.connection.close()
            return
        status, value = answer
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = _any  # noqa: N815 - names of the library

    def log_message(self, *_: Any) -> None:
        return


def _shown(name: str, account: Switches) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/{_PROVIDER}/{name}",
        "name": name,
        "type": "Microsoft.Storage/storageAccounts",
        "location": "nowhere",
        "kind": "StorageV2",
        "properties": {
            "allowSharedKeyAccess": account.shared_key,
            "allowBlobPublicAccess": account.public_access,
            "keyCreationTime": {key: account.made_at.setdefault(key, _now()) for key in ("key1", "key2")},
        },
    }


def _keys(account: Switches) -> dict[str, Any]:
    pairs = zip(("key1", "key2"), account.current(), strict=True)
    return {"keys": [{"keyName": name, "value": value, "permissions": "FULL"} for name, value in pairs]}


def _error(status: int, code: str) -> tuple[int, Any]:
    return status, {"error": {"code": code, "message": f"made up: {code}"}}


def _fresh() -> str:
    return base64.b64encode(secrets.token_bytes(64)).decode()


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")


def _part(value: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
