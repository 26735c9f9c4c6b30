"""In which order a service lists names, and what that says of a page.

All services promise an order, each its own: S3 and Google by UTF-8 bytes, Azure's emulator by UTF-16 units,
and Azure accounts with hierarchical namespaces folder by folder, as if `/` came before every other character.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from enum import StrEnum
from typing import Final

import polars as pl


class Order(StrEnum):
    """An order of names."""

    BYTES = "bytes"
    FOLDERS = "folders"
    UTF16 = "utf16"


def _folders(name: str) -> bytes:
    return name.replace("/", "\0").encode("utf-8", "surrogatepass")


KEYS: Final[dict[Order, Callable[[str], bytes]]] = {
    Order.BYTES: lambda name: name.encode("utf-8", "surrogatepass"),
    Order.FOLDERS: _folders,
    Order.UTF16: lambda name: name.encode("utf-16-be", "surrogatepass"),
}
"""What to compare instead of the names."""


def kept(possible: frozenset[Order], last: str | None, names: pl.Series) -> frozenset[Order]:
    """Return those of the possible orders that names keep, after the last name of the page before."""
    if names.len() == 0:
        return possible
    first = names[0]
    found = {
        order
        for order in possible
        if (last is None or KEYS[order](last) <= KEYS[order](first)) and is_sorted(names, order)
    }
    return frozenset(found)


def is_sorted(names: pl.Series, order: Order) -> bool:
    """Tell whether names keep an order, equal ones allowed."""
    if order is Order.BYTES:
        return names.is_sorted()
    if order is Order.FOLDERS:
        return names.str.replace_all("/", "\0", literal=True).is_sorted()
    if (names.str.len_bytes() == names.str.len_chars()).all():  # ASCII: the same as by bytes
        return names.is_sorted()
    keys = [KEYS[order](name) for name in names]
    return all(a <= b for a, b in itertools.pairwise(keys))


ALL: Final = frozenset((Order.BYTES, Order.FOLDERS, Order.UTF16))


def best(possible: frozenset[Order]) -> Order:
    """Return the order to go by: the simplest that is still possible."""
    return next(order for order in Order if order in possible)
