"""How many chains of pages are worth walking at once."""

from __future__ import annotations

import time
from typing import Final, Protocol

_WINDOW_S: Final = 0.4
_BUSY: Final = 0.5
"""Of one core. Below it something is waited for: the network, which more chains share, or a service at its
limit, which they do not help: on loopback one chain lists 136,000 items a second, four at once 103,000."""
_WORTH: Final = 1.2
"""How many times as fast another chain has to make it, or it is given up again."""


class Pace(Protocol):
    """Decides how many chains there are."""

    def chains(self, running: int, items: int) -> int:
        """Return how many should be at work. running: how many are now; items: listed so far by all."""
        ...


class Waiting:
    """One more where the processor waits, kept only if it brings more."""

    def __init__(self) -> None:
        self._chains = 1
        self._idle = False
        self._before: float | None = None
        """Items a second before the last chain was taken up; `None` when that has been judged."""
        self._pause = self._patience = 1
        """Windows to wait before the next attempt; twice as many after each that brought nothing."""
        self._since = time.monotonic(), time.process_time(), 0

    def chains(self, running: int, items: int) -> int:
        now = time.monotonic(), time.process_time(), items
        elapsed, busy, listed = (new - old for new, old in zip(now, self._since, strict=True))
        if elapsed >= _WINDOW_S:
            self._judge(running, listed / elapsed, idle=busy < _BUSY * elapsed)
            self._since = now
        return self._chains

    def _judge(self, running: int, rate: float, *, idle: bool) -> None:
        self._pause -= 1
        if self._before is not None:
            if running < self._chains:
                return  # there was none to take up
            if rate < self._before * _WORTH:
                self._chains -= 1
                self._patience *= 2
                self._pause = self._patience
            self._before = None
        elif idle and self._idle and self._pause <= 0:
            # Twice in a row: the start of a listing waits, whatever comes after it.
            self._before = rate
            self._chains += 1
        self._idle = idle
