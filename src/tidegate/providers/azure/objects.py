"""One blob or file: its properties, and ranges of its bytes.

Sources: learn.microsoft.com/rest/api/storageservices/get-blob, …/get-blob-properties, …/get-file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import polars as pl

from tidegate.errors import NoAnswerError, RefusedError
from tidegate.net.message import Response
from tidegate.plugins import Told
from tidegate.providers.azure.ask import Ask, Client
from tidegate.providers.azure.columns import constant, instant, inventory, md5_hex, text

_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)")

Tell = Callable[[Told], None]


def byte_ask(service: str, path: str, selects: Mapping[str, str], start: int = 0, stop: int = 1) -> Ask:
    """Return the request for bytes [start, stop) of a blob or file."""
    return Ask(
        service=service,
        path=path,
        query=dict(selects),
        span=(start, stop),
        max_bytes=max(stop - start, 64 * 1024),  # a refusal needs room for its words
        words="read one byte" if stop - start == 1 else "read a range",
    )


def read_range(
    client: Client,
    service: str,
    path: str,
    start: int,
    stop: int,
    version: str = "",
    told: Tell | None = None,
) -> bytes:
    """Return bytes [start, stop), fewer only at the end of the object.

    version: a snapshot's time or a version's id; both look alike, so the one is tried, then the other.
    Raises `RequestError`.
    """
    if stop <= start:
        return b""
    if not version:
        return _range(client, byte_ask(service, path, client.access.selects, start, stop), told)
    name = "sharesnapshot" if service == "file" else "snapshot"
    try:
        return _range(client, byte_ask(service, path, {name: version}, start, stop), told)
    except RefusedError as error:
        if service == "file" or error.status not in (400, 404):
            raise
    return _range(client, byte_ask(service, path, {"versionid": version}, start, stop), told)


def from_storage(response: Response) -> bool:
    """Tell whether a storage service answered; a 200 of anyone else, a proxy say, holds no object."""
    return any(name.startswith("x-ms-") for name in response.headers)


def _range(client: Client, ask: Ask, told: Tell | None) -> bytes:
    start, stop = ask.span or (0, 0)
    try:
        response = client.demand(ask)
    except RefusedError as error:
        if error.status == 416:  # the object ends before `start`
            return b""
        raise
    if response.status == 200:
        # A service that knows no ranges sends the whole object: its beginning is all that was read.
        if start:
            raise NoAnswerError("the service sent the whole object instead of a range")
        if not from_storage(response):
            raise NoAnswerError("what answered is no storage service")
        if response.truncated and len(response.body) < stop:
            raise NoAnswerError("the answer was cut off")
        _tell(told, response, response.header("content-length"))
        return response.body[:stop]
    return _checked(response, start, stop, told)


def _tell(told: Tell | None, response: Response, size: str) -> None:
    if told is not None:
        size_bytes = int(size) if re.fullmatch(r"[0-9]{1,18}", size) else None
        told(Told(size_bytes=size_bytes, mark=response.header("etag")))


def _checked(response: Response, start: int, stop: int, told: Tell | None) -> bytes:
    found = _RANGE.fullmatch(response.header("content-range"))
    if found is None or int(found[1]) != start or int(found[2]) >= stop:
        raise NoAnswerError("the service sent another range than it was asked for")
    if response.truncated or len(response.body) != int(found[2]) - start + 1:
        raise NoAnswerError("the service sent less than the range it names")
    if int(found[2]) + 1 < stop and found[3] not in ("*", str(int(found[2]) + 1)):
        raise NoAnswerError("the service sent less than it was asked for")
    _tell(told, response, found[3])
    return response.body


def properties_ask(service: str, path: str, selects: Mapping[str, str]) -> Ask:
    """Return the request for the properties of one object."""
    return Ask(
        service=service,
        path=path,
        query=dict(selects),
        method="HEAD",
        words="ask for one object's properties",
    )


def one_row(response: Response, service: str, container: str, name: str, version: str = "") -> pl.DataFrame:
    """Return the inventory's row of an object whose properties were asked for."""
    texts = pl.DataFrame(
        {
            "name": [name],
            "version": [version],
            **{
                header: [response.header(header)]
                for header in (
                    "content-length",
                    "content-type",
                    "content-md5",
                    "last-modified",
                    "x-ms-creation-time",
                    "x-ms-access-tier",
                    "etag",
                )
            },
        },
        schema_overrides={"name": pl.String},
    ).with_columns(pl.col("etag").str.strip_chars('"'))
    columns = {
        "service": constant(service),
        "container": constant(container),
        "name": pl.col("name"),
        "state": constant("version" if version else "current"),
        "kind": constant("object"),
        "modified_at": instant("last-modified"),
        "created_at": instant("x-ms-creation-time"),
        "content_type": text("content-type"),
        "tier": text("x-ms-access-tier"),
        "etag": text("etag"),
        "md5": md5_hex("content-md5"),
        "version": text("version"),
    }
    return inventory(texts, columns, "content-length")
