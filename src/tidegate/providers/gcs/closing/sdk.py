"""Google's own libraries, sent through our own ways out.

`google-auth` finds the owner's credentials by its default chain, `google-cloud-storage` knows what the
requests of Cloud Storage are; those of IAM, whose library needs gRPC, are four addresses, and made here.
Every request is handed to `Net` or `Writer`, so that guard, audit log and announcement hold for it. What the
default chain asks for a token (Google's sign-in, the machine's metadata service) is that library's own
business, and not in the audit log; a service account's key file signs its tokens itself, without asking.
Sources: googleapis.dev/python/google-auth ("google.auth.default"), google.aip.dev/auth/4111,
cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts.keys.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from tidegate.errors import (
    NoAnswerError,
    NotDoneError,
    OutOfScopeError,
    RefusedError,
    TidegateError,
    UsageError,
)
from tidegate.model.closing import Call
from tidegate.model.secret import Secret
from tidegate.net.message import Base, Request, Response, Sends, Write, Writes
from tidegate.providers.gcs.faults import fault
from tidegate.providers.gcs.owner import STORAGE_HOST

MANAGEMENT: Final = "gcs_management"
IAM_HOST: Final = "iam.googleapis.com"
_SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
_WITHIN_S: Final = 30.0
_SIGN_IN: Final = "Sign in: gcloud auth application-default login, or GOOGLE_APPLICATION_CREDENTIALS."


class _PlannedError(Exception):
    """Thrown in the place of sending: this is the request."""

    def __init__(self, call: Call) -> None:
        super().__init__(call.method)
        self.call = call


class Sdk:
    """The owner's credentials, and requests made with them."""

    def __init__(self, net: Sends, writer: Writes) -> None:
        """Find the owner. Raises `UsageError` without the library, or without credentials."""
        self._net, self._writer = net, writer
        try:
            import google.auth  # noqa: PLC0415 - 0.3 s, and an extra
            from google.auth import exceptions  # noqa: PLC0415
        except ImportError:
            raise UsageError(
                "Google's own libraries are not installed; keys and buckets are only changed through them",
                hint="pip install 'tidegate[gcs]'",
            ) from None
        try:
            credentials, project = google.auth.default(scopes=[_SCOPE])
        except exceptions.GoogleAuthError as why:
            raise UsageError(
                f"no credentials of the owner were found ({type(why).__name__})", hint=_SIGN_IN
            ) from None
        if hasattr(credentials, "with_always_use_jwt_access"):
            credentials = credentials.with_always_use_jwt_access(True)
        self._credentials: Any = credentials
        self.project = project or ""
        self.email: str = getattr(credentials, "service_account_email", "") or ""
        self.key_id: str = getattr(getattr(credentials, "signer", None), "key_id", "") or ""
        """Of the key file that the owner signs in with; empty for people, and for machines."""

    def token(self) -> Secret:
        """Return a token of the owner's. Raises `UsageError` when there is none to be had."""
        from google.auth import exceptions  # noqa: PLC0415
        from google.auth.transport.requests import Request as Transport  # noqa: PLC0415

        try:
            if not self._credentials.valid:
                self._credentials.refresh(Transport())
        except exceptions.GoogleAuthError as why:
            raise UsageError(f"the owner could not sign in ({type(why).__name__})", hint=_SIGN_IN) from None
        return Secret(str(self._credentials.token))

    def storage(self, provider: str, name: str) -> Storage:
        """Return Google's client. name: what must be in scope. Raises `OutOfScopeError`."""
        return Storage(self, provider, name)

    def base(self, provider: str, name: str, host: str) -> Base:
        """Return where to send requests meant for `host`. Raises `OutOfScopeError`."""
        return self._net.base(provider, name, "management" if provider == MANAGEMENT else provider, host)

    def get(self, provider: str, name: str, host: str, path: str, asked: str) -> dict[str, Any]:
        """Ask for one JSON object. Raises `RefusedError`, `NoAnswerError`, `OutOfScopeError`."""
        base = self.base(provider, name, host)
        response = self.read(provider, name, f"{base.url}{path}", base.host, {}, asked)
        if response.status != 200:
            raise refused(response, asked)
        return as_json(response, asked)

    def read(
        self, provider: str, name: str, url: str, host: str | None, headers: Mapping[str, str], asked: str
    ) -> Response:
        """Send one GET with the owner's token."""
        return self._net.send(
            Request(
                provider=provider,
                name=name,
                url=url,
                headers=headers,
                secret_headers={"authorization": Secret(f"Bearer {self.token().reveal()}")},
                host=host,
                asked=asked,
            )
        )

    def send(self, call: Call, provider: str, name: str, host: str, asked: str) -> None:
        """Send a planned request, once.

        Raises `NotDoneError` when the service, or the guard before it, refused; anything else leaves it open.
        """
        try:
            base = self.base(provider, name, host)
            self._writer.announce(call.method, call.url)
            response = self._writer.send(
                Write(
                    method=call.method,
                    provider=provider,
                    name=name,
                    url=call.url,
                    headers=dict(call.headers),
                    secret_headers={"authorization": Secret(f"Bearer {self.token().reveal()}")},
                    body=call.body.encode(),
                    host=base.host,
                    asked=asked,
                )
            )
        except (OutOfScopeError, UsageError) as why:  # nothing left this machine
            raise NotDoneError(str(why), hint=why.hint) from None
        if 200 <= response.status < 300:
            return
        said = refused(response, asked)
        if response.status < 500 and response.status != 429:
            raise NotDoneError(str(said), hint=said.hint)
        raise RefusedError(
            str(said),
            status=said.status,
            code=said.code,
            hint="It may have been done: look before trying again.",
        )


