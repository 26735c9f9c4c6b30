"""A line on the terminal that says how far a run is; nothing where nobody looks."""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from tidegate.model.going import Going
from tidegate.model.report import Coverage

if TYPE_CHECKING:
    from tidegate.inventory.limits import Counts

_EVERY_S = 0.1


class _Line:
    """One line on stderr, if that is a terminal; wiped when done."""

    def __init__(self, *, wanted: bool) -> None:
        tty = sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._on = wanted and tty
        self._started = time.monotonic()
        self._shown = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._shown:
            self._put("")

    def _due(self) -> float | None:
        """Return the seconds since the start when it is time to show something."""
        now = time.monotonic()
        if not self._on or now - self._shown < _EVERY_S:
            return None
        self._shown = now
        return max(now - self._started, 0.001)

    def _put(self, text: str) -> None:
        try:
            # A line that goes on in the next row could not be wiped.
            sys.stderr.write(f"\r\x1b[K{text[: _columns() - 1]}")
            sys.stderr.flush()
        except OSError:  # the terminal is gone; the run goes on
            self._on = False


def _columns() -> int:
    """Return how wide the terminal is on which the line stands; 80 where it does not say."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except (AttributeError, OSError, ValueError):
        return 80


class Progress(_Line):
    """Shows documents and speed, and what has been asked."""

    def __call__(self, coverage: Coverage) -> None:
        seconds = self._due()
        if seconds is None:
            return
        speed = coverage.bytes / 1e6 / seconds
        asked = f"  {coverage.requests:,} requests" if coverage.requests else ""
        self._put(
            f"{coverage.documents:,} documents  {coverage.bytes / 1e6:,.0f} MB  {speed:,.0f} MB/s{asked}"
        )

    def going(self, going: Going) -> None:
        """Show how far listing, or looking into items, is behind one credential."""
        seconds = self._due()
        if seconds is not None:
            self._put(_going(going, seconds))


class Inspecting(_Line):
    """Shows how many items were listed, then how many were looked into, and how little of them was read."""

    def __call__(self, going: Going) -> None:
        seconds = self._due()
        if seconds is not None:
            self._put(_going(going, seconds))


class Listed(_Line):
    """Shows how much of a listing has come, and how fast."""

    def __call__(self, counts: Counts) -> None:
        seconds = self._due()
        if seconds is None:
            return
        rate = counts.items / seconds
        self._put(
            f"{counts.containers_done:,} of {counts.containers:,} containers  {counts.items:,} items  "
            f"{counts.bytes / 1e9:,.1f} GB  {rate:,.0f} items/s"
        )


_BAR = 20


def _going(going: Going, seconds: float) -> str:
    rate = f"{going.done / seconds:,.0f} items/s"
    if going.listing:
        return f"listed {going.done:,} items  {going.bytes / 1e9:,.1f} GB  {rate}"
    read = f"{going.bytes / 1e6:,.1f}"
    if going.most_bytes:
        read += f" of {going.most_bytes / 1e6:,.0f}"
    if not going.planned:
        return f"{going.done:,} items  {read} MB read  {rate}"
    part = min(1.0, going.done / going.planned)
    bar = "#" * round(part * _BAR)
    return f"[{bar:-<{_BAR}}] {going.done:,} of {going.planned:,} items  {read} MB read  {rate}"
