"""Azure Storage, asked only to read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import polars as pl

from tidegate.errors import NoAnswerError, RefusedError
from tidegate.items import SCHEMA
from tidegate.model.credential import Credential
from tidegate.model.grant import Scope
from tidegate.model.reach import Reach
from tidegate.net.message import Sends
from tidegate.plugins import Container, Page, Told
from tidegate.providers.azure.access import access_of
from tidegate.providers.azure.ask import Client, Clock
from tidegate.providers.azure.blobpages import next_mark, read_blobs
from tidegate.providers.azure.containers import containers
from tidegate.providers.azure.hosts import ACCOUNT, SERVICE_SUFFIXES, read_host
from tidegate.providers.azure.objects import one_row, properties_ask, read_range
from tidegate.providers.azure.paths import paths_ask, read_paths
from tidegate.providers.azure.plan import LARGEST_PAGE_BYTES, blob_list_ask
from tidegate.providers.azure.probe import probe
from tidegate.providers.azure.shares import directory_ask, read_directory
from tidegate.providers.azure.targets import target

MOST_IN_PAGE = 5000
"""Blobs, files or paths of one answer: the services' own limit."""

FEWER_IN_PAGE = 1000
"""Where names are so long that a page would be too: 1,024 characters, nine bytes each in percent encoding."""

_PAST = "snapshots,versions,deleted"


class AzureStorage:
    """See `tidegate.plugins.Storage`. Safe from many threads."""

    id = "azure"

    def __init__(self, clock: Clock = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        """Requests signed with an account key carry their time."""

    def owner(self, url: str, host: str | None) -> str | None:
        """Return the account, from the host or, behind an address or a bare name, from the path."""
        try:
            parts = urlsplit(url)
            name = parts.hostname or ""
        except ValueError:
            return None
        named = read_host(re.sub(r":\d{1,5}$", "", host) if host else name)
        if named.account is not None:
            return named.account if named.suffix in SERVICE_SUFFIXES else None
        if not named.path_style:
            return None
        first = parts.path[1:].partition("/")[0]
        return first if ACCOUNT.fullmatch(first) else None

    def target(self, text: str) -> Credential | None:
        """Return the open address a text names."""
        return target(text)

    def probe(self, credential: Credential, net: Sends, now: datetime) -> Reach:
        """Ask with few small requests what the credential opens."""
        return probe(credential, net, now, self._clock)

    def containers(self, credential: Credential, net: Sends) -> Iterator[Container]:
        """Yield containers, shares, queues and tables."""
        return containers(self._client(credential, net), credential.grant)

    def page(
        self,
        credential: Credential,
        net: Sends,
        container: Container,
        *,
        prefix: str = "",
        delimited: bool = False,
        after: str | None = None,
        past: bool = False,
        ahead: Callable[[str], None] | None = None,
    ) -> Page:
        """List one page."""
        client = self._client(credential, net)
        if not container.listable:
            return Page(items=pl.DataFrame(schema=dict(SCHEMA)))
        if container.single:
            return _single(client, container)
        if container.service == "file":
            ask = directory_ask(container.name, prefix, after, MOST_IN_PAGE, LARGEST_PAGE_BYTES)
            body = client.demand(ask).body
            items, prefixes, following = read_directory(body, container.name, prefix)
            return Page(items=items, prefixes=prefixes, after=following)
        if credential.grant.scope is Scope.DIRECTORY:
            return _paths(client, container, prefix or container.prefix, after, delimited=delimited)
        body = self._blobs(client, container, prefix or container.prefix, after, delimited, past)
        mark = next_mark(body)
        if ahead is not None and mark is not None:
            ahead(mark)
        page = read_blobs(body, container.name)
        return Page(items=page.items, prefixes=page.prefixes, after=page.after)

    def read(
        self,
        credential: Credential,
        net: Sends,
        container: Container,
        name: str,
        start: int,
        stop: int,
        *,
        version: str = "",
        told: Callable[[Told], None] | None = None,
    ) -> bytes:
        """Read a range of an object."""
        client, path = self._client(credential, net), f"{container.name}/{name}"
        return read_range(client, container.service, path, start, stop, version, told)

    def _client(self, credential: Credential, net: Sends) -> Client:
        access = access_of(credential)
        if access is None:
            raise NoAnswerError("there is nobody to ask: the account is not known, or it is no storage")
        return Client(access=access, net=net, clock=self._clock)

    def _blobs(
        self,
        client: Client,
        container: Container,
        prefix: str,
        after: str | None,
        delimited: bool,
        past: bool,
    ) -> bytes:
        query = {
            **({"prefix": prefix} if prefix else {}),
            **({"delimiter": "/"} if delimited else {}),
            **({"marker": after} if after else {}),
            **({"include": _PAST} if past else {}),
        }
        try:
            ask = blob_list_ask(container.name, MOST_IN_PAGE, query, "list blobs")
            response = client.demand(ask, whole=False)
            if response.truncated:
                response = client.demand(blob_list_ask(container.name, FEWER_IN_PAGE, query, "list blobs"))
        except RefusedError as error:
            if past and error.status in (400, 409):
                error.hint = "List again without versions, snapshots and deleted blobs."
            raise
        return response.body


def _single(client: Client, container: Container) -> Page:
    selects = client.access.selects
    ask = properties_ask(container.service, f"{container.name}/{container.prefix}", selects)
    version = next(iter(selects.values()), "")
    row = one_row(client.demand(ask), container.service, container.name, container.prefix, version)
    return Page(items=row)


def _paths(client: Client, container: Container, prefix: str, after: str | None, *, delimited: bool) -> Page:
    ask = paths_ask(container.name, prefix, after, MOST_IN_PAGE, LARGEST_PAGE_BYTES, recursive=not delimited)
    response = client.demand(ask)
    items, directories = read_paths(response.body, container.name)
    following = response.header("x-ms-continuation") or None
    return Page(items=items, prefixes=directories if delimited else (), after=following)


STORAGE = AzureStorage()
