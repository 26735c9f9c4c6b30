"""A page in the browser, and what it did there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from browser_reports import CASES
from playwright.sync_api import Browser, Page, Route


@dataclass
class Shown:
    """A page in the browser, and what it did."""

    page: Page
    asked: list[str] = field(default_factory=list)
    """Addresses that it asked for, its own first; all but that were refused."""
    said: list[str] = field(default_factory=list)
    """Lines of the console, and errors."""

    def unfold(self, most: int = 10_000) -> None:
        """Open the first so many of what is folded."""
        self.page.evaluate(
            "most => [...document.querySelectorAll('details')].filter((each, at) => at < most)"
            ".forEach(each => { each.open = true })",
            most,
        )


class Pages:
    """Writes reports once, and shows them."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self._browser = browser
        self._folder = folder

    def file(self, case: str) -> Path:
        path = self._folder / f"{case}.html"
        if not path.exists():
            path.write_text(CASES[case](), encoding="utf-8")
        return path

    @contextmanager
    def show(self, case: str, *, width: int = 1100, height: int = 900, **how: Any) -> Iterator[Shown]:
        """Load the page of a case; `how` is for the browser's context: theme, whether its policy holds."""
        own = self.file(case).as_uri()
        context = self._browser.new_context(viewport={"width": width, "height": height}, **how)
        try:
            shown = Shown(context.new_page())

            def route(each: Route) -> None:
                shown.asked.append(each.request.url)
                each.continue_() if each.request.url == own else each.abort()

            context.route("**/*", route)
            shown.page.on("console", lambda line: shown.said.append(line.text))
            shown.page.on("pageerror", lambda error: shown.said.append(str(error)))
            shown.page.goto(own)
            yield shown
        finally:
            context.close()
