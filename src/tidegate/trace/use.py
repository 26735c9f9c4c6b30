"""One line of a log, whichever service wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum


class Deed(StrEnum):
    """What a request did."""

    READ = "read"
    LIST = "list"
    WRITE = "write"
    DELETE = "delete"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One request, as the service logged it."""

    at: datetime | None
    operation: str
    """In the service's word: `GetBlob`, `REST.GET.OBJECT`, `storage.objects.get`."""
    deed: Deed
    succeeded: bool
    address: str
    """Of the caller, without its port."""
    agent: str
    item: str
    bytes_out: int = 0
    bytes_in: int = 0


_DEEDS: tuple[tuple[str, Deed], ...] = (
    ("delete", Deed.DELETE),
    ("undelete", Deed.WRITE),
    ("list", Deed.LIST),
    ("put", Deed.WRITE),
    ("post", Deed.WRITE),
    ("create", Deed.WRITE),
    ("copy", Deed.WRITE),
    ("set", Deed.WRITE),
    ("append", Deed.WRITE),
    ("flush", Deed.WRITE),
    ("update", Deed.WRITE),
    ("insert", Deed.WRITE),
    ("rename", Deed.WRITE),
    ("upload", Deed.WRITE),
    ("compose", Deed.WRITE),
    ("rewrite", Deed.WRITE),
    ("restore", Deed.WRITE),
    ("get", Deed.READ),
    ("head", Deed.READ),
    ("read", Deed.READ),
    ("query", Deed.READ),
    ("peek", Deed.READ),
)


def deed_of(operation: str) -> Deed:
    """Return what an operation does, by its name; one that nobody knows is `other`."""
    lower = operation.lower()
    if "undelete" in lower:
        return Deed.WRITE
    if lower in ("rest.get.bucket", "rest.get.bucketversions", "getblobserviceproperties"):
        return Deed.LIST if "bucket" in lower else Deed.READ
    return next((deed for word, deed in _DEEDS if word in lower), Deed.OTHER)


def instant(text: str) -> datetime | None:
    """Read a time as logs write it, with up to nine digits of fractions; `None` for another text."""
    text = text.strip()
    head, dot, rest = text.partition(".")
    digits = len(rest) - len(rest.lstrip("0123456789")) if dot else 0
    if digits > 6:
        text = f"{head}.{rest[:6]}{rest[digits:]}"
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def count(value: object) -> int:
    """Read a number of bytes; 0 where the log has none."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def without_port(address: str) -> str:
    """Return an address without its port; IPv6 keeps its colons."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0] if address.count(":") == 1 else address
