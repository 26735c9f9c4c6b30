"""The control plane of a storage account, asked through Azure's own library, sent through our own ways out.

The library (azure-mgmt-storage) says what the requests are; every one of them passes the guard and the audit
log, and no write goes out that is not the one that was expected. Who asks is decided by Azure's default chain
of credentials (azure-identity), whose own sign-in requests that library sends: they are not in the audit log.
Sources: learn.microsoft.com/rest/api/storagerp/storage-accounts (list, list keys, regenerate key, update,
revoke user delegation keys), …/rest/api/resources/subscriptions/list.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any
from urllib.parse import quote, urlsplit

from tidegate.errors import (
    NoAnswerError,
    NotDoneError,
    OutOfScopeError,
    TidegateError,
    UsageError,
)
from tidegate.model.closing import Call
from tidegate.model.secret import Secret
from tidegate.net.message import Base, Request, Response, Sends, Write, Writes
from tidegate.providers.azure.closing import library

VERSION = "2026-09-01"
"""Of the requests: what azure-mgmt-storage 25.3 speaks."""

PROVIDER = "azure_management"

HOSTS: Mapping[str, str] = {
    "core.windows.net": "management.azure.com",
    "core.chinacloudapi.cn": "management.chinacloudapi.cn",
    "core.usgovcloudapi.net": "management.usgovcloudapi.net",
}
"""Suffix of an account's services -> the control plane of the same cloud."""

MOST_PAGES = 1_000
"""Of a list; a control plane that goes on beyond repeats itself."""

MOST_SUBSCRIPTIONS = 200
"""Looked through for the account; beyond that AZURE_SUBSCRIPTION_ID must say which it is."""

_MOST_BYTES = 8 << 20
_ACCOUNT = re.compile(
    r"/subscriptions/(?P<subscription>[0-9a-f-]{1,64})/resourceGroups/(?P<group>[^/?#]{1,90})"
    r"/providers/Microsoft\.Storage/storageAccounts/(?P<account>[a-z0-9]{3,24})(?=/|$)",
    re.IGNORECASE,
)


def owner(url: str, host: str | None) -> str | None:
    """Return the account that an address of the control plane is about, `""` for a list."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if (host or parts.hostname or "").lower() not in HOSTS.values():
        return None
    found = _ACCOUNT.match(parts.path)
    return found["account"].lower() if found else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where an account stands, and its switches as far as closing needs them."""

    subscription: str
    group: str
    account: str
    shared_key: bool
    """`allowSharedKeyAccess`; what is not set is allowed."""
    public_access: bool
    """`allowBlobPublicAccess`; what is not set is allowed."""

    @property
    def path(self) -> str:
        """The account's path below the control plane's address."""
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{quote(self.group, safe='')}"
            f"/providers/Microsoft.Storage/storageAccounts/{self.account}"
        )


