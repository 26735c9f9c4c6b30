"""One chain, listed from where it stands to its end, or to where it is split."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Final, Protocol

import polars as pl

from tidegate.errors import BudgetError, RefusedError, RequestError
from tidegate.inventory import odd
from tidegate.inventory.ahead import DEPTH, Ahead
from tidegate.inventory.catalogue import Catalogue
from tidegate.inventory.chain import Chain, Folder
from tidegate.inventory.limits import Limits
from tidegate.inventory.sift import Sifted, sift, tidy, totals
from tidegate.inventory.split import MAX_CHILDREN, MAX_FOLDER_SPLITS, due, due_at, split
from tidegate.items import SCHEMA
from tidegate.plugins import Container, Page

KEEP_ROWS: Final = 20_000
"""Rows of one chain that make a part of their own: 5 MB for each chain at work."""
KEEP_EVERY_S: Final = 10.0
"""What a killed run has to list again is at most so old, where a service is slow."""
MAX_WAITING: Final = 64 << 20
"""Characters of folder names that wait to be entered: a service that makes them up would fill the memory."""
MAX_DEPTH: Final = 255
"""Nested folders. Azure Files allows 250."""


class Run(Protocol):
    """What a chain needs to know of the whole listing."""

    catalogue: Catalogue
    limits: Limits
    splits: bool
    """Another chain is wanted."""

    def ask(
        self,
        container: Container,
        *,
        prefix: str,
        delimited: bool,
        after: str | None,
        past: bool,
        ahead: Callable[[str], None] | None = None,
    ) -> Page:
        """Ask for one page, and count it. Raises `RequestError`."""
        ...

    @property
    def pool(self) -> Executor:
        """Where pages are asked for ahead of time."""
        ...

    def may_ask_ahead(self, chain: Chain) -> bool:
        """Whether a page may be asked for that the limits might keep from being taken."""
        ...

    def took(self, items: int, size_bytes: int) -> None:
        """Count what was listed."""
        ...

    def stop(self, chain: Chain) -> str:
        """Say why the chain must not ask for another page, in words for a gap; empty when it may."""
        ...

    def gap(self, chain: Chain, reason: str) -> None:
        """Note what this run did not list, and why."""
        ...

    def out_of_budget(self, reason: str) -> None:
        """Note that nothing more can be asked for in this run."""
        ...


class Walk:
    """One chain at work. Only one thread uses it."""

    def __init__(self, run: Run, container: Container, chain: Chain) -> None:
        self._run = run
        self._container = container
        self._chain = chain
        self._frames: list[pl.DataFrame] = []
        self._rows = 0
        self._kept_at = time.monotonic()
        self._marks: set[int] = set()
        self._empty = self._stalled = 0
        self._tried = 0
        """Pages when it was last tried to split the chain."""
        self._pages = Ahead(self._ask_flat, run.pool, self._goes_ahead)

    def go(self) -> list[Chain]:
        """List until the end of the chain; return the chains that go on instead of it.

        What the service does wrong becomes a gap. Raises `OSError` when it cannot be written.
        """
        try:
            children = self._flat() if self._chain.folders is None else self._by_folders()
        finally:
            self._pages.forget()
        if not children:
            self._run.catalogue.finish(self._chain, self._frames)
        return children

    # --- Pages in one row ---------------------------------------------------------------------------------

    def _flat(self) -> list[Chain]:
        chain = self._chain
        while not chain.done:
            page = self._page(chain.ask, chain.after)
            if page is None:
                break
            sifted = self._take(page)
            if page.after is None or sifted.left:
                chain.done = True
                break
            if not self._goes_on("", page.after, sifted, page):
                break
            chain.after = page.after
            if self._run.splits and due(chain, self._tried):
                children = self._split()
                if children:
                    return children
            self._keep_sometimes()
        return []

    def _split(self) -> list[Chain]:
        chain = self._chain
        self._tried = chain.pages
        found = split(chain, self._folder)
        if found is None:
            return []
        between = tidy(chain, found.between)
        items, size_bytes = totals(between)
        self._count(items, size_bytes)
        chain.orders, chain.done = found.orders, True
        self._run.catalogue.split(chain, self._frames, between, found.children)
        return found.children

    def _folder(self, prefix: str) -> Page | None:
        """Ask for the first page of one folder: a refusal costs nothing but the split."""
        chain = self._chain
        try:
            return self._run.ask(self._container, prefix=prefix, delimited=True, after=None, past=chain.past)
        except RefusedError:
            chain.whole = True
        except RequestError:
            pass  # the next page of the chain itself meets the same trouble, and says so
        return None

    # --- Folder by folder ---------------------------------------------------------------------------------

    def _by_folders(self) -> list[Chain]:
        chain = self._chain
        way = chain.folders = chain.folders or [Folder(chain.ask)]
        waiting = sum(_characters(each.inside) for each in way)
        while way:
            here = way[-1]
            if here.inside:
                inner = here.inside.pop()
                waiting -= len(inner)
                self._enter(way, inner)
                continue
            if here.begun and here.after is None:
                way.pop()
                continue
            page = self._page(here.prefix, here.after)
            if page is None:
                return []
            sifted = self._take(page)
            here.begun = True
            if page.after is not None and not self._goes_on(here.prefix, page.after, sifted, page):
                page = Page(items=page.items, prefixes=page.prefixes)
            here.after = page.after
            inside = [each for each in page.prefixes if each.startswith(here.prefix) and each != here.prefix]
            self._odd(odd.FOREIGN, len(page.prefixes) - len(inside))
            if self._worth_chains(way, inside):
                return self._split_folders(inside)
            if waiting + _characters(inside) > MAX_WAITING:
                self._odd(odd.CROWD, len(inside))
                inside = []
            waiting += _characters(inside)
            here.inside = inside[::-1]
            self._keep_sometimes()
        chain.done = True
        return []

    def _enter(self, way: list[Folder], prefix: str) -> None:
        here = way[-1]
        if not here.inside and here.after is None:
            way.pop()  # nothing to come back for
        if len(way) >= MAX_DEPTH or prefix.count("/") > MAX_DEPTH:
            self._odd(odd.DEEP, 1)
            return
        way.append(Folder(prefix))

    def _worth_chains(self, way: Sequence[Folder], inside: Sequence[str]) -> bool:
        alone = len(way) == 1 and way[0].after is None
        shallow = len(self._chain.id) <= MAX_FOLDER_SPLITS
        return self._run.splits and alone and shallow and 2 <= len(inside) <= MAX_CHILDREN

    def _split_folders(self, inside: Sequence[str]) -> list[Chain]:
        chain = self._chain
        children = [
            Chain(id=(*chain.id, number), ask=prefix, bound=prefix, past=chain.past, folders=[])
            for number, prefix in enumerate(inside)
        ]
        chain.folders, chain.done = [], True
        self._run.catalogue.split(chain, self._frames, pl.DataFrame(schema=dict(SCHEMA)), children)
        return children

    # --- Both ---------------------------------------------------------------------------------------------

    def _page(self, prefix: str, after: str | None) -> Page | None:
        """Ask for the next page; `None` when there is none to be had, and the reason has become a gap."""
        chain = self._chain
        while True:
            reason = self._run.stop(chain)
            if reason:
                self._run.gap(chain, reason)
                return None
            try:
                if chain.folders is None:
                    return self._pages.page(after)
                return self._run.ask(
                    self._container, prefix=prefix, delimited=True, after=after, past=chain.past
                )
            except BudgetError as error:
                self._run.out_of_budget(str(error))
            except RefusedError as error:
                if not chain.past or chain.pages:
                    self._run.gap(chain, str(error))
                    return None
                chain.past = False
                chain.note = f"only current items: versions, snapshots and deleted ones were refused: {error}"
            except RequestError as error:
                self._run.gap(chain, str(error))
                return None

    def _ask_flat(self, after: str | None, ahead: Callable[[str], None]) -> Page:
        chain = self._chain
        return self._run.ask(
            self._container, prefix=chain.ask, delimited=False, after=after, past=chain.past, ahead=ahead
        )

    def _goes_ahead(self) -> bool:
        """Not where the chain is about to be split: what was asked for would be thrown away."""
        chain = self._chain
        splits = due_at(chain, chain.pages + DEPTH + 1, self._tried)
        return not (self._run.splits and splits) and self._run.may_ask_ahead(chain)

    def _take(self, page: Page) -> Sifted:
        items = page.items
        if self._container.single:  # a service may list every name that begins so
            items = items.filter(pl.col("name") == self._container.prefix)
        sifted = sift(self._chain, items, ordered=self._chain.folders is None)
        if sifted.rows.height:
            self._frames.append(sifted.rows)
            self._rows += sifted.rows.height
        self._chain.pages += 1
        self._count(sifted.items, sifted.bytes)
        return sifted

    def _count(self, items: int, size_bytes: int) -> None:
        self._chain.items += items
        self._chain.bytes += size_bytes
        self._run.took(items, size_bytes)

    def _goes_on(self, prefix: str, mark: str, sifted: Sifted, page: Page) -> bool:
        """Whether the mark leads anywhere; if not, the chain is at its end, and notes why."""
        limits = self._run.limits
        known = hash((prefix, mark))
        self._empty = 0 if sifted.rows.height or page.prefixes else self._empty + 1
        self._stalled = self._stalled + 1 if sifted.stalled else 0
        reason = ""
        if known in self._marks or mark == self._chain.after:
            reason = "the service gave the same mark a second time"
        elif self._empty >= limits.empty_pages:
            reason = f"the service sent {self._empty:,} empty pages in a row"
        elif self._stalled >= limits.stalled_pages:
            reason = f"the service sent {self._stalled:,} pages in a row that brought no new name"
        self._marks.add(known)
        if reason:
            self._chain.note = f"listing stopped: {reason}"
            self._chain.done = self._chain.folders is None
        return not reason

    def _odd(self, kind: str, count: int) -> None:
        if count:
            self._chain.odd[kind] = self._chain.odd.get(kind, 0) + count

    def _keep_sometimes(self) -> None:
        """Write what has come together, so that a killed run need not list it again."""
        if not self._rows:
            return
        if self._rows >= KEEP_ROWS or time.monotonic() - self._kept_at >= KEEP_EVERY_S:
            self._run.catalogue.keep(self._chain, self._frames)
            self._frames, self._rows = [], 0
            self._kept_at = time.monotonic()


def _characters(names: Sequence[str]) -> int:
    return sum(map(len, names))
