"""Pages asked for while the one before is being read."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest

from tidegate.errors import NoAnswerError
from tidegate.inventory.ahead import DEPTH, Ahead
from tidegate.plugins import Page

PAGES = 12


class Service:
    """Numbers its pages; the mark of each is the number of the next."""

    def __init__(self, *, broken: int = -1, lies: bool = False) -> None:
        self.asked: list[str] = []
        self.broken = broken
        self.lies = lies

    def __call__(self, after: str | None, ahead: Callable[[str], None]) -> Page:
        number = int(after or "0")
        self.asked.append(str(number))
        if number == self.broken:
            raise NoAnswerError("no answer")
        more = number + 1 < PAGES
        if more:
            ahead("999" if self.lies else str(number + 1))
        return Page(items=pl.DataFrame({"name": [str(number)]}), after=str(number + 1) if more else None)


def walk(service: Service, goes_on: Callable[[], bool] = lambda: True) -> list[str]:
    names = []
    with ThreadPoolExecutor(DEPTH) as pool:
        pages, after = Ahead(service, pool, goes_on), None
        while True:
            page = pages.page(after)
            names += page.items["name"].to_list()
            after = page.after
            if after is None:
                return names


def test_pages_come_in_their_order_and_each_is_asked_for_once() -> None:
    service = Service()
    assert walk(service) == [str(number) for number in range(PAGES)]
    assert sorted(service.asked, key=int) == [str(number) for number in range(PAGES)]


def test_nothing_is_asked_ahead_where_the_limits_might_keep_it_from_being_taken() -> None:
    service = Service()
    assert len(walk(service, lambda: False)) == PAGES
    assert service.asked == [str(number) for number in range(PAGES)]


def test_a_wrong_guess_is_thrown_away() -> None:
    service = Service(lies=True)
    assert walk(service) == [str(number) for number in range(PAGES)]


def test_an_error_comes_when_its_page_is_taken() -> None:
    service = Service(broken=3)
    with ThreadPoolExecutor(DEPTH) as pool:
        pages = Ahead(service, pool, lambda: True)
        assert [pages.page(after).after for after in (None, "1", "2")] == ["1", "2", "3"]
        with pytest.raises(NoAnswerError):
            pages.page("3")


def test_no_more_than_a_few_pages_are_under_way() -> None:
    waiting = threading.Event()
    most = 0
    under_way: set[str] = set()

    def ask(after: str | None, ahead: Callable[[str], None]) -> Page:
        nonlocal most
        number = int(after or "0")
        under_way.add(str(number))
        most = max(most, len(under_way))
        ahead(str(number + 1))
        waiting.wait(0.01)
        return Page(items=pl.DataFrame({"name": [str(number)]}), after=str(number + 1))

    with ThreadPoolExecutor(DEPTH) as pool:
        pages, after = Ahead(ask, pool, lambda: True), None
        for _ in range(20):
            after = pages.page(after).after
            under_way.discard(str(int(after or "0") - 1))
        pages.forget()
    assert most <= DEPTH + 1