class Management:
    """One account's control plane."""

    def __init__(
        self, account: str, suffix: str, net: Sends, writer: Writes, environment: Mapping[str, str]
    ) -> None:
        self._account = account
        self._host = HOSTS.get(suffix, HOSTS["core.windows.net"])
        self._net = net
        self._writer = writer
        self._environment = environment
        self._credential: Any = None
        self._clients: dict[str, Any] = {}
        self._words = ""
        self._expected: Call | None = None
        self._base: Base | None = None

    @property
    def base(self) -> Base:
        """Where it is asked. Raises `OutOfScopeError`, also for one without encryption beyond loopback."""
        if self._base is None:
            base = self._net.base(PROVIDER, self._account, "management", self._host)
            parts = urlsplit(base.url)
            if parts.scheme != "https" and not _loopback(parts.hostname or ""):
                raise OutOfScopeError(
                    "the endpoint for azure_management has no https: no token is sent there"
                )
            self._base = base
        return self._base

    def call(
        self, placed: Placed, method: str, action: str = "", body: Mapping[str, Any] | None = None
    ) -> Call:
        """Return one request on the account as the audit log will show it; `action` as in `regenerateKey`."""
        tail = f"/{action}" if action else ""
        url = f"{self.base.url}{placed.path}{tail}?api-version={VERSION}"
        return Call(method=method, url=url, body="" if body is None else json.dumps(body, sort_keys=True))

    def find(self) -> Placed:
        """Return where the account stands. Raises `UsageError` where nobody here may read of it."""
        named = self._environment.get("AZURE_SUBSCRIPTION_ID", "").strip()
        for subscription in [named] if named else self._subscriptions():
            with self._asking(f"find the account among those of subscription {subscription[:8]}…"):
                pages = self._client(subscription).storage_accounts.list().by_page()
                for each in chain.from_iterable(islice(pages, MOST_PAGES)):
                    if str(each.name).lower() == self._account:
                        return _placed(each)
        where = f"subscription {named} does not have" if named else "no subscription that you may read has"
        raise UsageError(
            f"{where} the account {self._account}",
            hint="Sign in as somebody who may read it (az login), or set AZURE_SUBSCRIPTION_ID.",
        )

    def look(self, placed: Placed) -> Placed:
        """Return the account's switches as they are now."""
        with self._asking("read the account's switches"):
            client = self._client(placed.subscription)
            return _placed(client.storage_accounts.get_properties(placed.group, placed.account))

    def keys(self, placed: Placed) -> dict[str, Secret]:
        """Return the account's keys by name. A POST that only reads."""
        with self._asking("read the account's keys", self.call(placed, "POST", "listKeys")):
            client = self._client(placed.subscription)
            # `expand` would bring the Kerberos keys, which nobody needs here.
            got = client.storage_accounts.list_keys(placed.group, placed.account, expand=None)
            return {str(each.key_name): Secret(str(each.value)) for each in got.keys_property or ()}

    def regenerate(self, placed: Placed, name: str, call: Call) -> None:
        """Replace one key. Not repeatable: each time gives another key."""
        body = {"keyName": name}
        with self._asking(f"replace {name}", call):
            client = self._client(placed.subscription)
            client.storage_accounts.regenerate_key(placed.group, placed.account, body)

    def switch(self, placed: Placed, name: str, value: bool, call: Call) -> None:
        """Set one property of the account, such as `allowSharedKeyAccess`."""
        with self._asking(f"set {name} to {str(value).lower()}", call):
            client = self._client(placed.subscription)
            client.storage_accounts.update(placed.group, placed.account, {"properties": {name: value}})

    def revoke_delegation(self, placed: Placed, call: Call) -> None:
        """Revoke every user delegation key of the account."""
        with self._asking("revoke the user delegation keys", call):
            client = self._client(placed.subscription)
            client.storage_accounts.revoke_user_delegation_keys(placed.group, placed.account)

    def token(self, resource: str) -> Secret:
        """Return a token of whoever is signed in, for `resource`. Raises `UsageError` when nobody is."""
        from azure.core.exceptions import AzureError  # noqa: PLC0415 - 0.3 s, and only for closing

        try:
            return Secret(str(self._identity().get_token(f"{resource}/.default").token))
        except AzureError:
            # Not its own words: they repeat a page of what was tried, with names of this machine.
            raise library.nobody() from None

    def _identity(self) -> Any:
        if self._credential is None:
            try:
                from azure.identity import DefaultAzureCredential  # noqa: PLC0415
            except ImportError:
                raise library.missing() from None
            logging.getLogger("azure").addHandler(logging.NullHandler())
            self._credential = DefaultAzureCredential()
        return self._credential

    def _client(self, subscription: str) -> Any:
        if subscription not in self._clients:
            try:
                from azure.mgmt.storage import StorageManagementClient  # noqa: PLC0415
            except ImportError:
                raise library.missing() from None
            self._clients[subscription] = StorageManagementClient(
                self._identity(),
                subscription,
                base_url=f"https://{self._host}",
                api_version=VERSION,
                credential_scopes=[f"https://{self._host}/.default"],
                transport=library.transport(self._sent),
                retry_total=0,  # what may have been done is not sent again; `net` repeats reads
                permit_redirects=False,
            )
        return self._clients[subscription]

    def _subscriptions(self) -> Iterator[str]:
        token = self.token(f"https://{self._host}")
        url: str | None = f"{self.base.url}/subscriptions?api-version=2022-12-01"
        count = pages = 0
        while url is not None and pages < MOST_PAGES:
            pages += 1
            response = self._read(
                url, {}, {"Authorization": Secret(f"Bearer {token.reveal()}")}, "list subscriptions"
            )
            if response.status != 200:
                raise library.refused("list subscriptions", response.status, library.code(response.body))
            page = library.as_object(response.body)
            listed = page.get("value")
            for each in listed if isinstance(listed, list) else ():
                found = str(each.get("subscriptionId", "")) if isinstance(each, dict) else ""
                if re.fullmatch(r"[0-9a-fA-F-]{1,64}", found):
                    count += 1
                    yield found
            following = page.get("nextLink")
            url = self._ours(following) if isinstance(following, str) and count < MOST_SUBSCRIPTIONS else None

    def _ours(self, url: str) -> str:
        """Return an address of the library, or of a next page, as it is asked. Raises `OutOfScopeError`."""
        for begin in (f"https://{self._host}", self.base.url):
            if url.startswith(f"{begin}/"):
                return self.base.url + url[len(begin) :]
        raise OutOfScopeError("the control plane named a next page on another host")

    def _read(
        self, url: str, headers: Mapping[str, str], secret: Mapping[str, Secret], words: str
    ) -> Response:
        return self._net.send(
            Request(
                provider=PROVIDER,
                name=self._account,
                url=url,
                headers=headers,
                secret_headers=secret,
                host=self.base.host,
                max_bytes=_MOST_BYTES,
                asked=words,
            )
        )

    def _sent(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Send what the library made, if it is a read, or the one write that is expected."""
        url = self._ours(url)
        kept = {name: headers[name] for name in ("Accept", "Content-Type") if name in headers}
        secret = {"Authorization": Secret(headers["Authorization"])} if "Authorization" in headers else {}
        if method == "GET":
            return self._read(url, kept, secret, self._words)
        call, self._expected = self._expected, None
        same = call is not None and (method, url) == (call.method, call.url)
        if not same or (library.as_object(body) if body else {}) != (
            library.as_object(call.body.encode()) if call and call.body else {}
        ):
            raise OutOfScopeError(
                f"Azure's library wanted to send a {method} that was not planned: it was not sent"
            )
        self._writer.announce(method, url)
        response = self._writer.send(
            Write(
                method=method,
                provider=PROVIDER,
                name=self._account,
                url=url,
                headers=kept,
                secret_headers=secret,
                body=body,
                host=self.base.host,
                asked=self._words,
            )
        )
        if response.status == 401:  # nothing was done: the library may bring a better token, once
            self._expected = call
        return response

    @contextmanager
    def _asking(self, words: str, call: Call | None = None) -> Iterator[None]:
        """Say what the library's next requests are for, and turn its errors into ours."""
        try:
            from azure.core.exceptions import (  # noqa: PLC0415
                AzureError,
                ClientAuthenticationError,
                HttpResponseError,
            )
        except ImportError:
            raise library.missing() from None
        self._words, self._expected = words, call
        try:
            yield
        except TidegateError:
            raise
        except HttpResponseError as error:
            if error.response is None and isinstance(error, ClientAuthenticationError):
                raise library.nobody() from None
            status = int(error.status_code or 0)
            code = library.word(str(getattr(error.error, "code", "") or ""))
            if call is None or call.url.partition("?")[0].endswith("/listKeys"):
                if status < 400:
                    raise NoAnswerError(f"could not {words}: the answer makes no sense") from None
                raise library.refused(words, status, code) from None
            if status in (408, 500, 502, 503, 504) or status < 400:
                raise NoAnswerError(f"could not {words}: {status} {code}; it may have been done") from None
            raise NotDoneError(f"{status} {code}".strip(), hint=library.hint(status, code)) from None
        except AzureError as error:
            raise NoAnswerError(f"could not {words}: {type(error).__name__}") from None
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
            # The library takes an answer apart without looking what it is.
            raise NoAnswerError(f"could not {words}: the answer makes no sense") from None
        finally:
            self._expected = None


def _placed(account: Any) -> Placed:
    """Read an account as the library gives it. Raises `NoAnswerError` for one that has no address."""
    found = _ACCOUNT.fullmatch(str(account.id or ""))
    if found is None:
        raise NoAnswerError("the control plane gave an account without a place")
    properties = account.properties
    return Placed(
        subscription=found["subscription"],
        group=found["group"],
        account=found["account"].lower(),
        shared_key=getattr(properties, "allow_shared_key_access", None) is not False,
        public_access=getattr(properties, "allow_blob_public_access", None) is not False,
    )


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