class Storage:
    """Google's client of Cloud Storage, which hands its requests to us."""

    def __init__(self, sdk: Sdk, provider: str, name: str) -> None:
        from google.cloud.storage import Client  # noqa: PLC0415

        self._sdk, self._provider, self._name = sdk, provider, name
        self._base = sdk.base(provider, name, STORAGE_HOST)
        self._asked = ""
        self._planning = False
        options = {"api_endpoint": self._base.url}
        self._client: Any = Client(
            project=sdk.project or "none", credentials=sdk._credentials, _http=self, client_options=options
        )

    @property
    def client(self) -> Any:
        """Google's client; what is done with it goes through `plan` or `ask`."""
        return self._client

    def plan(self, deed: Callable[[], Any]) -> Call:
        """Return the request that something would be. Nothing is sent."""
        self._planning = True
        try:
            deed()
        except _PlannedError as planned:
            return planned.call
        finally:
            self._planning = False
        raise NoAnswerError("the library made no request")

    def ask(self, asked: str, deed: Callable[[], Any]) -> Any:
        """Let the library ask. Raises `RefusedError`, `NoAnswerError`, `OutOfScopeError`."""
        from google.api_core.exceptions import GoogleAPICallError  # noqa: PLC0415

        self._asked = asked
        self._last: Response | None = None
        try:
            return deed()
        except TidegateError:
            raise
        except GoogleAPICallError as why:
            if self._last is not None:
                raise refused(self._last, asked) from None
            raise NoAnswerError(f"could not {asked}: {type(why).__name__}") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise NoAnswerError(f"could not {asked}: the answer is none that is known") from None

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        data: Any = None,
        **_: Any,
    ) -> _Answer:
        """Take the place of the library's own way out; named as it calls it."""
        kept = {
            name.lower(): value
            for name, value in (headers or {}).items()
            if name.lower() in ("content-type", "if-match")
        }
        if method == "GET" and not self._planning:
            self._last = self._sdk.read(self._provider, self._name, url, self._base.host, {}, self._asked)
            if self._last.status == 200:
                as_json(self._last, self._asked)  # the library trusts that it is an object
            return _Answer(self._last, method, url)
        body = data.decode() if isinstance(data, bytes) else str(data or "")
        raise _PlannedError(Call(method=method, url=url, body=body, headers=tuple(sorted(kept.items()))))

    def send(self, call: Call, asked: str) -> None:
        """Send a planned request; see `Sdk.send`."""
        self._sdk.send(call, self._provider, self._name, STORAGE_HOST, asked)


class _Answer:
    """What the library reads an answer from; it has the words of `requests`."""

    def __init__(self, response: Response, method: str, url: str) -> None:
        self.status_code = response.status
        self.headers = dict(response.headers)
        self.content = response.body
        self.request = self
        self.method, self.url = method, url

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        try:
            return json.loads(self.content)
        except RecursionError:
            raise ValueError("nested too deep") from None


def as_json(response: Response, asked: str) -> dict[str, Any]:
    """Return the object in an answer. Raises `NoAnswerError`."""
    try:
        found = json.loads(response.body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise NoAnswerError(f"could not {asked}: the answer is no JSON object")
    return found


def refused(response: Response, asked: str) -> RefusedError:
    """Make the error that says what was refused."""
    said = fault(response)
    code = said.code if re.fullmatch(r"[A-Za-z0-9_.-]{1,80}", said.code) else "no code"
    hint = ""
    if response.status == 401:
        hint = "The owner's own credentials are refused: look at this machine's clock, and sign in anew."
    elif response.status == 412:
        hint = "Somebody else changed it at the same time: make a new plan."
    return RefusedError(
        f"could not {asked}: {response.status} {code}", status=response.status, code=code, hint=hint
    )


def age(stamp: object, now: datetime) -> str:
    """Say how old something is, by the service's own time; empty when it tells none."""
    try:
        made = datetime.fromisoformat(str(stamp))
    except ValueError:
        return ""
    made = made.replace(tzinfo=UTC) if made.tzinfo is None else made
    return f"made {made:%Y-%m-%d}, {max(0, (now - made).days):,} days ago"
