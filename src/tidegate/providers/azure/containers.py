"""What an account holds: its containers, shares, queues and tables.

Sources: learn.microsoft.com/rest/api/storageservices/list-containers2, …/list-shares, …/list-queues1,
…/query-tables.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from tidegate.errors import NoAnswerError, RefusedError, RequestError
from tidegate.model.grant import Grant, Permission, Scope
from tidegate.net.message import Response
from tidegate.plugins import Container
from tidegate.providers.azure.ask import Ask, Client
from tidegate.providers.azure.xmlpages import read_records

LARGEST_LIST_BYTES = 8 << 20
"""5,000 containers with their properties are 3 MB."""

MOST_PAGES = 10_000
"""Of 5,000 containers each; a service that goes on beyond repeats itself."""

_RECORD = {"blob": "Container", "file": "Share", "queue": "Queue"}
_ONE_WORD = {"blob": "container", "file": "share", "queue": "queue", "table": "table"}


def list_ask(service: str, most: int, after: Mapping[str, str], *, system: bool = False) -> Ask:
    """Return the request for one page of a service's containers. system: also those like `$logs`."""
    if service == "table":
        return Ask(
            service="table",
            path="Tables",
            query={"$top": str(most), **after},
            max_bytes=LARGEST_LIST_BYTES,
            words=f"list {_count(most, 'table')}",
        )
    query = {"comp": "list", "maxresults": str(most), **after}
    if system and service == "blob":
        query["include"] = "system"
    return Ask(
        service=service,
        query=query,
        max_bytes=LARGEST_LIST_BYTES,
        words=f"list {_count(most, _ONE_WORD[service])}",
    )


def _count(most: int, word: str) -> str:
    return f"one {word}" if most == 1 else f"{word}s"


def read_list(service: str, response: Response) -> tuple[list[Container], dict[str, str]]:
    """Return a page's containers, and the parameters that ask for the next; none at the end."""
    if service == "table":
        return _tables(response)
    listing = read_records(response.body, (_RECORD[service],))
    if listing.root != "EnumerationResults":
        raise NoAnswerError("the answer is no list of containers")
    found = [
        Container(
            service=service,
            name=leaves.get("Name", ""),
            flat=service != "file",
            listable=service != "queue",
            public=leaves.get("Properties/PublicAccess", ""),
        )
        for _, leaves in listing.records
    ]
    marker = listing.values.get("NextMarker", "")
    return found, {"marker": marker} if marker else {}


def _tables(response: Response) -> tuple[list[Container], dict[str, str]]:
    try:
        read: Any = json.loads(response.body)
        names = [str(entry["TableName"]) for entry in read["value"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise NoAnswerError("the answer is no list of tables") from error
    following = response.header("x-ms-continuation-nexttablename")
    after = {"NextTableName": following} if following else {}
    return [Container(service="table", name=name, listable=False) for name in names], after


def containers(client: Client, grant: Grant) -> Iterator[Container]:
    """Yield what the grant reaches: all that may be listed, else the one it names.

    A service that refuses does not keep the others from being asked; its error is raised at the end.
    Raises `RequestError` also when it names none and may list none.
    """
    failed: RequestError | None = None
    found = False
    for service in grant.services or ("blob",):
        rights = grant.matrix.get(service, ())
        try:
            if grant.scope is Scope.ACCOUNT and Permission.LIST_CONTAINERS in rights:
                for container in _all(client, service):
                    found = True
                    yield container
                continue
        except RequestError as error:
            failed = failed or error
        if grant.container and (grant.scope is not Scope.ACCOUNT or service == client.access.service):
            found = True
            yield named(grant, service)
    if failed is not None:
        raise failed
    if not found:
        raise RequestError(
            f"no container of {client.access.name} is named, and containers are not listed with this",
            hint="Name one: az://account/container.",
        )


def named(grant: Grant, service: str) -> Container:
    """Return the one container that a grant names, cut to what of it is reached."""
    rights = grant.matrix.get(service, ())
    unlisted = grant.scope is Scope.ACCOUNT and bool(rights) and Permission.LIST not in rights
    single = bool(grant.key) and (grant.scope is Scope.OBJECT or unlisted)
    prefix = ""
    if grant.key and single:
        prefix = grant.key
    elif grant.key and grant.scope is Scope.DIRECTORY:
        prefix = grant.key.rstrip("/") + "/"
    return Container(
        service=service,
        name=grant.container or "",
        prefix=prefix,
        single=single,
        flat=service != "file",
        listable=service in ("blob", "file"),
    )


def _all(client: Client, service: str) -> Iterator[Container]:
    after: dict[str, str] = {}
    seen: set[str] = set()
    system = True
    for _ in range(MOST_PAGES):
        try:
            response = client.demand(list_ask(service, 5000, after, system=system))
        except RefusedError as error:
            if error.status != 400 or not system:
                raise
            system = False  # an older service, which does not know `include=system`
            continue
        found, after = read_list(service, response)
        yield from found
        if not after:
            return
        mark = quote(str(after))
        if mark in seen:
            raise NoAnswerError(f"the list of {_ONE_WORD[service]}s begins again where it was before")
        seen.add(mark)
    raise NoAnswerError(f"the list of {_ONE_WORD[service]}s does not end")
