"""Listing a file share, one directory at a time: the service knows no other way.

Source: learn.microsoft.com/rest/api/storageservices/list-directories-and-files.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from tidegate.errors import NoAnswerError
from tidegate.providers.azure.ask import Ask
from tidegate.providers.azure.columns import constant, instant, inventory, text
from tidegate.providers.azure.xmlpages import read_records

_TEXTS = ("name", "kind", "size", "modified", "created", "etag")


def directory_ask(share: str, prefix: str, after: str | None, most: int, largest: int) -> Ask:
    """Return the request for one page of a directory; `prefix` may go on into a name: `dir/be`."""
    directory, _, begin = prefix.rpartition("/")
    query = {
        "restype": "directory",
        "comp": "list",
        "maxresults": str(most),
        "include": "Timestamps,Etag",
    }
    if begin:
        query["prefix"] = begin
    if after:
        query["marker"] = after
    return Ask(
        service="file",
        path=f"{share}/{directory}" if directory else share,
        query=query,
        max_bytes=largest,
        words="list one file" if most == 1 else "list a directory",
    )


def read_directory(page: bytes, share: str, prefix: str) -> tuple[pl.DataFrame, tuple[str, ...], str | None]:
    """Return files and directories under their full names, the directories again, and the next mark.

    prefix: as it was asked with. Raises `NoAnswerError`.
    """
    listing = read_records(page, ("File", "Directory"))
    if listing.root != "EnumerationResults":
        raise NoAnswerError("the answer is no listing of a directory")
    parent = prefix.rpartition("/")[0]
    above = parent + "/" if parent else ""
    rows = [_row(tag, leaves, above) for tag, leaves in listing.records]
    texts = pl.DataFrame(rows, schema=dict.fromkeys(_TEXTS, pl.String), orient="row")
    table = inventory(
        texts,
        {
            "service": constant("file"),
            "container": constant(share),
            "name": pl.col("name"),
            "state": constant("current"),
            "kind": pl.col("kind"),
            "modified_at": instant("modified"),
            "created_at": pl.col("created")
            .str.slice(0, 26)
            .str.strip_chars_end("Z")
            .str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", time_zone="UTC", strict=False),
            "etag": text("etag"),
        },
        "size",
    )
    prefixes = tuple(row[0] for row in rows if row[1] == "directory")
    return table, prefixes, listing.values.get("NextMarker") or None


def _row(tag: str, leaves: Mapping[str, str], above: str) -> tuple[str, ...]:
    directory = tag == "Directory"
    return (
        above + leaves.get("Name", "") + ("/" if directory else ""),
        "directory" if directory else "object",
        leaves.get("Properties/Content-Length", ""),
        leaves.get("Properties/Last-Modified", ""),
        leaves.get("Properties/CreationTime", ""),
        leaves.get("Properties/Etag", "").strip('"'),
    )
