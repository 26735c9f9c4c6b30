"""One chain of pages made into several, where the service shows folders: only so can it be listed faster.

A chain goes on by the mark of the page before, about 5,000 items a round trip. The folders that it has not
come to yet can be listed at the same time. Folders cost requests and small pages, half as much again in
processor time: so that is done only where another chain is wanted. The file is the same either way.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import polars as pl

from tidegate.inventory import odd
from tidegate.inventory.chain import Chain
from tidegate.inventory.order import KEYS, Order, best
from tidegate.plugins import Page

MAX_CHILDREN: Final = 500
MAX_LEVELS: Final = 8
"""Folders with nothing but one folder in them that are passed through, a request each."""
FEW: Final = 8
"""Folders so few a page listed are worth a request each, even if most of them turn out small."""
MAX_FOLDER_SPLITS: Final = 3
"""Where folders are listed one by one, only so deep are they made chains of their own."""

_FIRST: Final = 8
"""Pages before the first attempt; of a whole container it is made after one, which says how large it is."""
_NEXT: Final = 4
"""The next attempt comes when a chain has so many times as many pages: it costs at most an eighth more."""


def due(chain: Chain, tried: int) -> bool:
    """Whether to look for folders now, after `chain.pages` pages. tried: at how many pages the last time."""
    return chain.last is not None and due_at(chain, chain.pages, tried)


def due_at(chain: Chain, pages: int, tried: int) -> bool:
    """Whether that will be so after `pages` pages, as far as can be told now."""
    if chain.whole or odd.DISORDER in chain.odd:
        return False
    first = 1 if len(chain.id) == 1 else _FIRST
    return pages >= (tried * _NEXT or first)


@dataclass(frozen=True, slots=True)
class Split:
    """What is left of a chain."""

    between: pl.DataFrame
    """Items that lie in none of the folders, sorted."""
    children: list[Chain]
    """The folder in which the chain stands, then those that follow."""
    orders: frozenset[Order]
    """Orders that the folders keep too."""


def split(chain: Chain, ask: Callable[[str], Page | None]) -> Split | None:
    """Split what a chain has not listed yet; `None` when it is not worth it, or not possible.

    ask: lists one folder's first page, or says `None` when the service refuses.

    What has been listed is what comes up to the last name, so everything depends on the order. As long as
    more than one is possible, they must agree on every name: else an item could be listed twice, or never.
    """
    level, orders = chain.bound, chain.orders
    between: list[pl.DataFrame] = []
    for _ in range(MAX_LEVELS):
        page = ask(level)
        if page is None or page.after is not None:
            return None
        prefixes = list(page.prefixes)
        orders = frozenset(order for order in orders if _ascend(prefixes, order))
        if not orders or not all(each.startswith(level) and each != level for each in prefixes):
            return None
        items = page.items.filter(pl.col("name").str.starts_with(level))
        beyond = _beyond(items["name"].to_list(), chain.last, orders)
        rest = _beyond(prefixes, chain.last, orders)
        if beyond is None or rest is None:
            return None
        between.append(items.filter(pl.Series(beyond, dtype=pl.Boolean)))
        current = next((prefix for prefix in prefixes if (chain.last or "").startswith(prefix)), None)
        if any(rest) or current is None:
            break
        level = current
    else:
        return None
    if not _worth_it(chain.pages, sum(rest), len(rest) - sum(rest)):
        return None
    rows = _sorted(pl.concat(between), KEYS[best(orders)])
    following = [prefix for prefix, listed in zip(prefixes, rest, strict=True) if listed]
    return Split(rows, _children(chain, orders, current, following, set(rows["name"])), orders)


def _ascend(names: list[str], order: Order) -> bool:
    key = KEYS[order]
    return all(key(a) < key(b) for a, b in itertools.pairwise(names))


def _beyond(names: list[str], last: str | None, orders: frozenset[Order]) -> list[bool] | None:
    """Say of each name whether it comes after the last one; `None` when the orders do not agree."""
    answers = [[last is None or KEYS[order](name) > KEYS[order](last) for name in names] for order in orders]
    return answers[0] if all(each == answers[0] for each in answers) else None


def _worth_it(pages: int, left: int, passed: int) -> bool:
    """Weigh the requests that folders cost against what they may hold, judged by those passed so far.

    Where a page holds many folders (one item each, at worst), the flat listing is the cheaper one.
    """
    return 1 <= left <= MAX_CHILDREN and (left <= FEW * pages or passed <= 2 * pages)


def _sorted(rows: pl.DataFrame, key: Callable[[str], bytes]) -> pl.DataFrame:
    names = [key(name) for name in rows["name"]]
    return rows[sorted(range(len(names)), key=names.__getitem__)]


def _children(
    chain: Chain, orders: frozenset[Order], current: str | None, following: list[str], named: set[str]
) -> list[Chain]:
    children = []
    if current is not None:
        children.append(
            Chain(
                id=(*chain.id, 0),
                ask=chain.ask,
                bound=current,
                past=chain.past,
                bare=chain.bare,
                after=chain.after,
                last=chain.last,
                orders=orders,
            )
        )
    for number, prefix in enumerate(following, 1):
        # Hierarchical accounts may name a folder among the items above it and again below it.
        bare = prefix in named
        children.append(
            Chain(
                id=(*chain.id, number),
                ask=prefix,
                bound=prefix,
                past=chain.past,
                bare=bare,
                orders=orders,
            )
        )
    return children
