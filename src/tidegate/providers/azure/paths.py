"""Listing a directory of a hierarchical account, the way a directory's signature permits.

Source: learn.microsoft.com/rest/api/storageservices/datalakestoragegen2/path/list.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from tidegate.errors import NoAnswerError
from tidegate.providers.azure.ask import Ask
from tidegate.providers.azure.columns import constant, instant, inventory, number, text

_TEXTS = ("name", "kind", "size", "modified", "created", "etag")
_FROM_1601_TO_1970_US = 11_644_473_600_000_000
"""`creationTime` counts tenths of microseconds since 1601, as Windows does."""


def paths_ask(
    container: str, directory: str, after: str | None, most: int, largest: int, *, recursive: bool
) -> Ask:
    """Return the request for one page of what is below a directory."""
    query = {
        "resource": "filesystem",
        "recursive": "true" if recursive else "false",
        "maxResults": str(most),
    }
    if directory.strip("/"):
        query["directory"] = directory.strip("/")
    if after:
        query["continuation"] = after
    return Ask(
        service="dfs",
        path=container,
        query=query,
        max_bytes=largest,
        words="list one path" if most == 1 else "list paths",
    )


def read_paths(page: bytes, container: str) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return files and directories, and the directories again. Raises `NoAnswerError`."""
    try:
        read: Any = json.loads(page)
        rows = [_row(entry) for entry in read["paths"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise NoAnswerError("the answer is no listing of paths") from error
    texts = pl.DataFrame(rows, schema=dict.fromkeys(_TEXTS, pl.String), orient="row")
    created = number("created") // 10 - _FROM_1601_TO_1970_US
    table = inventory(
        texts,
        {
            "service": constant("blob"),
            "container": constant(container),
            "name": pl.col("name"),
            "state": constant("current"),
            "kind": pl.col("kind"),
            "modified_at": instant("modified"),
            "created_at": created.cast(pl.Datetime("us", "UTC")),
            "etag": text("etag"),
        },
        "size",
    )
    return table, tuple(row[0] for row in rows if row[1] == "directory")


def _row(entry: Mapping[str, Any]) -> tuple[str, ...]:
    directory = str(entry.get("isDirectory", "false")).lower() == "true"
    return (
        str(entry["name"]) + ("/" if directory else ""),
        "directory" if directory else "object",
        str(entry.get("contentLength", "")),
        str(entry.get("lastModified", "")),
        str(entry.get("creationTime", "")),
        str(entry.get("etag", "")).strip('"'),
    )
