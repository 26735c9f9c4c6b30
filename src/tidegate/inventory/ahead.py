"""The next pages of a chain, asked for while the one before is still being read.

A service that needs as long for a page as we need to read it is so kept busy all the time. What comes of a
listing does not change: pages are handed out in their order, and one that nobody takes is forgotten.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Final, Protocol

from tidegate.plugins import Page

DEPTH: Final = 2
"""Pages of one chain that are under way or wait to be taken. More bring nothing: reading is slower."""


class Ask(Protocol):
    """Asks for a page of one chain."""

    def __call__(self, after: str | None, ahead: Callable[[str], None]) -> Page:
        """Return the page behind a mark. ahead: told the next mark as soon as it is known."""
        ...


class Ahead:
    """The pages of one chain that were asked for before they were needed."""

    def __init__(self, ask: Ask, pool: Executor, goes_on: Callable[[], bool]) -> None:
        """goes_on: whether another page may be asked for before this one was looked at."""
        self._ask = ask
        self._pool = pool
        self._goes_on = goes_on
        self._mutex = threading.Lock()
        self._coming: deque[tuple[str, Future[Page]]] = deque()
        self._next: str | None = None
        """A mark that is known and not asked for, because enough is under way."""
        self._turn = 0
        """Changes when what is under way is forgotten: what comes of it later tells nothing."""

    def page(self, after: str | None) -> Page:
        """Return the page behind a mark. Raises what `ask` raises."""
        with self._mutex:
            future = self._take(after)
            turn = self._turn
        if future is not None:
            return future.result()
        return self._ask(after, lambda mark: self._told(turn, mark))

    def forget(self) -> None:
        """Forget what is under way: the chain goes on elsewhere, or not at all."""
        with self._mutex:
            self._forget()

    def _take(self, after: str | None) -> Future[Page] | None:
        if not self._coming or self._coming[0][0] != after:
            self._forget()
            return None
        future = self._coming.popleft()[1]
        if self._next is not None:
            mark, self._next = self._next, None
            self._submit(mark)
        return future

    def _forget(self) -> None:
        for _, future in self._coming:
            future.cancel()
        self._coming.clear()
        self._next = None
        self._turn += 1

    def _told(self, turn: int, mark: str) -> None:
        with self._mutex:
            if turn != self._turn or not self._goes_on():
                return
            if len(self._coming) < DEPTH:
                self._submit(mark)
            else:
                self._next = mark

    def _submit(self, mark: str) -> None:
        turn = self._turn
        self._coming.append(
            (mark, self._pool.submit(self._ask, mark, lambda following: self._told(turn, following)))
        )
