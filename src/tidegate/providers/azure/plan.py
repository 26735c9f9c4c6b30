"""Which reads prove what, service by service: the smallest there are, each building on the one before.

A plan yields steps and is sent back what each brought: what its `read` made of the answer, or `None`.
Rights to change or destroy have no step. Taking a queue's message would hide it from its readers, so
queues are only asked for their metadata.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from tidegate.errors import NoAnswerError
from tidegate.model.grant import Grant, Permission, Scope
from tidegate.net.message import Response
from tidegate.providers.azure.access import Access
from tidegate.providers.azure.ask import Ask
from tidegate.providers.azure.blobpages import read_blobs
from tidegate.providers.azure.containers import list_ask, read_list
from tidegate.providers.azure.objects import byte_ask, from_storage, properties_ask
from tidegate.providers.azure.paths import paths_ask, read_paths
from tidegate.providers.azure.shares import directory_ask, read_directory

LARGEST_PAGE_BYTES = 16 << 20
"""5,000 blobs of which each takes 3 KB, four times the usual; pages beyond that are asked for in pieces."""

MOST_CONTAINERS = 3
"""Asked for a blob that can be read, where the first ones are empty."""

MOST_LEVELS = 4
"""Directories of a share entered for a file that can be read."""

P = Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One read of a probe."""

    ask: Ask
    permission: Permission | None
    """What an answer proves; `None`: only that the credential lives."""
    read: Callable[[Response], Any]
    """Makes something of the answer; raises `NoAnswerError` where it is not what was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What a step brought."""

    value: Any = None
    """What `Step.read` made of the answer; `None` when there was none."""
    code: str = ""
    """The service's code for a refusal."""


Plan = Generator[Step, Brought, None]


def plan(service: str, rights: Collection[Permission], grant: Grant, access: Access) -> Plan:
    """Return the steps for one service. rights: what the grant permits there, on paper."""
    if grant.kind == "anonymous" or P.UNKNOWN in rights:
        rights = {*rights, P.LIST, P.READ}
    if access.front == "web":
        return _site(grant)
    if grant.scope is Scope.ACCOUNT and service != access.service:
        grant = replace(grant, container=None, key=None)  # they are names in another service
    return _PLANS[service](frozenset(rights), grant, access)


def blob_list_ask(container: str, most: int, query: dict[str, str], words: str) -> Ask:
    """Return the request for one page of a container's blobs."""
    fixed = {"restype": "container", "comp": "list", "maxresults": str(most)}
    return Ask(service="blob", path=container, query=fixed | query, max_bytes=LARGEST_PAGE_BYTES, words=words)


def _blobs(rights: frozenset[Permission], grant: Grant, access: Access) -> Plan:
    container, key = grant.container, grant.key
    asked = False
    listed: str | None = None
    after: dict[str, str] = {}
    following: tuple[str, dict[str, str]] | None = None
    if grant.scope is Scope.ACCOUNT and P.LIST_CONTAINERS in rights:
        asked = True
        following = (yield _one_container("blob", after)).value
        if following and not container:
            (container, after), following = following, None
    if container and grant.scope is not Scope.OBJECT and P.LIST in rights:
        asked = True
        listed = (yield _list_one_blob(container, grant)).value
        for _ in range(1, MOST_CONTAINERS):  # where the first containers are empty, or gone
            if not listed and not following and after:
                following = (yield _one_container("blob", after)).value
            if listed or not following:
                break
            (container, after), following, key = following, None, None
            listed = (yield _list_one_blob(container, grant)).value
        if grant.scope is Scope.DIRECTORY:
            key = None
    if container and (key or listed) and P.READ in rights:
        read = yield from _read("blob", f"{container}/{key or listed}", access)
        if not read and key and listed and listed != key:  # the blob that was named is gone
            yield from _read("blob", f"{container}/{listed}", access)
    elif not asked and (container or not access.anonymous):
        yield _sign_of_life(container, key, grant, access)


def _list_one_blob(container: str, grant: Grant) -> Step:
    if grant.scope is Scope.DIRECTORY:
        ask = paths_ask(container, grant.key or "", None, 1, LARGEST_PAGE_BYTES, recursive=True)
        return Step(
            ask=ask, permission=P.LIST, read=lambda response: _name(read_paths(response.body, container)[0])
        )
    ask = blob_list_ask(container, 1, {}, "list one blob")
    return Step(
        ask=ask, permission=P.LIST, read=lambda response: _name(read_blobs(response.body, container).items)
    )


def _sign_of_life(container: str | None, key: str | None, grant: Grant, access: Access) -> Step:
    """Ask for what is not permitted: a refusal in the right words shows that the signature is accepted."""
    if container and key and grant.scope is not Scope.DIRECTORY:
        ask = byte_ask("blob", f"{container}/{key}", access.selects)
    elif container:
        ask = blob_list_ask(container, 1, {}, "list one blob")
    else:
        query = {"restype": "account", "comp": "properties"}
        ask = Ask(service="blob", query=query, words="ask what kind of account it is")
    return Step(ask=ask, permission=None, read=_from_storage)


def _read(service: str, path: str, access: Access) -> Generator[Step, Brought, bool]:
    """Read one byte; return whether it was given."""
    read = yield Step(ask=byte_ask(service, path, access.selects), permission=P.READ, read=_from_storage)
    if read.code == "BlobArchived":
        # Nobody reads an archived blob now; that its properties are shown proves the right.
        ask = properties_ask(service, path, access.selects)
        read = yield Step(ask=ask, permission=P.READ, read=_from_storage)
    return bool(read.value)


def _site(grant: Grant) -> Plan:
    """Ask a static site for its page: open to anyone by its nature, whatever the container says."""
    path = grant.key or ""
    ask = Ask(service="web", path=path, span=(0, 1), words="read one byte of the static site")
    yield Step(ask=ask, permission=P.READ, read=_from_storage)


def _files(rights: frozenset[Permission], grant: Grant, access: Access) -> Plan:
    share, key = grant.container, grant.key
    asked = False
    if grant.scope is Scope.ACCOUNT and P.LIST_CONTAINERS in rights:
        asked = True
        first = yield _one_container("file", {})
        share = first.value[0] if first.value else share
    if share and grant.scope is not Scope.OBJECT and P.LIST in rights:
        asked = True
        listed: str | None = ""
        for _ in range(MOST_LEVELS):
            listed = (yield _list_one_file(share, listed or "")).value
            if not listed or not listed.endswith("/"):
                break
        key = key or (listed if listed and not listed.endswith("/") else None)
    if share and key and P.READ in rights:
        yield from _read("file", f"{share}/{key}", access)
    elif share and not asked:
        yield Step(ask=_list_one_file(share, "").ask, permission=None, read=_from_storage)


def _list_one_file(share: str, directory: str) -> Step:
    ask = directory_ask(share, directory, None, 1, LARGEST_PAGE_BYTES)

    def read(response: Response) -> str | None:
        items, _, _ = read_directory(response.body, share, directory)
        return items["name"][0] if len(items) else None

    return Step(ask=ask, permission=P.LIST, read=read)


def _queues(rights: frozenset[Permission], grant: Grant, _access: Access) -> Plan:
    queue = grant.container
    if grant.scope is Scope.ACCOUNT and P.LIST_CONTAINERS in rights:
        first = yield _one_container("queue", {})
        queue = first.value[0] if first.value else queue
    proves = next((right for right in (P.PROPERTIES, P.READ) if right in rights), None)
    if queue and not (proves is P.READ and grant.scope is Scope.ACCOUNT):
        # An account's signature reads nothing of a queue but its messages, and those are left alone.
        ask = Ask(
            service="queue", path=queue, query={"comp": "metadata"}, words="ask for one queue's metadata"
        )
        yield Step(ask=ask, permission=proves, read=_from_storage)


def _tables(rights: frozenset[Permission], grant: Grant, _access: Access) -> Plan:
    table = grant.container
    if grant.scope is Scope.ACCOUNT and P.LIST_CONTAINERS in rights:
        first = yield _one_container("table", {})
        table = first.value[0] if first.value else table
    if table:
        ask = Ask(
            service="table",
            path=f"{table}()",
            query={"$top": "1", "$select": "PartitionKey"},
            words="read one row's partition key",
        )
        yield Step(ask=ask, permission=P.READ if P.READ in rights else None, read=_from_storage)


_PLANS = {"blob": _blobs, "file": _files, "queue": _queues, "table": _tables}


def _one_container(service: str, after: dict[str, str]) -> Step:
    """Bring a container's name and the way to the next; `None` where there is none."""

    def read(response: Response) -> tuple[str, dict[str, str]] | None:
        found, following = read_list(service, response)
        return (found[0].name, following) if found else None

    return Step(ask=list_ask(service, 1, after), permission=P.LIST_CONTAINERS, read=read)


def _name(items: pl.DataFrame) -> str | None:
    """Return the name of a page's first blob. A directory is one too, without its slash."""
    if not len(items):
        return None
    name: str = items["name"][0]
    return name[:-1] if items["kind"][0] == "directory" else name


def _from_storage(response: Response) -> bool:
    """Accept what a storage service answered; anyone else's 200, a proxy's say, proves nothing."""
    if not from_storage(response):
        raise NoAnswerError("what answered is no storage service")
    return True
